"""Logs that the stack keeps."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct


def month_of_logs(scope: Construct) -> logs.LogGroup:
    """Return a log group that keeps its lines for a month, and goes with the stack."""
    return logs.LogGroup(
        scope,
        "Logs",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
