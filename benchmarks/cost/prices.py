"""AWS's list prices on demand, in dollars: the one place in this project that has any.

Most of AWS's pricing pages fill in their numbers by script, so that what is stored of a page may
lack them. ``is_verified`` says that an AWS page was read that states the price.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

REGION: Final = "us-east-1"
READ_ON: Final = "2026-11-29"
HOURS: Final = 730  # of a month, as AWS's own calculator counts

_MILLION: Final = 1_000_000
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


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for ``units`` of something, and the page that states them."""

    dollars: float
    units: int
    unit: str
    page: str
    is_verified: bool = False

    def of(self, quantity: float) -> float:
        """Return what so much costs."""
        return quantity * self.dollars / self.units


def _node(dollars: float) -> Price:
    return Price(dollars, 1, "hour", _OPENSEARCH)


PRICES: Final[Mapping[str, Price]] = {
    # The page's examples say 0.00001667.
    "Lambda, x86_64": Price(0.0000166667, 1, "GB-second", _LAMBDA, is_verified=True),
    "Lambda, invocations": Price(0.20, _MILLION, "invocations", _LAMBDA, is_verified=True),
    "API Gateway, REST": Price(3.50, _MILLION, "requests", _API, is_verified=True),
    "X-Ray, traces": Price(5.00, _MILLION, "traces", f"{_AWS}/xray/pricing/", is_verified=True),
    "CloudFront, requests": Price(0.0100, 10_000, "requests by HTTPS", _CLOUDFRONT),
    "CloudFront, functions": Price(0.10, _MILLION, "invocations", _CLOUDFRONT),
    "CloudWatch, alarms": Price(0.10, 1, "alarm-month", _CLOUDWATCH),
    "CloudWatch, dashboard": Price(3.00, 1, "dashboard-month", _CLOUDWATCH),
    "CloudWatch, metrics": Price(0.30, 1, "metric-month", _CLOUDWATCH),
    "CloudWatch, logs": Price(0.50, 1, "GB taken in", _CLOUDWATCH),
    "DynamoDB, writes": Price(0.625, _MILLION, "write request units", _DYNAMODB),
    "DynamoDB, reads": Price(0.125, _MILLION, "read request units", _DYNAMODB),
    "DynamoDB, storage": Price(0.25, 1, "GB-month", _DYNAMODB),
    "DynamoDB, point-in-time recovery": Price(0.20, 1, "GB-month", _DYNAMODB),
    "EventBridge, events": Price(1.00, _MILLION, "events", f"{_AWS}/eventbridge/pricing/"),
    "SQS, requests": Price(0.40, _MILLION, "requests", f"{_AWS}/sqs/pricing/"),
    "S3, storage": Price(0.023, 1, "GB-month", _S3),
    "S3, PUT": Price(0.005, 1_000, "requests", _S3),
    "S3, GET": Price(0.0004, 1_000, "requests", _S3),
    "WAF, web ACLs": Price(5.00, 1, "ACL-month", _WAF),
    "WAF, rules": Price(1.00, 1, "rule-month", _WAF),
    "WAF, requests": Price(0.60, _MILLION, "requests", _WAF),
    "ECR, storage": Price(0.10, 1, "GB-month", f"{_AWS}/ecr/pricing/"),
    "OpenSearch, gp3": Price(0.122, 1, "GB-month", _OPENSEARCH),
    "OpenSearch, t3.small": _node(0.036),
    "OpenSearch, m6g.large": _node(0.128),
    "OpenSearch, r6g.large": _node(0.167),
    "OpenSearch, r6g.xlarge": _node(0.335),
    "OpenSearch, r6g.2xlarge": _node(0.669),
    "OpenSearch, r6g.4xlarge": _node(1.339),
}
