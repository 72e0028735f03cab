"""From a photograph in the bucket to its record: queue, captioner and encoder."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chalicelib.catalogue.schema import INDEXES
from infra.catalogue import Catalogue
from infra.functions import Identity
from infra.names import CAPTIONER, ENCODER, HANDLERS
from infra.packaging import captioner_image
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

CAPTIONER_TIMEOUT = cdk.Duration.seconds(60)
ENCODER_TIMEOUT = cdk.Duration.seconds(20)
# A function that timed out may still be running: six times its limit is AWS's advice.
VISIBILITY_TIMEOUT = cdk.Duration.seconds(6 * 60)
ATTEMPTS = 5
BATCH_SIZE = 10
# Megabytes; Lambda gives a second virtual processor from 1,770 on.
MEMORY = 3008


class Queues(Construct):
    """The bucket's events on a queue, with dead letters behind it.

    Parameters
    ----------
    storage
        Whose events under ``uploads/`` are queued.
    """

    def __init__(self, scope: Construct, construct_id: str, *, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = self._queue("DeadLetters", retention=cdk.Duration.days(14))
        self.queue = self._queue(
            "Events",
            retention=cdk.Duration.days(14),
            visibility_timeout=VISIBILITY_TIMEOUT,
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=ATTEMPTS
            ),
        )
        self._admit_the_bucket(storage)

    def _queue(
        self,
        construct_id: str,
        *,
        retention: cdk.Duration,
        visibility_timeout: cdk.Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=retention,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )

    def _admit_the_bucket(self, storage: Storage) -> None:
        """Let S3 send, then tell the bucket to.

        The CDK's own notifications bring a function with wide rights that edits the bucket; the
        bucket's own property needs neither, provided that the queue's policy names the account
        instead of the bucket, which would close a circle.
        """
        self.queue.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.queue.queue_arn],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            )
        )
        storage.resource.notification_configuration = (
            s3.CfnBucket.NotificationConfigurationProperty(
                queue_configurations=[
                    _configuration(event, self.queue)
                    for event in ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
                ]
            )
        )
        policy = self.queue.node.find_child("Policy")
        storage.resource.node.add_dependency(policy)


class Pipeline(Construct):
    """Captioner and encoder: one image, two functions.

    Parameters
    ----------
    storage, catalogue, queues
        What the functions read and write.
    environment
        Of every function.
    bundle
        The model's folder; the repository's where None.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        storage: Storage,
        catalogue: Catalogue,
        queues: Queues,
        environment: dict[str, str],
        bundle: Path | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._image = str(captioner_image(bundle))
        self._identities = {
            CAPTIONER: Identity(self, "CaptionerIdentity", service="captioner"),
            ENCODER: Identity(self, "EncoderIdentity", service="encoder"),
        }
        self.captioner = self._image_function(CAPTIONER, CAPTIONER_TIMEOUT, environment)
        self.encoder = self._image_function(ENCODER, ENCODER_TIMEOUT, environment)
        self.captioner.add_event_source(
            sources.SqsEventSource(
                queues.queue,
                batch_size=BATCH_SIZE,
                report_batch_item_failures=True,
                max_concurrency=10,
            )
        )
        self._allow_ingest(storage, catalogue, queues.queue)
        allow_objects(self._identities[ENCODER].role, storage, READ, UPLOADS)

    def _image_function(
        self, name: str, timeout: cdk.Duration, environment: dict[str, str]
    ) -> lambda_.DockerImageFunction:
        identity = self._identities[name]
        return lambda_.DockerImageFunction(
            self,
            identity.service.capitalize(),
            function_name=name,
            code=lambda_.DockerImageCode.from_image_asset(
                self._image, cmd=[HANDLERS[name]], file="captioner/Dockerfile"
            ),
            memory_size=MEMORY,
            timeout=timeout,
            tracing=lambda_.Tracing.ACTIVE,
            role=identity.role,
            log_group=identity.log_group,
            environment=identity.environment(environment),
        )

    def _allow_ingest(self, storage: Storage, catalogue: Catalogue, queue: sqs.Queue) -> None:
        role = self._identities[CAPTIONER].role
        allow_objects(role, storage, READ, UPLOADS, "imports/")
        allow_listing(role, storage)
        allow_objects(role, storage, WRITE, "derived/", "imports/")
        allow_objects(role, storage, DELETE, "derived/")
        # A long import goes on as a message to itself.
        allow(role, ("sqs:SendMessage",), queue.queue_arn)
        allow_items(role, catalogue.images, READ_ITEMS, indexes=tuple(INDEXES))
        allow_items(role, catalogue.images, WRITE_ITEMS)


def _configuration(event: str, queue: sqs.Queue) -> s3.CfnBucket.QueueConfigurationProperty:
    return s3.CfnBucket.QueueConfigurationProperty(
        event=event,
        queue=queue.queue_arn,
        filter=s3.CfnBucket.NotificationFilterProperty(
            s3_key=s3.CfnBucket.S3KeyFilterProperty(
                rules=[s3.CfnBucket.FilterRuleProperty(name="prefix", value=UPLOADS)]
            )
        ),
    )
