"""The HTTP API: the Chalice application behind API Gateway."""

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sam as sam
from chalice.cdk import Chalice
from constructs import Construct

from chalicelib.names import DERIVED, IMAGES_INDEXES, IMPORTS, INDEX, STAGE, UPLOADS
from infra.functions import (
    ARCHITECTURE,
    DELETE,
    READ,
    READ_COUNTS,
    READ_ITEMS,
    WRITE,
    WRITE_COUNTS,
    WRITE_ITEMS,
    Identity,
    Shared,
)
from infra.gateway import gateway_responses
from infra.packaging import api_project

# Where a browser takes gzip, API Gateway compresses answers from this size on:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-receive-response-with-compressed-payload.html
COMPRESSED_BYTES = 1_000


class Api(Construct):
    """API Gateway, its functions and the authorizer; the function may invoke ``functions``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        shared: Shared,
        functions: tuple[lambda_.IFunction, ...],
    ) -> None:
        super().__init__(scope, construct_id)
        self.identity = Identity(self, "Identity", service="api")
        self._allow(shared, functions)
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
        self.rest_api_id: str = self.application.get_resource("RestAPI").ref
        self._shape_functions()
        self._shape_gateway()

    def _allow(self, shared: Shared, functions: tuple[lambda_.IFunction, ...]) -> None:
        identity, storage, catalogue = self.identity, shared.storage, shared.catalogue
        identity.allow_objects(storage, READ, UPLOADS, DERIVED, INDEX, IMPORTS)
        identity.allow_objects(storage, WRITE, UPLOADS, IMPORTS)
        identity.allow_objects(storage, DELETE, UPLOADS, DERIVED)
        identity.allow_items(catalogue.images, READ_ITEMS, *IMAGES_INDEXES)
        identity.allow_items(catalogue.images, WRITE_ITEMS)
        identity.allow_items(catalogue.counts, (*READ_COUNTS, *WRITE_COUNTS))
        identity.allow_items(catalogue.tokens, (*READ_ITEMS, *WRITE_ITEMS))
        identity.allow(("sqs:SendMessage", "sqs:GetQueueAttributes"), shared.queues.queue.queue_arn)
        dead_letters = shared.queues.dead_letters.queue_arn
        identity.allow(("sqs:ReceiveMessage", "sqs:DeleteMessage"), dead_letters)
        identity.allow(
            ("lambda:InvokeFunction",), *(function.function_arn for function in functions)
        )

    def _shape_functions(self) -> None:
        log_group = self.identity.log_group.log_group_name
        for resource in self.application.sam_template.node.find_all():
            if isinstance(resource, sam.CfnFunction):
                function = self.application.get_resource(resource.node.id)
                function.add_property_override("LoggingConfig.LogGroup", log_group)
        # It reads until the queue is empty (chalicelib/queue.py hides messages for longer).
        self.application.get_resource("DeadLetters").add_property_override("Timeout", 300)

    def _shape_gateway(self) -> None:
        api = self.application.get_resource("RestAPI")
        api.add_property_override("TracingEnabled", True)
        # Without a version SAM adds a stage named "Stage", which is neither throttled nor traced:
        # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html
        api.add_property_override("OpenApiVersion", "2.0")
        api.add_property_override("GatewayResponses", gateway_responses())
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
