"""The function of the token routes: the API's code under a role of its own.

Chalice gives all routes of an application to one function, whose role could then make a token in
any of them. API Gateway knows a function for each method of a path.
"""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sam as sam
from chalice.cdk import Chalice
from constructs import Construct

PATH = "/tokens"


class TokenRoutes(Construct):
    """A copy of the API's function that answers what lies under ``PATH``; it wants a role."""

    def __init__(self, scope: Construct, construct_id: str, application: Chalice) -> None:
        super().__init__(scope, construct_id)
        self._api = application.get_resource("RestAPI")
        self.function = self._copy(application.get_resource("APIHandler"))
        self.permission = lambda_.CfnPermission(
            self,
            "Permission",
            action="lambda:InvokeFunction",
            principal="apigateway.amazonaws.com",
            function_name=self.function.ref,
            source_arn=cdk.Stack.of(self).format_arn(
                service="execute-api", resource=self._api.ref, resource_name=f"*/*{PATH}*"
            ),
        )
        self._lead_there()

    def _copy(self, handler: Any) -> sam.CfnFunction:
        return sam.CfnFunction(
            self,
            "Handler",
            architectures=handler.architectures,
            code_uri=handler.code_uri,
            environment=handler.environment,
            handler=handler.handler,
            layers=handler.layers,
            memory_size=handler.memory_size,
            runtime=handler.runtime,
            tags=handler.tags.render_tags(),
            timeout=handler.timeout,
            tracing=handler.tracing,
        )

    def _lead_there(self) -> None:
        logical_id = cdk.Stack.of(self).get_logical_id(self.function)
        uri = (
            "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
            f"${{{logical_id}.Arn}}/invocations"
        )
        body = cdk.Stack.of(self).resolve(self._api.definition_body)
        for path in filter(lambda path: path.startswith(PATH), body["paths"]):
            for method in body["paths"][path].values():
                method["x-amazon-apigateway-integration"]["uri"] = {"Fn::Sub": uri}
        self._api.definition_body = body
