"""From a photograph in the bucket to its record: captioner and encoder."""

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chalicelib.names import CAPTIONER, DERIVED, ENCODER, IMPORTS, UPLOADS
from infra.deliveries import CAPTIONER_SECONDS
from infra.functions import (
    ARCHITECTURE,
    DELETE,
    READ,
    READ_ITEMS,
    READ_VERSIONS,
    WRITE,
    WRITE_COUNTS,
    WRITE_ITEMS,
    Identity,
    Shared,
)
from infra.packaging import captioner_image
from infra.rollout import Rollout

ENCODER_SECONDS = 20
BATCH_SIZE = 10
# Megabytes; Lambda gives a second virtual processor from 1,770 on.
MEMORY = 3008


class Pipeline(Construct):
    """Captioner and encoder: one image, two functions; ``captioners`` batches at once.

    Attributes
    ----------
    captioner, encoder
        The functions.
    called
        What is called in their stead, by name: aliases, where the roll-out is gradual.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        shared: Shared,
        *,
        captioners: int,
        rollout: Rollout,
    ) -> None:
        super().__init__(scope, construct_id)
        self._shared = shared
        self._image = str(captioner_image(shared.bundle))
        captioner = Identity(self, "CaptionerIdentity", service="captioner")
        encoder = Identity(self, "EncoderIdentity", service="encoder")
        self.captioner = self._function(CAPTIONER, "ingest", CAPTIONER_SECONDS, captioner)
        self.encoder = self._function(ENCODER, "encode", ENCODER_SECONDS, encoder)
        self.called = {
            "Captioner": rollout.called(self.captioner),
            "Encoder": rollout.called(self.encoder),
        }
        # Not of what is called, which would name it: with another roll-out there would be a second
        # mapping of the queue before the first is gone. This one is changed where it is:
        # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
        # The CDK's SqsEventSource would also allow what Lambda does not ask for:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-lambda-function-trigger.html
        lambda_.EventSourceMapping(
            self,
            "Events",
            target=self.called["Captioner"],
            event_source_arn=shared.queues.queue.queue_arn,
            batch_size=BATCH_SIZE,
            report_batch_item_failures=True,
            max_concurrency=captioners,
        )
        captioner.allow(
            (
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:GetQueueAttributes",
            ),
            shared.queues.queue.queue_arn,
        )
        self._allow_ingest(captioner)
        encoder.allow_objects(shared.storage, READ_VERSIONS, UPLOADS)

    def _function(
        self, name: str, handler: str, seconds: int, identity: Identity
    ) -> lambda_.DockerImageFunction:
        return lambda_.DockerImageFunction(
            self,
            identity.service.capitalize(),
            function_name=self._shared.stage.named(name),
            code=lambda_.DockerImageCode.from_image_asset(
                self._image,
                cmd=[f"captioner.handler.{handler}"],
                file="captioner/Dockerfile",
                # Otherwise Docker builds for the machine it runs on.
                platform=ecr_assets.Platform.custom(ARCHITECTURE.docker_platform),
            ),
            architecture=ARCHITECTURE,
            memory_size=MEMORY,
            timeout=cdk.Duration.seconds(seconds),
            tracing=lambda_.Tracing.ACTIVE,
            role=identity.role,
            log_group=identity.log_group,
            environment=identity.environment(self._shared),
        )

    def _allow_ingest(self, identity: Identity) -> None:
        storage, images = self._shared.storage, self._shared.catalogue.images
        identity.allow_objects(storage, READ_VERSIONS, UPLOADS)
        identity.allow_objects(storage, READ, IMPORTS)
        identity.allow_objects(storage, WRITE, DERIVED, IMPORTS)
        identity.allow_objects(storage, DELETE, DERIVED)
        # A long import goes on as a message to itself.
        identity.allow(("sqs:SendMessage",), self._shared.queues.queue.queue_arn)
        identity.allow_items(images, (*READ_ITEMS, *WRITE_ITEMS))
        identity.allow_items(self._shared.catalogue.counts, WRITE_COUNTS)
