"""The tables: one item an image, one item a token."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from chalicelib.catalogue.schema import INDEXES


class Catalogue(Construct):
    """The images' table with its stream and the tokens' table."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.images = self._table(
            "Images", "image_id", stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES
        )
        for name, (partition, sort) in INDEXES.items():
            self.images.add_global_secondary_index(
                index_name=name, partition_key=_string(partition), sort_key=_string(sort)
            )
        self.tokens = self._table("Tokens", "token_sha256")

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
