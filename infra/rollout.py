"""Canary deployments: a tenth of the calls for five minutes, and back where an alarm goes off.

``-c rollout=all-at-once`` leaves it out. Callers call an alias, which AWS CodeDeploy moves from one
published version to the next:
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/automating-updates-to-serverless-apps.html

The indexer is left out: two versions of it would take turns at writing one index, in the formats
of two releases, and its reader of the stream takes up where a failed batch stopped anyway. So is
the reconciler, which nobody waits for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sam as sam
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.choices import Context, chosen

ALIAS = "live"
Published = tuple[cdk.CfnResource, cdk.CfnResource]
CANARY, ALL_AT_ONCE = "canary", "all-at-once"


@dataclass(frozen=True, slots=True)
class Rollout:
    """Whether functions are updated gradually."""

    gradual: bool

    @classmethod
    def of(cls, context: Context) -> Self:
        """Return what the command line, or ``cdk.json``, says.

        Raises
        ------
        ValueError
            It is neither canary nor all-at-once.
        """
        return cls(chosen(context, "rollout", CANARY, (CANARY, ALL_AT_ONCE)) == CANARY)

    def name(self, function: str) -> str:
        """Return by which name a function is called."""
        return f"{function}:{ALIAS}" if self.gradual else function

    def called(self, function: lambda_.Function) -> lambda_.IFunction:
        """Return what callers of a function call."""
        if not self.gradual:
            return function
        version = function.current_version
        return lambda_.Alias(function, "Live", alias_name=ALIAS, version=version)


class Canary(Construct):
    """What moves the aliases.

    Parameters
    ----------
    gateway
        The API, of SAM, that calls the published functions.
    published
        Its functions that somebody waits for, each with API Gateway's right to call it.
    layer
        Of the API's functions: another one is a new version of them.
    called
        Name to alias of the other functions.
    alarms
        Those that turn back, by the same names; ``Api`` is the API's.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        gateway: sam.CfnApi,
        *,
        published: Sequence[Published],
        layer: lambda_.LayerVersion,
        called: Mapping[str, lambda_.IFunction],
        alarms: Mapping[str, cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, construct_id)
        # The template refers to the layer by one and the same name, whatever is in it.
        resource = layer.node.default_child
        assert isinstance(resource, lambda_.CfnLayerVersion)
        self._layer = cdk.Stack.of(self).resolve(resource.content)["s3Key"]
        self._role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com")
        )
        application = codedeploy.LambdaApplication(self, "Application")
        for name, alias in called.items():
            assert isinstance(alias, lambda_.Alias)
            codedeploy.LambdaDeploymentGroup(
                self,
                name,
                application=application,
                alias=alias,
                deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
                alarms=[alarms[name]],
                role=self._role,
            )
        for function, permission in published:
            self._publish(function, permission, alarms["Api"])
        names = [self._named(function) for function, _ in published]
        gateway.definition_body = _by_alias(
            cdk.Stack.of(self).resolve(gateway.definition_body), names
        )
        acknowledge(gateway, _OF_SAM)
        acknowledge(self._role, _OBJECTIONS)

    def _named(self, function: cdk.CfnResource) -> str:
        return str(cdk.Stack.of(self).resolve(function.logical_id))

    def _publish(
        self, function: cdk.CfnResource, permission: cdk.CfnResource, alarm: cloudwatch.Alarm
    ) -> None:
        preference = {
            "Type": "Canary10Percent5Minutes",
            "Alarms": [alarm.alarm_name],
            "Role": self._role.role_arn,
        }
        function.add_property_override("AutoPublishAlias", ALIAS)
        # Otherwise of new code alone, and not of a new limit or size.
        function.add_property_override("AutoPublishAliasAllProperties", True)
        function.add_property_override("Description", f"With {self._layer}")
        # SAM would keep the version of a release that is undone or rolled back, and Lambda makes
        # no other of the same code: it could not be deployed again.
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
        # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resource-attributes.html
        function.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.DELETE
        function.add_property_override("DeploymentPreference", preference)
        permission.add_property_override("FunctionName", _alias(self._named(function)))
        acknowledge(permission, _OF_SAM)


def _alias(name: str) -> dict[str, str]:
    """Refer to the alias that SAM makes of a function, so that what does so waits for its move.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
    """
    return {"Ref": f"{name}.Alias"}


def _by_alias(value: Any, names: Sequence[str]) -> Any:
    """Return a document in which API Gateway calls functions by their alias."""
    if isinstance(value, list):
        return [_by_alias(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    address = value.get("Fn::Sub")
    for name in names:
        if isinstance(address, str) and f"${{{name}.Arn}}" in address:
            return {"Fn::Sub": [address.replace(f"{name}.Arn", "Alias"), {"Alias": _alias(name)}]}
    return {key: _by_alias(each, names) for key, each in value.items()}


_OF_SAM = {
    "CloudFormation-Validate::F1020": "The alias is made when SAM's part of the template is "
    "translated; tests translate it, too."
}
_OBJECTIONS = {
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
    "AWSCodeDeployRoleForLambdaLimited]": "AWS's own statement of what CodeDeploy needs to move "
    "an alias; it may call no function but hooks, of which there are none."
}
