"""The HTTP API: the Chalice application behind API Gateway."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sam as sam
from chalice.cdk import Chalice
from constructs import Construct

from chalicelib.names import API, RECONCILER, STAGE
from infra.access_log import AccessLog
from infra.api_roles import ApiRoles
from infra.edge import Edge
from infra.functions import ARCHITECTURE, RUNTIME, Shared
from infra.gateway import gateway_responses
from infra.packaging import api_project
from infra.stage import Stage
from infra.token_routes import TokenRoutes
from infra.tracing import sample

# Where a browser takes gzip, API Gateway compresses answers from this size on:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-receive-response-with-compressed-payload.html
COMPRESSED_BYTES = 1_000


class Api(Construct):
    """API Gateway, its functions and the authorizer; the routes may invoke ``functions``.

    Attributes
    ----------
    gateway
        API Gateway's part.
    published
        The functions that it calls, each with its right to call it.
    identity
        Of all routes but the tokens'.
    reconciler
        The function that runs twice an hour.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        shared: Shared,
        functions: tuple[lambda_.IFunction, ...],
        edge: Edge,
    ) -> None:
        super().__init__(scope, construct_id)
        roles = ApiRoles.of(self, shared, functions)
        self.identity = roles.routes
        self.application = Chalice(
            scope,
            "Chalice",
            source_dir=str(api_project(shared.bundle)),
            stage_config={
                "api_gateway_stage": STAGE,
                "api_gateway_endpoint_type": "REGIONAL",
                "environment_variables": self.identity.environment(shared),
                # 100,000 photographs take about 300 MB, twice while a new index is read.
                "lambda_memory_size": 1536,
                "lambda_architecture": ARCHITECTURE.name,
                "lambda_timeout": 29,  # API Gateway waits no longer
                "layers": [shared.layer.layer_version_arn],
                "manage_iam_role": False,
                "iam_role_arn": self.identity.role.role_arn,
                "xray": True,
                "minimum_compression_size": COMPRESSED_BYTES,
            },
        )
        named = self.application.get_resource
        self.gateway: sam.CfnApi = named("RestAPI")
        sample(self, self.gateway.ref)
        token_routes = TokenRoutes(self, "TokenRoutes", self.application)
        self.published = (
            (named("APIHandler"), named("APIHandlerInvokePermission")),
            (named("Token"), named("TokenInvokePermission")),
            (token_routes.function, token_routes.permission),
        )
        self.reconciler = self._shape_functions(shared.stage, roles, token_routes.function)
        self._shape_gateway(shared.stage, edge)

    def _shape_functions(
        self, stage: Stage, roles: ApiRoles, token_routes: cdk.CfnResource
    ) -> lambda_.IFunction:
        """Give each function its role, and return the one that a schedule runs."""
        named = self.application.get_resource
        reconciler: cdk.CfnResource = named("Reconciler")
        # By its name the routes call it, for whose role it would be made too late.
        reconciler.add_property_override("FunctionName", stage.named(RECONCILER))
        # It works until nothing is due (chalicelib/queue.py hides dead letters for longer).
        reconciler.add_property_override("Timeout", 300)
        # Nobody waits for it, and its log tells what it did: traces would cost more than it does.
        reconciler.add_property_override("Tracing", "PassThrough")
        for function, identity in (
            (named("APIHandler"), roles.routes),
            (token_routes, roles.token_routes),
            (named("Token"), roles.authorizer),
            (reconciler, roles.reconciler),
        ):
            function.add_property_override("Role", identity.role.role_arn)
            # Chalice would take the version of the Python that synthesises.
            function.add_property_override("Runtime", RUNTIME.name)
            log_group = identity.log_group.log_group_name
            function.add_property_override("LoggingConfig.LogGroup", log_group)
        return lambda_.Function.from_function_name(self, "ReconcilerFunction", reconciler.ref)

    def _shape_gateway(self, stage: Stage, edge: Edge) -> None:
        api = self.gateway
        api.add_property_override("DefinitionBody.info.title", stage.named(API))
        api.add_property_override("TracingEnabled", True)
        # Without a version SAM adds a stage named "Stage", which is neither throttled nor traced:
        # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html
        api.add_property_override("OpenApiVersion", "2.0")
        api.add_property_override("GatewayResponses", gateway_responses(edge.origins))
        api.add_property_override(
            "MethodSettings",
            [
                {
                    "ResourcePath": "/*",
                    "HttpMethod": "*",
                    "ThrottlingBurstLimit": 200,
                    "ThrottlingRateLimit": 100,
                }
            ],
        )
        AccessLog(self, "AccessLog", sets_role=edge.log_role).write(api)
