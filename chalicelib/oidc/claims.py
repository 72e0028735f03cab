"""Whose photographs a person's claims open, and what may be done with them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from chalicelib.access import Caller, Scope

# Letters that are harmless in keys of S3, where an owner is a folder, and in addresses; "@" for
# people's: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_PLAIN = re.compile(r"[A-Za-z0-9@_-]|(?<=.)\.(?=.)")
# Of an owner's name in requests.
MAX_CHARS = 128
# The name of a group or a role; a path of Keycloak's, or a scope of Cognito's.
_GRANT = re.compile(r"/?image-repo[-/:.](read|write|admin)")
# Scopes of a token are a text (RFC 9068, 2.2.3).
_SCOPES = ("scope", "scp")
_TRUE = (True, "true")  # Cognito writes the claims of other providers as text


def owner_name(identity: str) -> str:
    """Return an identity as an owner's name: another one for each identity.

    What has no place in a name is ``!`` and its bytes in hexadecimal digits; a name that would be
    too long is ``!!`` and its SHA-256.
    """
    name = "".join(_escaped(identity))
    return name if len(name) <= MAX_CHARS else f"!!{sha256(_bytes(identity)).hexdigest()}"


def _escaped(identity: str) -> Iterator[str]:
    for place, letter in enumerate(identity):
        if _PLAIN.match(identity, place):
            yield letter
        else:
            yield from (f"!{byte:02X}" for byte in _bytes(letter))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # JSON may hold halves of pairs


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """How claims become an owner and scopes.

    Attributes
    ----------
    owner_claim
        Names the owner. The provider must choose its value, not the person: an e-mail address
        counts only where it is verified.
    groups_claim
        Lists groups, roles or permissions, of which ``image-repo-read``, ``-write`` and ``-admin``
        give these scopes.
    default
        Scopes of who is in none of these.
    """

    owner_claim: str = "sub"
    groups_claim: str = "cognito:groups"
    default: frozenset[Scope] = frozenset({Scope.READ, Scope.WRITE})

    def caller(self, claims: Mapping[str, Any]) -> Caller | None:
        """Return who claims stand for; None where they name no owner."""
        identity = claims.get(self.owner_claim)
        if not isinstance(identity, str) or not identity:
            return None
        if self.owner_claim == "email" and claims.get("email_verified") not in _TRUE:
            return None
        return Caller(owner_name(identity), self._scopes(claims) or self.default)

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[Scope]:
        listed = claims.get(self.groups_claim, [])
        names = self._names(listed) if isinstance(listed, str) else listed
        matches = (_GRANT.fullmatch(str(name)) for name in _as_list(names))
        return frozenset(Scope(match[1]) for match in matches if match)

    def _names(self, text: str) -> list[str]:
        """Return what a text lists: scopes, or one group, whose name may have blanks."""
        return text.split() if self.groups_claim in _SCOPES else [text]


def _as_list(names: Any) -> list[Any]:
    return names if isinstance(names, list) else []
