"""The one stack: how the constructs are wired to each other."""

from collections.abc import Callable
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chalicelib.names import API, ENCODER, INDEXER, STAGE
from chalicelib.settings import LIMITS, Settings, variable
from infra.api import Api
from infra.catalogue import Catalogue
from infra.engines import Engine
from infra.observability import Observability
from infra.packaging import layer_code
from infra.pipeline import Pipeline, Queues
from infra.search import Search, engine_of
from infra.storage import Storage


def limits_of(context: Callable[[str], object]) -> dict[str, str]:
    """Return the variables of those limits that the command line sets.

    Parameters
    ----------
    context
        Looks up what it says of ``IMAGE_REPO_MAX_PIXELS`` and its like.

    Raises
    ------
    ValueError
        A limit is out of its range.
    """
    said = {field: context(variable(field)) for field in LIMITS}
    given = {field: str(value) for field, value in said.items() if value is not None}
    Settings.from_environment(bucket="-", table="-", tokens_table="-", **given)
    return {variable(field): value for field, value in given.items()}


class ImageRepo(cdk.Stack):
    """Everything that is deployed.

    Parameters
    ----------
    search
        The engine, one of ``infra.search.ENGINES``.
    bundle
        The model's folder; the repository's where None.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, search: str, bundle: Path | None = None
    ) -> None:
        super().__init__(scope, construct_id, analytics_reporting=False)
        self.storage = Storage(self, "Storage", bucket_name=self._bucket_name())
        self.catalogue = Catalogue(self, "Catalogue")
        self.queues = Queues(self, "Queues", storage=self.storage)
        self.bus = events.EventBus(self, "Bus", event_bus_name=construct_id)
        layer = self._layer()
        engine = engine_of(self, search, self.node.try_get_context)
        environment = self._environment(engine) | limits_of(self.node.try_get_context)
        self.pipeline = Pipeline(
            self,
            "Pipeline",
            storage=self.storage,
            catalogue=self.catalogue,
            queues=self.queues,
            environment=environment,
            bundle=bundle,
        )
        self.search = Search(
            self,
            "Search",
            engine=engine,
            storage=self.storage,
            catalogue=self.catalogue,
            bus=self.bus,
            layer=layer,
            environment=environment,
        )
        self.api = Api(
            self,
            "Api",
            storage=self.storage,
            catalogue=self.catalogue,
            queue=self.queues.queue,
            functions=(self.pipeline.encoder, self.search.indexer),
            layer=layer,
            environment=environment,
            bundle=bundle,
        )
        engine.admit(reader=self.api.identity.role, writer=self.search.role)
        self._observe()
        self._tell()

    def _bucket_name(self) -> str:
        name = cdk.CfnParameter(
            self,
            "BucketName",
            default="",
            description="Name of the bucket; empty lets CloudFormation choose a free one",
        )
        given = cdk.CfnCondition(
            self,
            "BucketNameGiven",
            expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(name.value_as_string, "")),
        )
        return cdk.Fn.condition_if(
            given.logical_id, name.value_as_string, cdk.Aws.NO_VALUE
        ).to_string()

    def _layer(self) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            "Dependencies",
            code=lambda_.Code.from_asset(str(layer_code())),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_11],
            compatible_architectures=[lambda_.Architecture.X86_64],
            description="Third-party code of the API and the indexer",
        )

    def _environment(self, engine: Engine) -> dict[str, str]:
        return {
            "IMAGE_REPO_BUCKET": self.storage.bucket.bucket_name,
            "IMAGE_REPO_TABLE": self.catalogue.images.table_name,
            "IMAGE_REPO_TOKENS_TABLE": self.catalogue.tokens.table_name,
            "IMAGE_REPO_QUEUE_URL": self.queues.queue.queue_url,
            "IMAGE_REPO_ENCODER_FUNCTION": ENCODER,
            "IMAGE_REPO_INDEXER_FUNCTION": INDEXER,
            "IMAGE_REPO_EVENT_BUS": self.bus.event_bus_name,
            "IMAGE_REPO_SEARCH": engine.name,
            **({"IMAGE_REPO_SEARCH_ENDPOINT": engine.endpoint} if engine.endpoint else {}),
        }

    def _observe(self) -> None:
        functions: dict[str, lambda_.IFunction] = {
            "Captioner": self.pipeline.captioner,
            "Encoder": self.pipeline.encoder,
            "Indexer": self.search.indexer,
        }
        Observability(
            self,
            "Observability",
            queue=self.queues.queue,
            dead_letters=self.queues.dead_letters,
            missed=self.search.missed,
            functions=functions,
            indexer=self.search.indexer,
            api_name=API,
        )

    def _tell(self) -> None:
        outputs = {
            "ApiId": self.api.rest_api_id,
            "ApiUrl": f"https://{self.api.rest_api_id}.execute-api.{self.region}."
            f"{self.url_suffix}/{STAGE}",
            "Bucket": self.storage.bucket.bucket_name,
            "Table": self.catalogue.images.table_name,
            "TokensTable": self.catalogue.tokens.table_name,
            "QueueUrl": self.queues.queue.queue_url,
            "DeadLetterQueueUrl": self.queues.dead_letters.queue_url,
        }
        for name, value in outputs.items():
            cdk.CfnOutput(self, name, value=value)
