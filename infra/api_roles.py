"""Who the API's functions are: each has a role for what it calls, and for nothing else."""

from dataclasses import dataclass
from typing import Self

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chalicelib.names import (
    DERIVED,
    DUE_PROGRESS,
    IMAGES_INDEXES,
    IMPORTS,
    INDEX,
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
    due
        Of what a schedule runs: settles dead letters, and does what is due.
    """

    routes: Identity
    token_routes: Identity
    authorizer: Identity
    due: Identity

    @classmethod
    def of(cls, scope: Construct, shared: Shared, functions: tuple[lambda_.IFunction, ...]) -> Self:
        """Return them; the routes may invoke ``functions``."""
        roles = cls(
            routes=Identity(scope, "Identity", service="api"),
            token_routes=Identity(scope, "TokenRoutesIdentity", service="token-routes"),
            authorizer=Identity(scope, "AuthorizerIdentity", service="authorizer"),
            due=Identity(scope, "DueIdentity", service="due"),
        )
        _allow_routes(roles.routes, shared, functions)
        _allow_tokens(roles, shared)
        _allow_due(roles.due, shared)
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
    identity.allow(("lambda:InvokeFunction",), *(function.function_arn for function in functions))


def _allow_tokens(roles: ApiRoles, shared: Shared) -> None:
    tokens = shared.catalogue.tokens
    roles.authorizer.allow_items(tokens, ("dynamodb:GetItem",))
    roles.authorizer.allow_update(tokens, TOKENS_KEY, "last_used_at")
    roles.token_routes.allow_items(tokens, (*SCAN_ITEMS, *WRITE_ITEMS))
    roles.token_routes.allow_update(tokens, TOKENS_KEY, "revoked")


def _allow_due(identity: Identity, shared: Shared) -> None:
    storage, queues = shared.storage, shared.queues
    dead_letters = queues.dead_letters.queue_arn
    identity.allow(("sqs:ReceiveMessage", "sqs:DeleteMessage"), dead_letters)
    identity.allow(("sqs:SendMessage", "sqs:GetQueueAttributes"), queues.queue.queue_arn)
    identity.allow_items(shared.catalogue.images, (*READ_ITEMS, *WRITE_ITEMS))
    identity.allow_queries(shared.catalogue.images, "by_time_in_state")
    identity.allow_items(shared.catalogue.counts, WRITE_COUNTS)
    identity.allow_objects(storage, READ, UPLOADS, IMPORTS, DUE_PROGRESS)
    identity.allow_objects(storage, WRITE, IMPORTS, DUE_PROGRESS)
    identity.allow_objects(storage, DELETE, DERIVED)
