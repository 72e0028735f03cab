"""The one stack: how the constructs are wired to each other."""

from collections.abc import Callable
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chalicelib.names import ENCODER, INDEXER, STAGE
from chalicelib.settings import LIMITS, Settings, variable
from infra.adopted import Adopted
from infra.api import Api
from infra.concurrency import Concurrency
from infra.engines import domain_of
from infra.functions import ARCHITECTURE, Shared
from infra.observability import Observability, email_of
from infra.packaging import layer_code
from infra.pipeline import Pipeline
from infra.search import Search
from infra.storage import AdoptedStorage, Catalogue, OwnStorage, Queues, Storage


def limits_of(context: Callable[[str], object]) -> dict[str, str]:
    """Return the variables of those limits that the command line sets.

    ``context`` looks up what it says of ``IMAGE_REPO_MAX_PIXELS`` and its like; ``ValueError`` is
    raised for one out of its range.
    """
    said = {field: context(variable(field)) for field in LIMITS}
    given = {field: str(value) for field, value in said.items() if value is not None}
    Settings.from_environment(bucket="-", table="-", tokens_table="-", **given)
    return {variable(field): value for field, value in given.items()}


class ImageRepo(cdk.Stack):
    """Everything that is deployed.

    ``search`` is one of ``infra.engines.ENGINES``; ``bundle`` the model's folder, the repository's
    where None.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, search: str, bundle: Path | None
    ) -> None:
        super().__init__(scope, construct_id, analytics_reporting=False)
        context = self.node.try_get_context
        adopted = Adopted.of(context)
        storage = self._storage(adopted)
        catalogue = Catalogue(self, "Catalogue", adopted)
        queues = Queues(self, "Queues", storage=storage)
        bus = events.EventBus(self, "Bus", event_bus_name=construct_id)
        layer = self._layer()
        domain = domain_of(self, search, context)
        environment = {
            "IMAGE_REPO_BUCKET": storage.bucket.bucket_name,
            "IMAGE_REPO_TABLE": catalogue.images.table_name,
            "IMAGE_REPO_TOKENS_TABLE": catalogue.tokens.table_name,
            "IMAGE_REPO_COUNTS_TABLE": catalogue.counts.table_name,
            "IMAGE_REPO_QUEUE_URL": queues.queue.queue_url,
            "IMAGE_REPO_DEAD_LETTER_QUEUE_URL": queues.dead_letters.queue_url,
            "IMAGE_REPO_ENCODER_FUNCTION": ENCODER,
            "IMAGE_REPO_INDEXER_FUNCTION": INDEXER,
            "IMAGE_REPO_EVENT_BUS": bus.event_bus_name,
            "IMAGE_REPO_SEARCH": search,
            **({"IMAGE_REPO_SEARCH_ENDPOINT": domain.endpoint} if domain else {}),
            **limits_of(context),
        }
        shared = Shared(storage, catalogue, queues, bus, layer, environment, bundle)
        size = Concurrency.of(search, context)
        pipeline = Pipeline(self, "Pipeline", shared, captioners=size.captioners)
        indexing = Search(self, "Search", shared, domain, reserved=size.reserved)
        api = Api(self, "Api", shared, (pipeline.encoder, indexing.indexer))
        if domain:
            domain.admit(reader=api.identity, writer=indexing.identity)
        functions = {
            "Captioner": pipeline.captioner,
            "Encoder": pipeline.encoder,
            "Indexer": indexing.indexer,
        }
        watch = Observability(
            self, "Observability", queues, indexing.missed, functions, email=email_of(context)
        )
        self._tell(shared, api.rest_api_id, watch)

    def _storage(self, adopted: Adopted) -> Storage:
        if adopted.bucket:
            return AdoptedStorage(self, "Storage", name=adopted.bucket)
        return OwnStorage(self, "Storage", bucket_name=self._bucket_name())

    def _bucket_name(self) -> str:
        name = cdk.CfnParameter(
            self,
            "BucketName",
            default="",
            description="Name of the bucket; empty lets CloudFormation choose a free one",
            # A name with dots has no host of its own under S3's certificate, which the gallery's
            # content security policy could name:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
            allowed_pattern="^[a-z0-9-]*$",
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
            compatible_architectures=[ARCHITECTURE],
            description="Third-party code of the API and the indexer",
        )

    def _tell(self, shared: Shared, api_id: str, watch: Observability) -> None:
        outputs = {
            "ApiId": api_id,
            "ApiUrl": f"https://{api_id}.execute-api.{self.region}.{self.url_suffix}/{STAGE}",
            "Bucket": shared.storage.bucket.bucket_name,
            "Table": shared.catalogue.images.table_name,
            "TokensTable": shared.catalogue.tokens.table_name,
            "QueueUrl": shared.queues.queue.queue_url,
            "DeadLetterQueueUrl": shared.queues.dead_letters.queue_url,
            "Region": self.region,
            "AlarmTopic": watch.topic.topic_arn,
            "Dashboard": watch.dashboard.dashboard_name,
        }
        for name, value in outputs.items():
            cdk.CfnOutput(self, name, value=value)
