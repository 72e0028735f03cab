"""What keeps data: the bucket, the queue of its events, and the tables."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chalicelib.names import (
    DERIVED,
    IMAGES_INDEXES,
    IMAGES_KEY,
    IMAGES_PROJECTED,
    INDEX,
    TOKENS_KEY,
    UPLOADS,
)
from infra.acknowledgements import acknowledge

CAPTIONER_SECONDS = 60
# A function that timed out may still be running: six times its limit is AWS's advice.
VISIBILITY_SECONDS = 6 * CAPTIONER_SECONDS
ATTEMPTS = 5
# A dead letter keeps the age that it had as an event, so that its queue must keep more days, of
# which 14 are the most:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
EVENT_DAYS, DEAD_LETTER_DAYS = 7, 14


class Storage(Construct):
    """A private, versioned bucket that answers over TLS only.

    It holds photographs, their display copies, the published index and import reports.

    Parameters
    ----------
    bucket_name
        A deploy-time parameter: empty on AWS, where CloudFormation chooses a free name; the
        local stack gives one, so that a rebuilt stack meets the photographs on disk again.
    """

    def __init__(self, scope: Construct, construct_id: str, *, bucket_name: str) -> None:
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
            cors=[_gallery_uploads()],
            lifecycle_rules=_lifecycle(),
        )
        acknowledge(
            self.bucket,
            {
                "AwsSolutions-S1": "Server access logs would need a second bucket; every access "
                "goes through the API, which logs it, or through AWS credentials, which "
                "CloudTrail's data events record where an account wants them."
            },
        )

    @property
    def resource(self) -> s3.CfnBucket:
        """The bucket as CloudFormation knows it."""
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        return resource


def _gallery_uploads() -> s3.CorsRule:
    # The origin is the API's own address, which does not exist before the API does, and the API
    # needs the bucket. A presigned POST is its own permission, so any origin may present one.
    return s3.CorsRule(
        allowed_methods=[s3.HttpMethods.POST, s3.HttpMethods.GET],
        allowed_origins=["*"],
        allowed_headers=["*"],
        max_age=3000,
    )


def _lifecycle() -> list[s3.LifecycleRule]:
    return [
        s3.LifecycleRule(
            id="incomplete-uploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)
        ),
        s3.LifecycleRule(
            id="replaced-photographs",
            prefix=UPLOADS,
            noncurrent_version_expiration=cdk.Duration.days(30),
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
        self._admit_the_bucket(storage)

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
    """The images' table with its stream and the tokens' table."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.images = self._table(
            "Images", IMAGES_KEY, stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES
        )
        for name, (partition, sort) in IMAGES_INDEXES.items():
            self.images.add_global_secondary_index(
                index_name=name,
                partition_key=_string(partition),
                sort_key=_string(sort),
                projection_type=dynamodb.ProjectionType.INCLUDE,
                non_key_attributes=[*IMAGES_PROJECTED],
            )
        self.tokens = self._table("Tokens", TOKENS_KEY)

    def _table(
        self, construct_id: str, key: str, *, stream: dynamodb.StreamViewType | None = None
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
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
