"""People who sign in with an OpenID provider: whose tokens are checked, and who they stand for."""

from chalicelib.oidc.claims import ClaimRules, owner_name
from chalicelib.oidc.provider import (
    Fetch,
    Metadata,
    Provider,
    fetch,
    metadata_of,
    origin_of,
    secure_url,
)
from chalicelib.oidc.tokens import SignedTokens

__all__ = [
    "ClaimRules",
    "Fetch",
    "Metadata",
    "Provider",
    "SignedTokens",
    "fetch",
    "metadata_of",
    "origin_of",
    "owner_name",
    "secure_url",
]
