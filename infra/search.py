"""The search index: which engine holds it, and what feeds it."""

from collections.abc import Callable

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chalicelib.names import EMBEDDED, INDEX, INDEXER, OPENSEARCH
from infra.acknowledgements import acknowledge
from infra.catalogue import Catalogue
from infra.engines import Domain, Embedded, Engine
from infra.functions import Identity
from infra.packaging import indexer_code
from infra.permissions import (
    DELETE,
    READ,
    READ_ITEMS,
    WRITE,
    allow,
    allow_items,
    allow_listing,
    allow_objects,
)
from infra.storage import Storage

ENGINES = (OPENSEARCH, EMBEDDED)
DEFAULT_ENGINE = OPENSEARCH


def checked_engine(engine: str) -> str:
    """Return ``engine`` if there is such a one.

    Raises
    ------
    ValueError
        There is not; the message says what can be chosen.
    """
    if engine not in ENGINES:
        raise ValueError(f"-c search={engine}: it can be {', '.join(ENGINES)}")
    return engine


def engine_of(scope: Construct, name: str, context: Callable[[str], object]) -> Engine:
    """Add the engine of a name of ``ENGINES`` to ``scope``.

    Parameters
    ----------
    context
        Looks up what the command line says of the domain: ``searchInstance``, ``searchNodes`` and
        ``searchGigabytes``.

    Raises
    ------
    ValueError
        It says no number where one is wanted.
    """
    if name == EMBEDDED:
        return Embedded(scope, "Engine")
    return Domain(
        scope,
        "Engine",
        instance=str(context("searchInstance") or "t3.small.search"),
        nodes=_number(context, "searchNodes", 1),
        gigabytes=_number(context, "searchGigabytes", 10),
    )


def _number(context: Callable[[str], object], name: str, default: int) -> int:
    text = str(context(name) or default)
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"-c {name}={text}: it must be a whole number from 1 on")
    return int(text)


class Search(Construct):
    """The stream's consumer, which writes to the index.

    Parameters
    ----------
    engine
        What holds the index.
    storage
        Where the embedded engine's index is published, and how far a re-index is.
    catalogue
        Whose stream drives the index.
    bus
        Where it is told what became of a photograph, once that can be found.
    layer
        Third-party code.
    environment
        Of every function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        engine: Engine,
        storage: Storage,
        catalogue: Catalogue,
        bus: events.EventBus,
        layer: lambda_.ILayerVersion,
        environment: dict[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self.missed = sqs.Queue(
            self,
            "Missed",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        self._engine = engine
        self._identity = Identity(self, "IndexerIdentity", service="indexer")
        self._allow(storage, catalogue, bus)
        self.indexer = self._function(layer, environment)
        self.indexer.add_event_source(self._stream(catalogue))
        self._acknowledge()

    @property
    def role(self) -> iam.Role:
        """The indexer's."""
        return self._identity.role

    def _allow(self, storage: Storage, catalogue: Catalogue, bus: events.EventBus) -> None:
        role = self._identity.role
        allow_objects(role, storage, (*READ, *WRITE, *DELETE), INDEX)
        allow_listing(role, storage)
        allow_items(role, catalogue.images, READ_ITEMS)  # to build the index anew
        bus.grant_put_events_to(role)
        if self._engine.name == "opensearch":  # rebuilds beside the batches that it takes in
            allow(role, ("lambda:InvokeFunction",), self._arn)

    @property
    def _arn(self) -> str:
        """The function's ARN by its name: its role cannot refer to the function itself."""
        return cdk.Stack.of(self).format_arn(
            service="lambda",
            resource="function",
            resource_name=INDEXER,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )

    def _function(
        self, layer: lambda_.ILayerVersion, environment: dict[str, str]
    ) -> lambda_.Function:
        return lambda_.Function(
            self,
            "Indexer",
            function_name=INDEXER,
            runtime=lambda_.Runtime.PYTHON_3_11,
            handler="indexer.handler.index",
            code=lambda_.Code.from_asset(str(indexer_code())),
            layers=[layer],
            # 100,000 photographs take 112 MB, 183 MB while the index is opened (docs/scaling.md).
            memory_size=2048,
            # A batch takes a second; reading the whole catalogue again takes minutes.
            timeout=cdk.Duration.minutes(15),
            # The published index has one writer; OpenSearch takes writes while it is re-indexed.
            reserved_concurrent_executions=1 if self._engine.name == EMBEDDED else None,
            tracing=lambda_.Tracing.ACTIVE,
            role=self._identity.role,
            log_group=self._identity.log_group,
            environment=self._identity.environment(environment),
        )

    def _stream(self, catalogue: Catalogue) -> sources.DynamoEventSource:
        return sources.DynamoEventSource(
            catalogue.images,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=500,
            # With one reader a batch that waits a second publishes once, not twenty times.
            max_batching_window=cdk.Duration.seconds(1),
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            retry_attempts=100,
            on_failure=sources.SqsDlq(self.missed),
        )

    def _acknowledge(self) -> None:
        acknowledge(self.missed, {"AwsSolutions-SQS3": "It is the stream's queue of dead letters."})
        acknowledge(
            self.indexer,
            {"AwsSolutions-L1": "Python 3.11 is what the layer is built and tested for."},
        )
