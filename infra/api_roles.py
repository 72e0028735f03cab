"""Who the API's functions are: each has a role for what it calls, and for nothing else."""

from dataclasses import dataclass
from typing import Self

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chalicelib.names import (
    DERIVED,
    IMAGES_INDEXES,
    IMPORTS,
    INDEX,
    INDEXER,
    RECONCILER,
    RECONCILING,
    RECOUNTED,
    TOKENS_KEY,
    UPLOADS,
)
from infra.functions import (
    DELETE,
    READ,
    READ_COUNTS,
    READ_ITEMS,
    SCAN_ITEMS,
    WRITE,
    WRITE_COUNTS,
    WRITE_ITEMS,
    Identity,
    Shared,
)


@dataclass(frozen=True, slots=True)
class ApiRoles:
    """The identities of the API's functions.

    Attributes
    ----------
    routes
        Of every route but the tokens': knows no token.
    token_routes
        Of the routes that make, list and revoke tokens.
    authorizer
        Of what looks tokens up and notes when they were last used.
    reconciler
        Of what a schedule runs: settles dead letters, and mends what differs.
    """

    routes: Identity
    token_routes: Identity
    authorizer: Identity
    reconciler: Identity

    @classmethod
    def of(cls, scope: Construct, shared: Shared, functions: tuple[lambda_.IFunction, ...]) -> Self:
        """Return them; the routes may invoke ``functions``."""
        roles = cls(
            routes=Identity(scope, "Identity", service="api"),
            token_routes=Identity(scope, "TokenRoutesIdentity", service="token-routes"),
            authorizer=Identity(scope, "AuthorizerIdentity", service="authorizer"),
            reconciler=Identity(scope, "ReconcilerIdentity", service="reconciler"),
        )
        _allow_routes(roles.routes, shared, functions)
        _allow_tokens(roles, shared)
        _allow_reconciler(roles.reconciler, shared)
        return roles


def _allow_routes(
    identity: Identity, shared: Shared, functions: tuple[lambda_.IFunction, ...]
) -> None:
    storage, images = shared.storage, shared.catalogue.images
    # Presigned links and forms have the rights of whoever signed them:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
    identity.allow_objects(storage, READ, UPLOADS, DERIVED, INDEX, IMPORTS)
    identity.allow_objects(storage, WRITE, UPLOADS, IMPORTS)
    identity.allow_objects(storage, DELETE, UPLOADS, DERIVED)
    identity.allow_items(images, (*READ_ITEMS, *WRITE_ITEMS))
    identity.allow_queries(images, *IMAGES_INDEXES)
    identity.allow_items(shared.catalogue.counts, (*READ_COUNTS, *WRITE_COUNTS))
    identity.allow(("sqs:SendMessage",), shared.queues.queue.queue_arn)
    called = [function.function_arn for function in functions]
    identity.allow(("lambda:InvokeFunction",), *called, _named(identity, shared, RECONCILER))


def _allow_tokens(roles: ApiRoles, shared: Shared) -> None:
    tokens = shared.catalogue.tokens
    roles.authorizer.allow_items(tokens, ("dynamodb:GetItem",))
    roles.authorizer.allow_update(tokens, TOKENS_KEY, "last_used_at")
    roles.token_routes.allow_items(tokens, (*SCAN_ITEMS, *WRITE_ITEMS))
    roles.token_routes.allow_update(tokens, TOKENS_KEY, "revoked")


def _allow_reconciler(identity: Identity, shared: Shared) -> None:
    storage, queues = shared.storage, shared.queues
    dead_letters = queues.dead_letters.queue_arn
    identity.allow(("sqs:ReceiveMessage", "sqs:DeleteMessage"), dead_letters)
    identity.allow(("sqs:SendMessage", "sqs:GetQueueAttributes"), queues.queue.queue_arn)
    identity.allow_items(shared.catalogue.images, (*READ_ITEMS, *WRITE_ITEMS, *SCAN_ITEMS))
    identity.allow_queries(shared.catalogue.images, "by_time_in_state")
    identity.allow_items(shared.catalogue.counts, WRITE_COUNTS)
    identity.allow_objects(storage, READ, UPLOADS, DERIVED, IMPORTS, RECONCILING, RECOUNTED)
    identity.allow_objects(storage, WRITE, IMPORTS, RECONCILING)
    identity.allow_objects(storage, DELETE, UPLOADS, DERIVED)
    identity.allow(("s3:ListBucketVersions",), storage.bucket.bucket_arn)
    identity.allow(("lambda:InvokeFunction",), _named(identity, shared, INDEXER))


def _named(scope: Construct, shared: Shared, function: str) -> str:
    """Return the ARN of a function by its name, for a role that is made before it."""
    return cdk.Stack.of(scope).format_arn(
        service="lambda",
        resource="function",
        resource_name=shared.stage.named(function),
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
