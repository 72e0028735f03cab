"""Makes a bucket and tables ready for a deployment that adopts them: ``python -m infra.adopt``.

``--bucket``, ``--table`` and ``--tokens-table`` name what a removed stack left, or what a backup
was restored to. What the stack would have set on them, and its work needs, is set; then the
context is printed by which a deployment takes them up. ``-c`` are a deployment's values, of which
it reads who may send files to the bucket (``infra.edge``).
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.names import IMAGES_INDEXES, IMAGES_KEY, TOKENS_KEY
from infra.adopted import BUCKET_NAME, NO_HOST
from infra.edge import Edge, url_suffix_of
from infra.options import context_of
from infra.region import RegionError, here
from infra.storage import cross_origin_uploads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

VIEW = "NEW_AND_OLD_IMAGES"


class UnfitError(Exception):
    """What is named cannot be adopted."""


def adopt_bucket(
    s3: "S3Client", sqs: "SQSClient", name: str, upload_origins: Sequence[str]
) -> None:
    """Let a bucket keep versions and take uploads, and forget queues that are gone.

    A removed stack leaves its bucket's notifications. S3 would refuse the new ones beside them:
    it looks whether each queue exists, and no two may overlap
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html).

    Raises
    ------
    UnfitError
        Its name has dots.
    """
    if not re.fullmatch(BUCKET_NAME, name):
        raise UnfitError(f"bucket {name}: {NO_HOST}")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule = cross_origin_uploads(upload_origins)
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})
    told: Any = s3.get_bucket_notification_configuration(Bucket=name)
    told.pop("ResponseMetadata")
    queues = told.get("QueueConfigurations", [])
    told["QueueConfigurations"] = [one for one in queues if _exists(sqs, one["QueueArn"])]
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=told)


def adopt_images(dynamodb: "DynamoDBClient", name: str) -> str:
    """Return the ARN of a table's stream, after it was turned on where it is off.

    A restored table has neither stream nor point-in-time recovery
    (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html).

    Raises
    ------
    UnfitError
        Its key, an index or its stream is another than the code works with.
    """
    table = _described(dynamodb, name, IMAGES_KEY)
    indexes = {
        index["IndexName"]: _keys(index) for index in table.get("GlobalSecondaryIndexes", ())
    }
    wrong = sorted(each for each, keys in IMAGES_INDEXES.items() if indexes.get(each) != keys)
    if wrong:
        raise UnfitError(f"table {name} lacks {', '.join(wrong)}: restore it with all its indexes")
    stream = table.get("StreamSpecification", {})
    if not stream.get("StreamEnabled"):
        wanted: Any = {"StreamEnabled": True, "StreamViewType": VIEW}
        updated = dynamodb.update_table(TableName=name, StreamSpecification=wanted)
        table = updated["TableDescription"]
    elif stream["StreamViewType"] != VIEW:
        raise UnfitError(f"the stream of table {name} is not {VIEW}: turn it off first")
    return str(table["LatestStreamArn"])


def adopt_tokens(dynamodb: "DynamoDBClient", name: str) -> None:
    """Turn a table's point-in-time recovery on.

    Raises
    ------
    UnfitError
        It has another key.
    """
    _described(dynamodb, name, TOKENS_KEY)


def _described(dynamodb: "DynamoDBClient", name: str, key: str) -> Any:
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    table = dynamodb.describe_table(TableName=name)["Table"]
    if _keys(table) != (key,):
        raise UnfitError(f"the key of table {name} is not {key}")
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return table


def _keys(described: Any) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in described["KeySchema"])


def _exists(sqs: "SQSClient", arn: str) -> bool:
    *_, account, name = arn.split(":")
    try:
        sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    except sqs.exceptions.QueueDoesNotExist:
        return False
    return True


def adopt(
    bucket: str | None,
    table: str | None,
    tokens_table: str | None,
    *,
    upload_origins: Sequence[str] = ("*",),
    region: str | None = None,
) -> dict[str, str]:
    """Make ready what is named; return the context that adopts it."""
    context = {}
    aws = boto3.Session(region_name=region)
    dynamodb = aws.client("dynamodb")
    if bucket:
        adopt_bucket(aws.client("s3"), aws.client("sqs"), bucket, upload_origins)
        context["bucket"] = bucket
    if table:
        context |= {"table": table, "tableStream": adopt_images(dynamodb, table)}
    if tokens_table:
        adopt_tokens(dynamodb, tokens_table)
        context["tokensTable"] = tokens_table
    return context


def _upload_origins(given: Sequence[str], region: str) -> list[str]:
    edge = Edge.of(context_of(given).get, region)
    return edge.upload_origins(region, url_suffix_of(region))


def main() -> int:
    """Make ready what the command line names, and tell how to adopt it."""
    parser = argparse.ArgumentParser(prog="python -m infra.adopt")
    for name in ("--bucket", "--table", "--tokens-table"):
        parser.add_argument(name)
    parser.add_argument("-c", "--context", action="append", default=[], metavar="NAME=VALUE")
    given = vars(parser.parse_args())
    try:
        region = here()
        origins = _upload_origins(given.pop("context"), region)
        context = adopt(**given, upload_origins=origins, region=region)
    except (UnfitError, ValueError, RegionError, BotoCoreError, ClientError) as problem:
        print(f"✗ {problem}", file=sys.stderr)
        return 1
    print('Put this into "context" of cdk.json, where every deployment finds it; then deploy:')
    print(json.dumps(context, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
