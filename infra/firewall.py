"""A firewall before the API's stage: AWS WAF."""

import aws_cdk as cdk
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.edge import OWN, Edge

# Of one address in five minutes, of which a visit to the gallery takes about a hundred.
REQUESTS, SECONDS = 3_000, 300
# Counted, not refused: an image to search by is a body of megabytes, of which WAF sees the first
# 16 kB, and a cursor or a thousand letters in another script are a long query string.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
# https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-setting-body-inspection-limit.html
COUNTED = ("SizeRestrictions_BODY", "SizeRestrictions_QUERYSTRING")


class Firewall(Construct):
    """Rules of AWS's and a limit a client, or a firewall that is there already, before a stage.

    What it refuses, API Gateway answers as ``WAF_FILTERED`` (``infra.gateway``).
    """

    def __init__(self, scope: Construct, construct_id: str, edge: Edge, *, stage_arn: str) -> None:
        super().__init__(scope, construct_id)
        arn = self._own(edge).attr_arn if edge.firewall == OWN else str(edge.firewall)
        waf.CfnWebACLAssociation(self, "Association", resource_arn=stage_arn, web_acl_arn=arn)

    def _own(self, edge: Edge) -> waf.CfnWebACL:
        common = _managed("AWSManagedRulesCommonRuleSet", counted=COUNTED)
        bad = _managed("AWSManagedRulesKnownBadInputsRuleSet")
        rules = {"Rate": _rate(cdn=edge.cdn), "Common": common, "KnownBadInputs": bad}
        return waf.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible(cdk.Names.unique_id(self)),
            rules=[
                waf.CfnWebACL.RuleProperty(
                    name=name,
                    priority=priority,
                    statement=statement,
                    visibility_config=_visible(name),
                    **(
                        {"action": waf.CfnWebACL.RuleActionProperty(block={})}
                        if statement.rate_based_statement
                        else {"override_action": waf.CfnWebACL.OverrideActionProperty(none={})}
                    ),
                )
                for priority, (name, statement) in enumerate(rules.items())
            ],
        )


def _rate(*, cdn: bool) -> waf.CfnWebACL.StatementProperty:
    """Limit each client: behind CloudFront the one that it names first.

    Whoever sends that header can name another; a firewall of CloudFront's own (``-c waf=ARN``)
    sees the true one:
    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-forwarded-ip-address.html
    """
    forwarded = waf.CfnWebACL.ForwardedIPConfigurationProperty(
        header_name="X-Forwarded-For", fallback_behavior="NO_MATCH"
    )
    return waf.CfnWebACL.StatementProperty(
        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
            limit=REQUESTS,
            evaluation_window_sec=SECONDS,
            aggregate_key_type="FORWARDED_IP" if cdn else "IP",
            forwarded_ip_config=forwarded if cdn else None,
        )
    )


def _managed(name: str, *, counted: tuple[str, ...] = ()) -> waf.CfnWebACL.StatementProperty:
    count = waf.CfnWebACL.RuleActionProperty(count={})
    return waf.CfnWebACL.StatementProperty(
        managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
            vendor_name="AWS",
            name=name,
            rule_action_overrides=[
                waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count)
                for rule in counted
            ],
        )
    )


def _visible(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    # Samples of requests hold their query strings.
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
