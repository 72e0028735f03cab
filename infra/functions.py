"""What every function of the stack has in common."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from chalicelib.names import METRICS
from infra.acknowledgements import acknowledge


class Identity(Construct):
    """A log group with its retention, and a role that may write to it and to X-Ray.

    A role of its own instead of AWS's managed ones, which allow every log group.

    Parameters
    ----------
    service
        What the function's logs and metrics call themselves.
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
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"]
            )
        )
        acknowledge(
            self.role, {"AwsSolutions-IAM5[Resource::*]": "X-Ray's actions know no resources."}
        )

    def environment(self, shared: dict[str, str]) -> dict[str, str]:
        """Return ``shared`` with this function's name for its logs, traces and metrics."""
        return {
            **shared,
            "POWERTOOLS_SERVICE_NAME": self.service,
            "POWERTOOLS_METRICS_NAMESPACE": METRICS,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }
