"""The local stack's token."""

import boto3

from chalicelib.access import Scope, TokenStore
from chalicelib.names import DEFAULT_OWNER

LABEL = "local"


def token_for(table: str, known: str | None) -> str:
    """Return ``known`` if it is still good, else a new token of the administrator.

    Its owner is the one to whom photographs belong that are put into the bucket by hand.
    """
    store = TokenStore(boto3.client("dynamodb"), table)
    if known and store.caller(known):
        return known
    token, _ = store.add(DEFAULT_OWNER, [scope.value for scope in Scope], label=LABEL)
    return token
