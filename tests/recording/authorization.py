"""What IAM would have to allow for a recorded call, and whether a role does.

The evaluator is the emulator's, used by itself: it knows conditions, which moto's does not, and
tells a wildcard from a regular expression.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from chalicelib.names import DOMAIN
from local.layout import ACCOUNT, REGION

Params = Mapping[str, Any]


class Request(NamedTuple):
    """One action on one resource; of DynamoDB, what conditions may ask of it."""

    action: str
    resource: str
    attributes: tuple[str, ...] = ()
    returned: str = "NONE"

    def is_allowed(self, *statements: Params) -> bool:
        """Tell whether the statements of a role allow it."""
        context = EvalContext(
            principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/role/function",
            principal_type="AssumedRole",
            principal_account=ACCOUNT,
            action=self.action,
            resource_arn=self.resource,
            region=REGION,
            service_context={
                "dynamodb:attributes": [*self.attributes] or None,
                "dynamodb:returnvalues": self.returned,
            },
        )
        policy = parse_policy_document({"Statement": [*statements]})
        return bool(evaluate(context, [policy]).decision == "Allow")


def requests(call: Params) -> Iterator[Request]:
    """Yield what a recorded call asks of IAM; ``KeyError`` where nobody has looked that up."""
    yield from _SERVICES[call["service"]](call["operation"], call["params"])


def _of_s3(operation: str, params: Params) -> Iterator[Request]:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    match operation:
        case "GetObject" | "HeadObject":
            action = "s3:GetObjectVersion" if params.get("VersionId") else "s3:GetObject"
            yield Request(action, f"{bucket}/{params['Key']}")
            # Whether there is one is told to those only who may list.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            yield Request("s3:ListBucket", bucket)
        case "PutObject":
            yield Request("s3:PutObject", f"{bucket}/{params['Key']}")
        case "DeleteObject":
            action = "s3:DeleteObjectVersion" if params.get("VersionId") else "s3:DeleteObject"
            yield Request(action, f"{bucket}/{params['Key']}")
        case "DeleteObjects":
            for entry in params["Delete"]["Objects"]:
                yield from _of_s3("DeleteObject", {"Bucket": params["Bucket"], **entry})
        case "ListObjectsV2":
            yield Request("s3:ListBucket", bucket)
        case "ListObjectVersions":
            yield Request("s3:ListBucketVersions", bucket)
        case "CreateBucket":
            # A form is presigned by this operation's address; whoever takes one says for what key.
            pass
        case _:
            raise KeyError(f"s3:{operation}")


def _of_dynamodb(operation: str, params: Params) -> Iterator[Request]:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    if operation == "BatchGetItem":
        for table in params["RequestItems"]:
            yield Request("dynamodb:BatchGetItem", _arn("dynamodb", f"table/{table}"))
    elif operation == "TransactWriteItems":
        # A transaction asks for the rights of its parts.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
        for item in params["TransactItems"]:
            for part, asked in item.items():
                yield from _of_dynamodb(f"{part}Item", asked)
    elif operation in {"GetItem", "PutItem", "UpdateItem", "Query", "Scan"}:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        table = _arn("dynamodb", f"table/{params['TableName']}{index}")
        named = tuple(sorted({*_attributes(params)}))
        yield Request(f"dynamodb:{operation}", table, named, params.get("ReturnValues", "NONE"))
    else:
        raise KeyError(f"dynamodb:{operation}")


def _attributes(params: Params) -> Iterator[str]:
    """Yield the attributes that a request names, in items and in expressions.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    yield from params.get("Key", {})
    yield from params.get("Item", {})
    for name, expression in params.items():
        if name.endswith("Expression"):
            for word in re.findall(r"(?<![:\w])#?[a-z]\w*(?![\w(])", expression):
                yield params.get("ExpressionAttributeNames", {}).get(word, word)


def _of_sqs(operation: str, params: Params) -> Iterator[Request]:
    # SendMessageBatch is allowed by SendMessage, and its like:
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
    queue = urlsplit(params["QueueUrl"]).path.rsplit("/", 1)[-1]
    yield Request(f"sqs:{operation.removesuffix('Batch')}", _arn("sqs", queue))


def _of_lambda(operation: str, params: Params) -> Iterator[Request]:
    # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    action = {"Invoke": "lambda:InvokeFunction"}[operation]
    yield Request(action, _arn("lambda", f"function:{params['FunctionName']}"))


def _of_events(operation: str, params: Params) -> Iterator[Request]:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
    for bus in {entry["EventBusName"] for entry in params["Entries"]}:
        yield Request(f"events:{operation}", _arn("events", f"event-bus/{bus}"))


def _of_opensearch(method: str, params: Params) -> Iterator[Request]:
    # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html
    action = f"es:ESHttp{method.capitalize()}"
    yield Request(action, _arn("es", f"domain/{DOMAIN}{params['path']}"))


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


_SERVICES: Mapping[str, Callable[[str, Params], Iterator[Request]]] = {
    "s3": _of_s3,
    "dynamodb": _of_dynamodb,
    "sqs": _of_sqs,
    "lambda": _of_lambda,
    "events": _of_events,
    "opensearch": _of_opensearch,
}
