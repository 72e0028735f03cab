"""The indexer: feeds the search index from the catalogue's stream."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from chalicelib.names import INDEX, INDEXER, RECOUNT_PROGRESS
from infra.acknowledgements import acknowledge
from infra.deliveries import STREAM_HOURS, STREAM_RETRIES
from infra.engines import Domain
from infra.functions import (
    ARCHITECTURE,
    DELETE,
    READ,
    READ_ITEMS,
    RUNTIME,
    SCAN_ITEMS,
    WRITE,
    WRITE_COUNTS,
    Identity,
    Shared,
)
from infra.packaging import indexer_code
from infra.storage import dead_letter_queue


class Search(Construct):
    """The stream's consumer, which writes to the index, of ``domain`` or in the bucket.

    ``reserved`` executions are its own and its only ones; None bounds them by nothing.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        shared: Shared,
        domain: Domain | None,
        *,
        reserved: int | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.missed = dead_letter_queue(self, "Missed")
        self.identity = Identity(self, "IndexerIdentity", service="indexer")
        self._allow(shared, rebuilds_beside=domain is not None)
        self.indexer = lambda_.Function(
            self,
            "Indexer",
            function_name=shared.stage.named(INDEXER),
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler="indexer.handler.index",
            code=lambda_.Code.from_asset(str(indexer_code())),
            layers=[shared.layer],
            # 100,000 photographs take 112 MB, 183 MB while the index is opened (docs/scaling.md).
            memory_size=2048,
            # A batch takes a second; reading the whole catalogue again takes minutes.
            timeout=cdk.Duration.minutes(15),
            reserved_concurrent_executions=reserved,
            tracing=lambda_.Tracing.ACTIVE,
            role=self.identity.role,
            log_group=self.identity.log_group,
            environment=self.identity.environment(shared),
        )
        self.indexer.add_event_source(self._stream(shared))
        acknowledge(self.missed, {"AwsSolutions-SQS3": "It is the stream's queue of dead letters."})
        acknowledge(
            self.indexer,
            {"AwsSolutions-L1": "Python 3.13 is what the layer is built and tested for."},
        )

    def _allow(self, shared: Shared, *, rebuilds_beside: bool) -> None:
        self.identity.allow_objects(shared.storage, (*READ, *WRITE), INDEX)
        # Parts of the published index; beside OpenSearch only how far a recount is.
        removed = RECOUNT_PROGRESS if rebuilds_beside else INDEX
        self.identity.allow_objects(shared.storage, DELETE, removed)
        # To build the index anew, and to mend it.
        self.identity.allow_items(shared.catalogue.images, (*SCAN_ITEMS, *READ_ITEMS))
        self.identity.allow_items(shared.catalogue.counts, (*SCAN_ITEMS, *WRITE_COUNTS))
        shared.bus.grant_put_events_to(self.identity.role)
        if rebuilds_beside:  # the batches that it takes in: by its name, for the role is made first
            itself = cdk.Stack.of(self).format_arn(
                service="lambda",
                resource="function",
                resource_name=shared.stage.named(INDEXER),
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
            self.identity.allow(("lambda:InvokeFunction",), itself)

    def _stream(self, shared: Shared) -> sources.DynamoEventSource:
        return sources.DynamoEventSource(
            shared.catalogue.images,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=500,
            # With one reader a batch that waits a second publishes once, not twenty times.
            max_batching_window=cdk.Duration.seconds(1),
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            retry_attempts=STREAM_RETRIES,
            max_record_age=cdk.Duration.hours(STREAM_HOURS),
            on_failure=sources.SqsDlq(self.missed),
        )
