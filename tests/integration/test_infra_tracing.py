"""Which requests are traced, and what that costs."""

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions

from infra.tracing import sample

DEFAULT_PRIORITY = 10_000  # of X-Ray's own rule


@pytest.fixture(scope="module")
def rule() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "ImageRepo")
    sample(stack, "abc123")
    found = assertions.Template.from_stack(stack).find_resources("AWS::XRay::SamplingRule")
    (resource,) = found.values()
    return dict(resource["Properties"]["SamplingRule"])


def test_a_share_of_the_requests_is_traced_however_few_there_are(rule: dict[str, Any]) -> None:
    assert (rule["FixedRate"], rule["ReservoirSize"]) == (0.05, 0)


def test_the_rule_is_of_the_stacks_own_api_and_comes_before_x_rays(rule: dict[str, Any]) -> None:
    assert json.dumps(rule["ResourceARN"]).endswith('::/restapis/abc123/stages/api"]]}')
    assert rule["Priority"] < DEFAULT_PRIORITY
    for name in ("ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath"):
        assert rule[name] == "*"
