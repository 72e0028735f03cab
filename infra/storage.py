"""What keeps data: the bucket, the queue of its events, and the tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chalicelib.names import (
    COUNTS_KEY,
    DERIVED,
    IMAGES_INDEXES,
    IMAGES_KEY,
    INDEX,
    TOKENS_KEY,
    UPLOADS,
)
from chalicelib.storage import FORMER_VERSION_DAYS
from infra.acknowledgements import acknowledge
from infra.adopted import Adopted
from infra.deliveries import ATTEMPTS, VISIBILITY_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef

# A dead letter keeps the age that it had as an event, so that its queue must keep more days, of
# which 14 are the most:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
EVENT_DAYS, DEAD_LETTER_DAYS = 7, 14


class Storage(Construct):
    """A private, versioned bucket that answers over TLS only.

    It holds photographs, their display copies, the published index and import reports.

    Attributes
    ----------
    bucket
        The bucket.
    finding
        Its ARN as cdk-nag writes it in the findings of a policy.
    """

    bucket: s3.IBucket
    finding: str

    def announce_to(self, queue: sqs.Queue) -> None:
        """Let the bucket send the events of ``uploads/`` to a queue."""
        raise NotImplementedError


class OwnStorage(Storage):
    """A bucket that the stack makes.

    Parameters
    ----------
    bucket_name
        A deploy-time parameter: empty on AWS, where CloudFormation chooses a free name; the
        local stack gives one, so that a rebuilt stack meets the photographs on disk again.
    upload_origins
        Of pages that send files here.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket_name: str,
        upload_origins: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=bucket_name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=cdk.RemovalPolicy.RETAIN,
            cors=[_uploads_from(upload_origins)] if upload_origins else None,
            lifecycle_rules=_lifecycle(),
        )
        assert self.bucket.policy  # stays with the bucket, which answers over TLS only then, too
        self.bucket.policy.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        self._resource = resource
        self.finding = f"<{cdk.Stack.of(self).get_logical_id(resource)}.Arn>"
        acknowledge(
            self.bucket,
            {
                "AwsSolutions-S1": "Server access logs would need a second bucket; every access "
                "goes through the API, which logs it, or through AWS credentials, which "
                "CloudTrail's data events record where an account wants them."
            },
        )

    def announce_to(self, queue: sqs.Queue) -> None:
        """Use the bucket's own property, which needs no function that edits the bucket.

        The queue's policy names the account instead of the bucket, which would close a circle.
        """
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            )
        )
        self._resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                _configuration(event, queue)
                for event in ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
            ]
        )
        self._resource.node.add_dependency(queue.node.find_child("Policy"))


class AdoptedStorage(Storage):
    """A bucket that is there already, made ready by ``infra.adopt``.

    CloudFormation sets notifications only on a bucket of its own, so a function does it here: the
    CDK's, which keeps those of others and may do nothing but this, on this bucket alone.
    EventBridge would do without, but sends events of another form.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket.from_bucket_name(self, "Bucket", name)
        self.finding = f"arn:<AWS::Partition>:s3:::{name}"

    def announce_to(self, queue: sqs.Queue) -> None:
        """Let the CDK's function add them, and remove them with the stack."""
        for event in (s3.EventType.OBJECT_CREATED, s3.EventType.OBJECT_REMOVED):
            filtered = s3.NotificationKeyFilter(prefix=UPLOADS)
            destination = notifications.SqsDestination(queue)
            self.bucket.add_event_notification(event, destination, filtered)
        acknowledge(cdk.Stack.of(self).node.find_child(_NOTIFIER), _OBJECTIONS)


_NOTIFIER = "BucketNotificationsHandler050a0587b7544547bf325f094a3db834"
_OBJECTIONS = {
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
    "AWSLambdaBasicExecutionRole]": "The CDK's own function, which runs while the stack changes "
    "and writes a log of that."
}


def cross_origin_uploads(origins: Sequence[str]) -> "CORSRuleTypeDef":
    """Return what lets pages of ``origins`` send forms and read objects, as S3 takes it."""
    return {
        "AllowedMethods": ["POST", "GET"],
        "AllowedOrigins": origins,
        "AllowedHeaders": ["*"],
        "MaxAgeSeconds": 3_000,
    }


