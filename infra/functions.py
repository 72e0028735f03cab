"""What the functions of the stack share: its parts, and an identity with narrow rights.

The CDK's own ``grant_read`` and its like allow families of actions (``s3:GetObject*``) and every
index of a table; here are named actions on named prefixes and indexes.
"""

from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from chalicelib.names import METRICS
from infra.acknowledgements import acknowledge
from infra.storage import Catalogue, Queues, Storage

# Of every function, of the captioner's image and of the layer's wheels: docs/decisions/504.
ARCHITECTURE = lambda_.Architecture.X86_64

READ = ("s3:GetObject", "s3:GetObjectVersion")
WRITE = ("s3:PutObject",)
DELETE = ("s3:DeleteObject",)

READ_ITEMS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan")
WRITE_ITEMS = ("dynamodb:PutItem", "dynamodb:UpdateItem")
# A transaction asks for the rights of its parts:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
READ_COUNTS = ("dynamodb:BatchGetItem", "dynamodb:Scan")
WRITE_COUNTS = ("dynamodb:UpdateItem",)


@dataclass(frozen=True, slots=True)
class Shared:
    """Parts of the stack that its functions use.

    ``layer`` holds the third-party code of the zip functions, ``environment`` the variables of
    every function; ``bundle`` is the model's folder, the repository's where None.
    """

    storage: Storage
    catalogue: Catalogue
    queues: Queues
    bus: events.EventBus
    layer: lambda_.LayerVersion
    environment: dict[str, str]
    bundle: Path | None


class Identity(Construct):
    """A log group with its retention, and a role that may write to it and to X-Ray.

    A role of its own instead of AWS's managed ones, which allow every log group. ``service`` is
    what the function's logs and metrics call themselves.
    """

    def __init__(self, scope: Construct, construct_id: str, *, service: str) -> None:
        super().__init__(scope, construct_id)
        self.service = service
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(self.role)
        self.allow(("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "*")
        acknowledge(
            self.role, {"AwsSolutions-IAM5[Resource::*]": "X-Ray's actions know no resources."}
        )

    def environment(self, shared: Shared) -> dict[str, str]:
        """Return the variables of every function and this one's name for logs and metrics."""
        return {
            **shared.environment,
            "POWERTOOLS_SERVICE_NAME": self.service,
            "POWERTOOLS_METRICS_NAMESPACE": METRICS,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }

    def allow(self, actions: tuple[str, ...], *resources: str) -> None:
        """Allow ``actions`` on ``resources``."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources))
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

    def allow_items(self, table: dynamodb.ITable, actions: tuple[str, ...], *indexes: str) -> None:
        """Allow ``actions`` on a table and the named indexes of it."""
        arn = table.table_arn
        self.allow(actions, arn, *(f"{arn}/index/{name}" for name in indexes))
