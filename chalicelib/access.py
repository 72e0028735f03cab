"""Who may do what: bearer tokens, each with an owner and scopes."""

import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import CatalogueUnavailable, Forbidden, InvalidField, NotFound

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TOKEN_PREFIX = "imr_"  # noqa: S105  not a secret: it says what kind of secret follows
TOKEN_BYTES = 32
# A revoked token is good for this long in a warm authorizer; API Gateway keeps no answer itself.
CACHE_SECONDS = 15.0
MAX_DAYS = 3_650
# Its last use is noted so often at most: a write an hour, not one a request.
NOTED = timedelta(hours=1)
_HASH = re.compile(r"[0-9a-f]{64}")
_logger = logging.getLogger(__name__)
_NO_TOKEN = "there is no such token"  # noqa: S105  a message


class Scope(StrEnum):
    """What a token is good for; ``admin`` includes the others and sees every owner."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever presented a valid token."""

    owner: str
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Let the caller pass if a scope allows it.

        Raises
        ------
        Forbidden
            The token lacks the scope.
        """
        if not self.scopes & {scope, Scope.ADMIN}:
            raise Forbidden(f"this token lacks the scope '{scope.value}'")

    def sees(self, owner: str) -> bool:
        """Tell whether an owner's photographs are the caller's to see."""
        return Scope.ADMIN in self.scopes or owner == self.owner

    def visible_owner(self, owner: str | None) -> str | None:
        """Return whose photographs to look at: the one asked for, else all that may be seen.

        Raises
        ------
        Forbidden
            Another owner's were asked for without ``admin``.
        """
        if Scope.ADMIN in self.scopes:
            return owner
        if owner not in (None, self.owner):
            raise Forbidden("only a token with the scope 'admin' sees other owners' photographs")
        return self.owner


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """What is kept of a token: never the token itself.

    Attributes
    ----------
    expires_at
        From when on it is refused; None for never.
    last_used_at
        To within `NOTED`; None before its first use.
    """

    token_sha256: str
    owner: str
    scopes: frozenset[Scope]
    label: str
    created_at: datetime
    revoked: bool = False
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it lets somebody in."""
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


class Tokens(Protocol):
    """What the API asks of the tokens."""

    def caller(self, token: str) -> Caller | None:
        """Return who a token stands for, or None if it is unknown, revoked or expired."""

    def add(
        self, owner: str, scopes: Iterable[str], label: str = "", days: int | None = None
    ) -> tuple[str, TokenRecord]:
        """Make a token; return it, which cannot be shown again, and what is kept of it."""

    def revoke(self, token_sha256: str) -> None:
        """Revoke the token of this hash."""

    def records(self) -> tuple[TokenRecord, ...]:
        """Return what is known of every token, oldest first."""


class TokenStore:
    """Tokens in their DynamoDB table.

    Parameters
    ----------
    client, table
        Where they are kept.
    clock
        Seconds since 1970. A monotonic clock stands still while a function is frozen.
    """

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._cache = _Cache(clock)

    def add(
        self, owner: str, scopes: Iterable[str], label: str = "", days: int | None = None
    ) -> tuple[str, TokenRecord]:
        """Make a token; return it, which cannot be shown again, and what is kept of it.

        Parameters
        ----------
        days
            How long it is good; None for as long as it is not revoked.

        Raises
        ------
        InvalidField
            ``owner``, ``scopes`` or ``days`` cannot be.
        """
        if owner in {"", ".", ".."} or "/" in owner or "#" in owner:
            raise InvalidField("owner", "must be a name without '/' and '#'")
        wanted = _scopes(scopes)
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        moment = self._now().replace(microsecond=0)
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise InvalidField("days", f"must be between 1 and {MAX_DAYS}")
        expires = None if days is None else moment + timedelta(days=days)
        record = TokenRecord(_digest(token), owner, wanted, label, moment, expires_at=expires)
        self._call("put_item", Item=_item(record))
        return token, record

    def revoke(self, token_sha256: str) -> None:
        """Revoke the token of this hash; again does no harm.

        Raises
        ------
        NotFound
            There is none.
        """
        if not _HASH.fullmatch(token_sha256):
            raise NotFound(_NO_TOKEN)
        self._call(
            "update_item",
            Key={"token_sha256": {"S": token_sha256}},
            UpdateExpression="SET revoked = :yes",
            ConditionExpression="attribute_exists(token_sha256)",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def records(self) -> tuple[TokenRecord, ...]:
        """Return what is known of every token, oldest first."""
        records: list[TokenRecord] = []
        start: dict[str, Any] = {}
        while True:
            answer = self._call("scan", **start)
            records += [_record(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return tuple(sorted(records, key=lambda record: record.created_at))
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def caller(self, token: str) -> Caller | None:
        """Return who a token stands for, or None if it is unknown, revoked or expired."""
        if not (token.startswith(TOKEN_PREFIX) and token.isascii()):
            return None
        digest = _digest(token)
        return self._cache.get(digest, lambda: self._look_up(digest))

    def _look_up(self, digest: str) -> Caller | None:
        answer = self._call("get_item", Key={"token_sha256": {"S": digest}}, ConsistentRead=True)
        if "Item" not in answer:
            return None
        record = _record(answer["Item"])
        matches = hmac.compare_digest(record.token_sha256, digest)
        if not (matches and record.is_valid(self._now())):
            return None
        self._note_use(record)
        return Caller(record.owner, record.scopes)

    def _note_use(self, record: TokenRecord) -> None:
        now = self._now()
        if record.last_used_at is not None and now - record.last_used_at < NOTED:
            return
        try:
            self._call(
                "update_item",
                Key={"token_sha256": {"S": record.token_sha256}},
                UpdateExpression="SET last_used_at = :now",
                ConditionExpression="attribute_exists(token_sha256)",
                ExpressionAttributeValues={":now": {"S": now.isoformat(timespec="seconds")}},
            )
        except (CatalogueUnavailable, NotFound):
            _logger.warning("the last use of a token was not noted")  # whoever has it may go on

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(TableName=self._table, **arguments)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and _is_refused(error):
                raise NotFound(_NO_TOKEN) from error
            raise CatalogueUnavailable("the table of tokens did not answer") from error


@dataclass(slots=True)
class _Cache:
    clock: Callable[[], float]
    entries: dict[str, tuple[float, Caller]] = field(default_factory=dict)

    def get(self, digest: str, look_up: Callable[[], Caller | None]) -> Caller | None:
        known = self.entries.get(digest)
        if known and self.clock() - known[0] < CACHE_SECONDS:
            return known[1]
        caller = look_up()
        if caller is not None:  # unknown tokens must not fill the memory
            self.entries[digest] = (self.clock(), caller)
        return caller


def _is_refused(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _scopes(names: Iterable[str]) -> frozenset[Scope]:
    try:
        scopes = frozenset(Scope(name) for name in names)
    except ValueError as error:
        raise InvalidField("scopes", "must be out of read, write, admin") from error
    if not scopes:
        raise InvalidField("scopes", "must name at least one of read, write, admin")
    return scopes


def _item(record: TokenRecord) -> dict[str, Any]:
    item: dict[str, Any] = {
        "token_sha256": {"S": record.token_sha256},
        "owner": {"S": record.owner},
        "scopes": {"L": [{"S": scope.value} for scope in sorted(record.scopes)]},
        "label": {"S": record.label},
        "created_at": {"S": record.created_at.isoformat()},
        "revoked": {"BOOL": record.revoked},
    }
    if record.expires_at is not None:
        item["expires_at"] = {"S": record.expires_at.isoformat()}
    return item


def _record(item: dict[str, Any]) -> TokenRecord:
    return TokenRecord(
        token_sha256=item["token_sha256"]["S"],
        owner=item["owner"]["S"],
        scopes=frozenset(Scope(scope["S"]) for scope in item["scopes"]["L"]),
        label=item["label"]["S"],
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        revoked=item["revoked"]["BOOL"],
        expires_at=_moment(item, "expires_at"),
        last_used_at=_moment(item, "last_used_at"),
    )


def _moment(item: dict[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]["S"]) if name in item else None
