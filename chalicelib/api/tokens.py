"""Tokens over HTTP: an administrator makes, lists and revokes them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.access import MAX_DAYS, Scope, TokenRecord, Tokens
from chalicelib.api.answers import Answer
from chalicelib.api.queries import Owner, Request, printable

MAX_LABEL_CHARS = 64


class NewToken(Request):
    """``POST /tokens``: whose photographs a token opens, to what end, and for how many days."""

    owner: Owner
    scopes: Annotated[list[Scope], Field(min_length=1)] = Field([Scope.READ, Scope.WRITE])
    label: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=MAX_LABEL_CHARS),
        AfterValidator(printable),
    ] = ""
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] | None = None


class TokenAnswer(Answer):
    """What is kept of a token; ``id`` is its SHA-256, from which it cannot be told."""

    id: str
    owner: str
    scopes: list[Scope]
    label: str
    created_at: datetime
    revoked: bool
    expires_at: datetime | None
    last_used_at: datetime | None


class CreatedToken(TokenAnswer):
    """A new token, which is shown this once."""

    token: str


class TokenList(Answer):
    """Every token, oldest first."""

    items: list[TokenAnswer]


@dataclass(frozen=True, slots=True)
class TokenAdministration:
    """Makes, lists and revokes every owner's tokens: its routes are an administrator's."""

    tokens: Tokens

    def add(self, asked: NewToken) -> CreatedToken:
        """Make a token."""
        token, record = self.tokens.add(asked.owner, asked.scopes, asked.label, asked.days)
        return CreatedToken(**dict(_answer(record)), token=token)

    def list(self) -> TokenList:
        """Return what is known of every token."""
        return TokenList(items=[_answer(record) for record in self.tokens.records()])

    def revoke(self, token_id: str) -> None:
        """Revoke a token."""
        self.tokens.revoke(token_id)


def _answer(record: TokenRecord) -> TokenAnswer:
    return TokenAnswer(
        id=record.token_sha256,
        owner=record.owner,
        scopes=sorted(record.scopes),
        label=record.label,
        created_at=record.created_at,
        revoked=record.revoked,
        expires_at=record.expires_at,
        last_used_at=record.last_used_at,
    )
