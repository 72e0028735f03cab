"""Who called the API: one line a request, with nothing of what was asked or answered."""

import json

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.log_groups import month_of_logs

# No path holds a query string, which may be the text of a search, and no variable a body or a
# token: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
LINE = {
    "time": "$context.requestTime",
    "requestId": "$context.requestId",
    "extendedRequestId": "$context.extendedRequestId",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "ip": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "owner": "$context.authorizer.owner",
    "refusal": "$context.error.responseType",
}


class AccessLog(Construct):
    """A log group for a stage of API Gateway, and the role that writes it.

    API Gateway writes by one role for all APIs of an account in a region. The stack sets it unless
    told otherwise, and leaves role and setting behind, on which other stacks may rely:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-account.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, sets_role: bool) -> None:
        super().__init__(scope, construct_id)
        self._log_group = month_of_logs(self)
        self._account = self._writing() if sets_role else None

    def write(self, api: cdk.CfnResource) -> None:
        """Let the stage of an API of SAM's write here."""
        destination = self._log_group.log_group_arn
        setting = {"DestinationArn": destination, "Format": json.dumps(LINE)}
        api.add_property_override("AccessLogSetting", setting)
        if self._account:
            # The role is taken once there is an API, which AWS asked for of accounts that never had
            # one, and before the stage, to which SAM hands no dependency but what it refers to:
            # https://github.com/awsdocs/aws-cloudformation-user-guide/blob/main/doc_source/aws-resource-apigateway-account.md
            self._account.add_resource_dependency(api)
            self._log_group.node.add_dependency(self._account)

    def _writing(self) -> apigateway.CfnAccount:
        policy = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(policy)],
        )
        account = apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        for kept in (role, account):
            kept.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        reason = "It writes the logs of every API of the account; AWS asks for this policy."
        finding = f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]"
        acknowledge(role, {finding: reason})
        return account
