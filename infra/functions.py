"""What the functions of the stack share: its parts, and an identity with narrow rights.

The CDK's own ``grant_read`` and its like allow families of actions (``s3:GetObject*``) and every
index of a table; here are named actions on named prefixes and indexes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chalicelib.names import METRICS
from infra.acknowledgements import acknowledge
from infra.log_groups import month_of_logs
from infra.stage import Stage
from infra.storage import Catalogue, Queues, Storage

# Of every function, of the captioner's image and of the layer's wheels: docs/decisions/504.
ARCHITECTURE = lambda_.Architecture.X86_64
# Of the zip functions, for which the layer is built; captioner/Dockerfile has the image's.
RUNTIME = lambda_.Runtime.PYTHON_3_13

READ = ("s3:GetObject",)
READ_VERSIONS = (*READ, "s3:GetObjectVersion")
WRITE = ("s3:PutObject",)
# Of the current version, under which a marker is left; versions end by the bucket's lifecycle:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
DELETE = ("s3:DeleteObject",)

READ_ITEMS = ("dynamodb:GetItem", "dynamodb:BatchGetItem")
WRITE_ITEMS = ("dynamodb:PutItem",)
SCAN_ITEMS = ("dynamodb:Scan",)
# A transaction asks for the rights of its parts:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
READ_COUNTS = ("dynamodb:BatchGetItem", "dynamodb:Scan")
WRITE_COUNTS = ("dynamodb:UpdateItem",)


@dataclass(frozen=True, slots=True)
class Shared:
    """Parts of the stack that its functions use.

    ``layer`` holds the third-party code of the zip functions, ``environment`` the variables of
    every function; ``bundle`` is the model's folder, the repository's where None; ``stage`` names
    what has a name of its own.
    """

    storage: Storage
    catalogue: Catalogue
    queues: Queues
    bus: events.EventBus
    layer: lambda_.LayerVersion
    environment: dict[str, str]
    bundle: Path | None
    stage: Stage


class Identity(Construct):
    """A log group with its retention, and a role that may write to it and to X-Ray.

    A role of its own instead of AWS's managed ones, which allow every log group. ``service`` is
    what the function's logs and metrics call themselves.
    """

    def __init__(self, scope: Construct, construct_id: str, *, service: str) -> None:
        super().__init__(scope, construct_id)
        self.service = service
        self.log_group = month_of_logs(self)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Tracing": _tracing()},
        )
        self.log_group.grant_write(self.role)
        acknowledge(
            self.role, {"AwsSolutions-IAM5[Resource::*]": "X-Ray's actions know no resources."}
        )

    def environment(self, shared: Shared) -> dict[str, str]:
        """Return the variables of every function and this one's name for logs and metrics."""
        return {
            **shared.environment,
            "POWERTOOLS_SERVICE_NAME": self.service,
            "POWERTOOLS_METRICS_NAMESPACE": shared.stage.named(METRICS),
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }

    def allow(
        self,
        actions: tuple[str, ...],
        *resources: str,
        conditions: Mapping[str, object] | None = None,
    ) -> None:
        """Allow ``actions`` on ``resources``, where ``conditions`` hold."""
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=list(actions), resources=list(resources), conditions=conditions
            )
        )

    def allow_objects(self, storage: Storage, actions: tuple[str, ...], *prefixes: str) -> None:
        """Allow ``actions`` on the objects under ``prefixes``.

        Who may read may list the whole bucket too, since S3 tells nobody else that an object is
        missing, not forbidden; a condition on the prefix never holds in a request for an object:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        if READ[0] in actions:
            self.allow(("s3:ListBucket",), storage.bucket.bucket_arn)
        self.allow(actions, *(storage.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes))
        acknowledge(
            self.role,
            {
                f"AwsSolutions-IAM5[Resource::{storage.finding}/{prefix}*]": "The objects under "
                "one prefix of the own bucket; their names are the users'."
                for prefix in prefixes
            },
        )

    def allow_items(self, table: dynamodb.ITable, actions: tuple[str, ...]) -> None:
        """Allow ``actions`` on the items of a table, but not on its indexes."""
        self.allow(actions, table.table_arn)

    def allow_queries(self, table: dynamodb.ITable, *indexes: str) -> None:
        """Allow to query the named indexes of a table, but not the table."""
        self.allow(("dynamodb:Query",), *(f"{table.table_arn}/index/{name}" for name in indexes))

    def allow_update(self, table: dynamodb.ITable, *attributes: str) -> None:
        """Allow to set the named attributes of a table's items, and to name its key.

        Nothing of other attributes is told either: an update can answer with the whole item.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
        """
        self.allow(
            ("dynamodb:UpdateItem",),
            table.table_arn,
            conditions={
                "ForAllValues:StringEquals": {"dynamodb:Attributes": list(attributes)},
                "StringEqualsIfExists": {
                    "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]
                },
            },
        )


def _tracing() -> iam.PolicyDocument:
    """Return what a role must allow when a function is made that is traced.

    Lambda looks then, and a policy beside the role may be later than the function:
    https://github.com/serverless/serverless/issues/6931
    """
    actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    return iam.PolicyDocument(statements=[iam.PolicyStatement(actions=actions, resources=["*"])])