def _uploads_from(origins: Sequence[str]) -> s3.CorsRule:
    rule = cross_origin_uploads(origins)
    return s3.CorsRule(
        allowed_methods=[s3.HttpMethods(method) for method in rule["AllowedMethods"]],
        allowed_origins=[*rule["AllowedOrigins"]],
        allowed_headers=[*rule["AllowedHeaders"]],
        max_age=rule["MaxAgeSeconds"],
    )


def _lifecycle() -> list[s3.LifecycleRule]:
    return [
        s3.LifecycleRule(
            id="incomplete-uploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)
        ),
        s3.LifecycleRule(
            id="replaced-photographs",
            prefix=UPLOADS,
            noncurrent_version_expiration=cdk.Duration.days(FORMER_VERSION_DAYS),
            expired_object_delete_marker=True,
        ),
        # A part for every second of a busy import: yesterday's serve nobody, nor do the markers
        # of their removal, which a listing would have to step over.
        s3.LifecycleRule(
            id="replaced-index-parts",
            prefix=INDEX,
            noncurrent_version_expiration=cdk.Duration.days(1),
            expired_object_delete_marker=True,
        ),
        s3.LifecycleRule(
            id="replaced-copies",
            prefix=DERIVED,
            noncurrent_version_expiration=cdk.Duration.days(1),
        ),
    ]


class Queues(Construct):
    """The events of a bucket under ``uploads/`` on a queue, with dead letters behind it."""

    def __init__(self, scope: Construct, construct_id: str, *, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letter_queue(self, "DeadLetters")
        self.queue = sqs.Queue(
            self,
            "Events",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(EVENT_DAYS),
            visibility_timeout=cdk.Duration.seconds(VISIBILITY_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=ATTEMPTS
            ),
        )
        storage.announce_to(self.queue)


def dead_letter_queue(scope: Construct, construct_id: str) -> sqs.Queue:
    """Return a queue for what was given up."""
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=cdk.Duration.days(DEAD_LETTER_DAYS),
    )


def _configuration(event: str, queue: sqs.Queue) -> s3.CfnBucket.QueueConfigurationProperty:
    rule = s3.CfnBucket.FilterRuleProperty(name="prefix", value=UPLOADS)
    key = s3.CfnBucket.S3KeyFilterProperty(rules=[rule])
    return s3.CfnBucket.QueueConfigurationProperty(
        event=event,
        queue=queue.queue_arn,
        filter=s3.CfnBucket.NotificationFilterProperty(s3_key=key),
    )


class Catalogue(Construct):
    """The images' table with its stream and the tokens' table, where none are adopted.

    With ``protect`` neither can be deleted by anyone before that is turned off. The counts are
    always the stack's own, and unprotected: they are counted anew from the images.
    """

    images: dynamodb.ITable
    tokens: dynamodb.ITable
    counts: dynamodb.ITable

    def __init__(
        self, scope: Construct, construct_id: str, adopted: Adopted, *, protect: bool
    ) -> None:
        super().__init__(scope, construct_id)
        self._protect = protect
        self.images = adopted.images(self, "Images") or self._images()
        self.tokens = adopted.tokens(self, "Tokens") or self._table("Tokens", TOKENS_KEY)
        self.counts = self._table("Counts", COUNTS_KEY, kept=False)

    def _images(self) -> dynamodb.Table:
        images = self._table(
            "Images", IMAGES_KEY, stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES
        )
        for name, (partition, sort) in IMAGES_INDEXES.items():
            images.add_global_secondary_index(
                index_name=name,
                partition_key=_string(partition),
                sort_key=_string(sort),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )
        return images

    def _table(
        self,
        construct_id: str,
        key: str,
        *,
        stream: dynamodb.StreamViewType | None = None,
        kept: bool = True,
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=_string(key),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            stream=stream,
            deletion_protection=self._protect and kept,
            removal_policy=cdk.RemovalPolicy.RETAIN if kept else cdk.RemovalPolicy.DESTROY,
        )


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
