"""Tokens in their table: made once, known by hash, good until they expire or are revoked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.access import CACHE_SECONDS, MAX_DAYS, NOTED, Caller, Scope, TokenStore
from chalicelib.errors import CatalogueUnavailable, Forbidden, InvalidField, NotFound

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = 24 * 3_600.0


@dataclass
class Clock:
    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Tokens:
    store: TokenStore
    client: Any
    clock: Clock

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.scan(TableName="tokens")["Items"]
        return found


@pytest.fixture
def tokens() -> Iterator[Tokens]:
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_table(
            TableName="tokens",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "token_sha256", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "token_sha256", "AttributeType": "S"}],
        )
        clock = Clock(START.timestamp())
        yield Tokens(TokenStore(client, "tokens", clock), client, clock)


def test_a_token_stands_for_its_owner_and_scopes(tokens: Tokens) -> None:
    token, record = tokens.store.add("ann", ["read", "write"], "laptop")
    assert tokens.store.records() == (record,)
    expected = Caller("ann", frozenset({Scope.READ, Scope.WRITE}))
    assert tokens.store.caller(token) == expected
    assert (token[:4], len(token)) == ("imr_", 47)


def test_the_token_itself_is_kept_nowhere(tokens: Tokens) -> None:
    token, _ = tokens.store.add("ann", ["read"])
    assert token not in str(tokens.items())
    assert token.removeprefix("imr_") not in str(tokens.store.records())


@pytest.mark.fault(42)
@pytest.mark.parametrize("stranger", ["", "imr_", "imr_unknown", "nonsense", "imr_é", "x" * 9_000])
def test_a_token_nobody_made_stands_for_no_one(tokens: Tokens, stranger: str) -> None:
    token, _ = tokens.store.add("ann", ["read"])
    assert tokens.store.caller(stranger) is None
    assert tokens.store.caller(token + "x") is None
    assert tokens.store.caller(token.upper()) is None


def test_each_token_stands_for_its_own_owner(tokens: Tokens) -> None:
    (anns, _), (bobs, _) = (
        tokens.store.add("ann", ["read"]),
        tokens.store.add("bob", ["admin"]),
    )
    for _ in range(2):  # from the table, then from the cache
        assert tokens.store.caller(anns) == Caller("ann", frozenset({Scope.READ}))
        assert tokens.store.caller(bobs) == Caller("bob", frozenset({Scope.ADMIN}))


def test_a_token_is_known_by_its_label_and_when_it_was_made(tokens: Tokens) -> None:
    tokens.store.add("ann", ["read"])
    tokens.clock.now += DAY
    tokens.store.add("ann", ["read"], "laptop")
    told = [(record.label, record.created_at) for record in tokens.store.records()]
    assert told == [("", START), ("laptop", START + timedelta(days=1))]


@pytest.mark.fault(42)
def test_a_token_is_good_for_as_many_days_as_it_was_made_for(tokens: Tokens) -> None:
    token, record = tokens.store.add("ann", ["read"], days=7)
    lasting, _ = tokens.store.add("ann", ["read"])
    assert record.expires_at == START + timedelta(days=7)
    tokens.clock.now += 7 * DAY - 1
    assert tokens.store.caller(token)
    tokens.clock.now += CACHE_SECONDS
    assert tokens.store.caller(token) is None
    assert tokens.store.caller(lasting)


@pytest.mark.parametrize("days", [0, -1, MAX_DAYS + 1])
def test_a_token_is_good_for_a_day_at_least_and_ten_years_at_most(
    tokens: Tokens, days: int
) -> None:
    with pytest.raises(InvalidField, match="days: must be between 1 and 3650"):
        tokens.store.add("ann", ["read"], days=days)
    assert tokens.items() == []
    for most in (1, MAX_DAYS):
        _, record = tokens.store.add("ann", ["read"], days=most)
        assert record.expires_at == START + timedelta(days=most)


def test_a_token_is_good_no_longer_at_the_moment_when_it_expires(tokens: Tokens) -> None:
    token, record = tokens.store.add("ann", ["read"], days=1)
    assert record.expires_at
    tokens.clock.now = record.expires_at.timestamp()
    assert tokens.store.caller(token) is None


def test_the_last_use_of_a_token_is_known_to_the_hour(tokens: Tokens) -> None:
    token, _ = tokens.store.add("ann", ["read"])
    tokens.store.add("bob", ["read"], "unused")

    def used() -> dict[str, datetime | None]:
        return {record.owner: record.last_used_at for record in tokens.store.records()}

    assert used() == {"ann": None, "bob": None}
    tokens.store.caller(token)
    assert used() == {"ann": START, "bob": None}
    tokens.clock.now += NOTED.total_seconds() - 1
    tokens.store.caller(token)
    assert used()["ann"] == START
    tokens.clock.now += CACHE_SECONDS
    tokens.store.caller(token)
    assert used()["ann"] == START + NOTED + timedelta(seconds=CACHE_SECONDS - 1)


def test_a_table_that_takes_no_writes_still_lets_a_token_in(tokens: Tokens) -> None:
    class ReadOnly:
        def get_item(self, **call: Any) -> Any:
            return tokens.client.get_item(**call)

        def update_item(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "UpdateItem")

    token, _ = tokens.store.add("ann", ["read"])
    store = TokenStore(ReadOnly(), "tokens", tokens.clock)  # type: ignore[arg-type]
    assert store.caller(token)


def test_a_token_is_good_as_soon_as_it_is_made() -> None:
    class Lagging:
        """A table whose eventually consistent reads lag behind."""

        def __init__(self) -> None:
            self.items: dict[str, Any] = {}

        def put_item(self, **call: Any) -> None:
            self.items[call["Item"]["token_sha256"]["S"]] = call["Item"]

        def get_item(self, **call: Any) -> dict[str, Any]:
            item = self.items[call["Key"]["token_sha256"]["S"]]
            return {"Item": item} if call.get("ConsistentRead") else {}

        def update_item(self, **call: Any) -> None:
            """Take the last use."""

    store = TokenStore(Lagging(), "tokens")  # type: ignore[arg-type]
    token, _ = store.add("ann", ["read"])
    assert store.caller(token)


def test_tokens_are_found_on_every_page_of_the_table(tokens: Tokens) -> None:
    class Paging:
        """A table that answers with one item at a time, as DynamoDB does with a megabyte."""

        def scan(self, **call: Any) -> Any:
            return tokens.client.scan(Limit=1, **call)

    for label in ("one", "two", "three"):
        tokens.store.add("ann", ["read"], label)
    store = TokenStore(Paging(), "tokens")  # type: ignore[arg-type]
    assert {record.label for record in store.records()} == {"one", "two", "three"}


@pytest.mark.fault(42)
def test_a_revoked_token_is_refused_once_the_cache_has_run_out(tokens: Tokens) -> None:
    token, record = tokens.store.add("ann", ["read"], "laptop")
    assert tokens.store.caller(token)
    tokens.store.revoke(record.token_sha256)
    tokens.clock.now += CACHE_SECONDS + 0.1
    assert tokens.store.caller(token) is None
    assert CACHE_SECONDS <= 30


def test_a_request_does_not_cost_a_read_each(tokens: Tokens) -> None:
    token, _ = tokens.store.add("ann", ["read"])
    assert tokens.store.caller(token)
    tokens.client.delete_item(
        TableName="tokens", Key={"token_sha256": tokens.items()[0]["token_sha256"]}
    )
    tokens.clock.now += CACHE_SECONDS - 0.1
    assert tokens.store.caller(token)
    tokens.clock.now += 0.1
    assert tokens.store.caller(token) is None


def test_one_token_is_revoked_and_no_other(tokens: Tokens) -> None:
    _, one = tokens.store.add("ann", ["read"], "one")
    tokens.store.add("ann", ["read"], "two")
    for _ in "again":
        tokens.store.revoke(one.token_sha256)
    assert {record.label: record.revoked for record in tokens.store.records()} == {
        "one": True,
        "two": False,
    }


@pytest.mark.parametrize("token_id", ["", "two", "0" * 64, "x" * 9_000])
def test_what_is_no_token_cannot_be_revoked_and_makes_no_record(
    tokens: Tokens, token_id: str
) -> None:
    tokens.store.add("ann", ["read"], "two")
    with pytest.raises(NotFound):
        tokens.store.revoke(token_id)
    assert [record.revoked for record in tokens.store.records()] == [False]


@pytest.mark.parametrize(
    ("owner", "scopes", "problem"),
    [
        ("", ["read"], "owner: must be a name without '/' and '#'"),
        (".", ["read"], "owner: must be a name without '/' and '#'"),
        ("..", ["read"], "owner: must be a name without '/' and '#'"),
        ("a/b", ["read"], "owner: must be a name without '/' and '#'"),
        ("a#b", ["read"], "owner: must be a name without '/' and '#'"),
        ("ann", [], "scopes: must name at least one of read, write, admin"),
        ("ann", ["read", "root"], "scopes: must be out of read, write, admin"),
    ],
)
def test_a_token_that_cannot_be_is_not_made(
    tokens: Tokens, owner: str, scopes: list[str], problem: str
) -> None:
    with pytest.raises(InvalidField) as raised:
        tokens.store.add(owner, scopes)
    assert str(raised.value) == problem
    assert tokens.items() == []


def test_a_table_that_does_not_answer_is_unavailable_and_lets_no_one_in() -> None:
    class Throttled:
        def get_item(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")

    store: Any = TokenStore(Throttled(), "tokens")  # type: ignore[arg-type]
    with pytest.raises(CatalogueUnavailable):
        store.caller("imr_any")


def test_admin_includes_the_other_scopes_and_sees_everyone() -> None:
    admin = Caller("root", frozenset({Scope.ADMIN}))
    reader = Caller("ann", frozenset({Scope.READ}))
    for scope in Scope:
        admin.require(scope)
    assert (admin.visible_owner(None), admin.visible_owner("bob")) == (None, "bob")
    assert reader.visible_owner(None) == reader.visible_owner("ann") == "ann"
    with pytest.raises(Forbidden, match="'write'"):
        reader.require(Scope.WRITE)
    with pytest.raises(Forbidden):
        reader.visible_owner("bob")
