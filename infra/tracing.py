"""Which requests X-Ray traces."""

import aws_cdk as cdk
from aws_cdk import aws_xray as xray
from constructs import Construct

from chalicelib.names import STAGE

# X-Ray's own rule takes one request of every second besides its five per cent, so that an API with
# few requests would pay for a trace of each:
# https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
TRACED = 0.05
# Before X-Ray's own rule, whose priority is 10,000; one of the account's may come before.
PRIORITY = 9_000
_ANY = "*"


def sample(scope: Construct, rest_api_id: str) -> None:
    """Have ``TRACED`` of an API's requests traced, with what they call.

    A service takes the first rule that fits the stage's ARN, and those that it calls follow:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html
    Lambda's own sampling, of events, cannot be set:
    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    stack = cdk.Stack.of(scope)
    stage = f"/restapis/{rest_api_id}/stages/{STAGE}"
    xray.CfnSamplingRule(
        scope,
        "Sampling",
        sampling_rule=xray.CfnSamplingRule.SamplingRuleProperty(
            rule_name=stack.stack_name,
            resource_arn=f"arn:{stack.partition}:apigateway:{stack.region}::{stage}",
            fixed_rate=TRACED,
            reservoir_size=0,
            priority=PRIORITY,
            service_name=_ANY,
            service_type=_ANY,
            host=_ANY,
            http_method=_ANY,
            url_path=_ANY,
            version=1,
        ),
    )
