"""The one stack: how the constructs are wired to each other."""

from collections.abc import Callable
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chalicelib.names import DOMAIN, ENCODER, INDEXER, RECONCILER
from chalicelib.settings import LIMITS, Settings, variable
from infra.address import Address
from infra.adopted import BUCKET_NAME, Adopted
from infra.api import Api
from infra.choices import yes_or_no
from infra.concurrency import Concurrency
from infra.edge import Edge
from infra.engines import domain_of
from infra.functions import ARCHITECTURE, RUNTIME, Shared
from infra.observability import Observability, email_of
from infra.options import reader
from infra.packaging import layer_code
from infra.pipeline import Pipeline
from infra.protection import is_protected
from infra.rollout import Canary, Rollout
from infra.search import Search
from infra.sign_in import sign_in_of, token_origin_of
from infra.stage import Stage
from infra.storage import AdoptedStorage, Catalogue, OwnStorage, Queues, Storage
from infra.tags import tags_of


def limits_of(context: Callable[[str], object]) -> dict[str, str]:
    """Return the variables of those limits that the command line sets.

    ``context`` looks up what it says of ``IMAGE_REPO_MAX_PIXELS`` and its like; ``ValueError`` is
    raised for one out of its range.
    """
    said = {field: context(variable(field)) for field in LIMITS}
    given = {field: str(value) for field, value in said.items() if value is not None}
    Settings.from_environment(bucket="-", table="-", tokens_table="-", **given)
    return {variable(field): value for field, value in given.items()}


def position_of(context: Callable[[str], object]) -> dict[str, str]:
    """Return the variable that keeps positions, where the command line asks for it."""
    kept = yes_or_no(context, "keepPosition", default=False)
    return {variable("keep_position"): "yes"} if kept else {}


class ImageRepo(cdk.Stack):
    """Everything that is deployed.

    ``search`` is one of ``infra.engines.ENGINES``; ``bundle`` the model's folder, the repository's
    where None; ``edge`` what stands before the API.
    """

    def __init__(
        self, scope: Construct, stage: Stage, *, search: str, bundle: Path | None, edge: Edge
    ) -> None:
        context = reader(scope.node.try_get_context)
        protect = is_protected(context)
        super().__init__(
            scope,
            stage.stack,
            analytics_reporting=False,
            tags=tags_of(context, stage),
            termination_protection=protect,
        )
        adopted = Adopted.of(context)
        storage = self._storage(adopted, edge)
        catalogue = Catalogue(self, "Catalogue", adopted, protect=protect)
        queues = Queues(self, "Queues", storage=storage)
        bus = events.EventBus(self, "Bus", event_bus_name=stage.stack)
        layer = self._layer()
        domain = domain_of(self, search, context, stage.named(DOMAIN))
        rollout = Rollout.of(context)
        environment = {
            "IMAGE_REPO_BUCKET": storage.bucket.bucket_name,
            "IMAGE_REPO_TABLE": catalogue.images.table_name,
            "IMAGE_REPO_TOKENS_TABLE": catalogue.tokens.table_name,
            "IMAGE_REPO_COUNTS_TABLE": catalogue.counts.table_name,
            "IMAGE_REPO_QUEUE_URL": queues.queue.queue_url,
            "IMAGE_REPO_DEAD_LETTER_QUEUE_URL": queues.dead_letters.queue_url,
            "IMAGE_REPO_ENCODER_FUNCTION": rollout.name(stage.named(ENCODER)),
            "IMAGE_REPO_INDEXER_FUNCTION": stage.named(INDEXER),
            "IMAGE_REPO_RECONCILER_FUNCTION": stage.named(RECONCILER),
            "IMAGE_REPO_EVENT_BUS": bus.event_bus_name,
            "IMAGE_REPO_SEARCH": search,
            **({"IMAGE_REPO_SEARCH_ENDPOINT": domain.endpoint} if domain else {}),
            **({variable("cors_origins"): ",".join(edge.origins)} if edge.origins else {}),
            **limits_of(context),
            **position_of(context),
            **sign_in_of(context),
        }
        shared = Shared(storage, catalogue, queues, bus, layer, environment, bundle, stage)
        size = Concurrency.of(search, context)
        pipeline = Pipeline(self, "Pipeline", shared, captioners=size.captioners, rollout=rollout)
        indexing = Search(self, "Search", shared, domain, reserved=size.reserved)
        api = Api(self, "Api", shared, (pipeline.called["Encoder"], indexing.indexer), edge)
        if domain:
            domain.admit(reader=api.identity, writer=indexing.identity)
        functions = {
            "Captioner": pipeline.captioner,
            "Encoder": pipeline.encoder,
            "Indexer": indexing.indexer,
        }
        watch = Observability(
            self,
            "Observability",
            queues,
            indexing.missed,
            functions,
            scheduled={"Reconciler": api.reconciler},
            email=email_of(context),
            shows=yes_or_no(context, "dashboard", default=False),
            stage=stage,
        )
        if rollout.gradual:
            alarms = {name: watch.alarms[f"{name}Errors"] for name in pipeline.called}
            alarms["Api"] = watch.alarms["Api5xx"]
            Canary(
                self,
                "Canary",
                api.gateway,
                published=api.published,
                layer=layer,
                called=pipeline.called,
                alarms=alarms,
            )
        address = Address(
            self,
            "Address",
            edge,
            api_id=api.gateway.ref,
            bucket=storage.bucket,
            token_origin=token_origin_of(context),
        )
        self._tell(shared, api.gateway.ref, address, watch)

    def _storage(self, adopted: Adopted, edge: Edge) -> Storage:
        if adopted.bucket:
            return AdoptedStorage(self, "Storage", name=adopted.bucket)
        return OwnStorage(
            self,
            "Storage",
            bucket_name=self._bucket_name(),
            upload_origins=edge.upload_origins(self.region, self.url_suffix),
        )

    def _bucket_name(self) -> str:
        name = cdk.CfnParameter(
            self,
            "BucketName",
            default="",
            description="Name of the bucket; empty lets CloudFormation choose a free one",
            allowed_pattern=BUCKET_NAME,
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
        folder = self.node.try_get_context("layer")
        return lambda_.LayerVersion(
            self,
            "Dependencies",
            code=lambda_.Code.from_asset(str(layer_code(Path(folder) if folder else None))),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            description="Third-party code of the API and the indexer",
        )

    def _tell(self, shared: Shared, api_id: str, address: Address, watch: Observability) -> None:
        outputs = {
            "ApiId": api_id,
            "ApiUrl": address.url,
            "Bucket": shared.storage.bucket.bucket_name,
            "Table": shared.catalogue.images.table_name,
            "TokensTable": shared.catalogue.tokens.table_name,
            "QueueUrl": shared.queues.queue.queue_url,
            "DeadLetterQueueUrl": shared.queues.dead_letters.queue_url,
            "Region": self.region,
            "Indexer": shared.stage.named(INDEXER),
            "AlarmTopic": watch.topic.topic_arn,
            **({"Dashboard": watch.dashboard.dashboard_name} if watch.dashboard else {}),
            **({"DnsRecord": address.record} if address.record else {}),
        }
        for name, value in outputs.items():
            cdk.CfnOutput(self, name, value=value)
