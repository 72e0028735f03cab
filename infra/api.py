"""The HTTP API: the Chalice application behind API Gateway."""

from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sam as sam
from aws_cdk import aws_sqs as sqs
from chalice.cdk import Chalice
from constructs import Construct

from chalicelib.catalogue.schema import INDEXES
from infra.catalogue import Catalogue
from infra.functions import Identity
from infra.names import STAGE
from infra.packaging import api_project
from infra.permissions import (
    DELETE,
    READ,
    READ_ITEMS,
    WRITE,
    WRITE_ITEMS,
    allow,
    allow_items,
    allow_listing,
    allow_objects,
)
from infra.storage import UPLOADS, Storage

READABLE = (UPLOADS, "derived/", "index/", "imports/")


class Api(Construct):
    """API Gateway, its function and its authorizer.

    Parameters
    ----------
    storage, catalogue, queue
        What the function may use.
    functions
        What it may invoke.
    layer
        Third-party code.
    environment
        Of every function.
    bundle
        The model's folder, whose text side the API holds; the repository's where None.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        storage: Storage,
        catalogue: Catalogue,
        queue: sqs.Queue,
        functions: tuple[lambda_.IFunction, ...],
        layer: lambda_.LayerVersion,
        environment: dict[str, str],
        bundle: Path | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.identity = Identity(self, "Identity", service="api")
        self._allow(storage, catalogue, queue, functions)
        self.application = Chalice(
            scope,
            "Chalice",
            source_dir=str(api_project(bundle)),
            stage_config={
                "api_gateway_stage": STAGE,
                "api_gateway_endpoint_type": "REGIONAL",
                "environment_variables": self.identity.environment(environment),
                # 100,000 photographs take about 300 MB, twice while a new index is read.
                "lambda_memory_size": 1536,
                "lambda_timeout": 29,  # API Gateway waits no longer
                "layers": [layer.layer_version_arn],
                "manage_iam_role": False,
                "iam_role_arn": self.identity.role.role_arn,
                "xray": True,
            },
        )
        self._shape_functions()
        self._shape_gateway()

    @property
    def rest_api_id(self) -> str:
        """API Gateway's id of the API."""
        reference: str = self.application.get_resource("RestAPI").ref
        return reference

    def _allow(
        self,
        storage: Storage,
        catalogue: Catalogue,
        queue: sqs.Queue,
        functions: tuple[lambda_.IFunction, ...],
    ) -> None:
        role = self.identity.role
        allow_objects(role, storage, READ, *READABLE)
        allow_listing(role, storage)
        allow_objects(role, storage, WRITE, UPLOADS, "imports/")
        allow_objects(role, storage, DELETE, UPLOADS, "derived/")
        allow_items(role, catalogue.images, READ_ITEMS, indexes=tuple(INDEXES))
        allow_items(role, catalogue.images, WRITE_ITEMS)
        allow_items(role, catalogue.tokens, (*READ_ITEMS, *WRITE_ITEMS))
        allow(role, ("sqs:SendMessage", "sqs:GetQueueAttributes"), queue.queue_arn)
        allow(role, ("lambda:InvokeFunction",), *(function.function_arn for function in functions))

    def _shape_functions(self) -> None:
        for resource in self.application.sam_template.node.find_all():
            if isinstance(resource, sam.CfnFunction):
                self.application.get_resource(resource.node.id).add_property_override(
                    "LoggingConfig.LogGroup", self.identity.log_group.log_group_name
                )

    def _shape_gateway(self) -> None:
        api = self.application.get_resource("RestAPI")
        api.add_property_override("TracingEnabled", True)
        api.add_property_override(
            "MethodSettings",
            [
                {
                    "ResourcePath": "/*",
                    "HttpMethod": "*",
                    "MetricsEnabled": True,
                    "ThrottlingBurstLimit": 200,
                    "ThrottlingRateLimit": 100,
                }
            ],
        )
