"""Grants as narrow as the code's calls: named actions on named prefixes and indexes.

The CDK's own ``grant_read`` and its like allow families of actions (``s3:GetObject*``) and every
index of a table.
"""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from infra.acknowledgements import acknowledge
from infra.storage import Storage

READ = ("s3:GetObject", "s3:GetObjectVersion")
WRITE = ("s3:PutObject",)
DELETE = ("s3:DeleteObject",)

READ_ITEMS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan")
WRITE_ITEMS = ("dynamodb:PutItem", "dynamodb:UpdateItem")


def allow(role: iam.Role, actions: tuple[str, ...], *resources: str) -> None:
    """Let ``role`` do ``actions`` on ``resources``."""
    role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))


def allow_objects(
    role: iam.Role, storage: Storage, actions: tuple[str, ...], *prefixes: str
) -> None:
    """Let ``role`` do ``actions`` on the objects under ``prefixes``."""
    allow(role, actions, *(storage.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes))
    bucket = cdk.Stack.of(storage).get_logical_id(storage.resource)
    acknowledge(
        role,
        {
            f"AwsSolutions-IAM5[Resource::<{bucket}.Arn>/{prefix}*]": "The objects under one "
            "prefix of the own bucket; their names are the users'."
            for prefix in prefixes
        },
    )


def allow_listing(role: iam.Role, storage: Storage) -> None:
    """Let ``role`` list the bucket, and learn that an object is missing instead of forbidden.

    S3 answers the second only to whom it may list the whole bucket: a condition on the prefix
    never holds in a request for an object.
    """
    allow(role, ("s3:ListBucket",), storage.bucket.bucket_arn)


def allow_items(
    role: iam.Role,
    table: dynamodb.Table,
    actions: tuple[str, ...],
    *,
    indexes: tuple[str, ...] = (),
) -> None:
    """Let ``role`` do ``actions`` on a table and the named indexes of it."""
    allow(role, actions, table.table_arn, *(f"{table.table_arn}/index/{name}" for name in indexes))
