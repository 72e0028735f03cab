"""The token by which a deployment tries itself out: good for as long as that takes."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.access import Scope, TokenStore
from infra.doctor import OWNER, passing_token


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        dynamodb: Any = boto3.client("dynamodb", region_name="eu-west-3")
        key = "token_sha256"
        dynamodb.create_table(
            TableName="tokens",
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield dynamodb


def test_it_reads_and_writes_and_is_no_administrators(client: Any) -> None:
    with passing_token(client, "tokens") as token:
        caller = TokenStore(client, "tokens").caller(token)
    assert caller
    assert (caller.owner, caller.scopes) == (OWNER, frozenset({Scope.READ, Scope.WRITE}))


def test_nothing_of_it_is_kept_whatever_happens(client: Any) -> None:
    given: list[str] = []

    def interrupted() -> None:
        with passing_token(client, "tokens") as token:
            given.append(token)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    store = TokenStore(client, "tokens")
    assert store.records() == ()
    assert store.caller(given[0]) is None


def test_should_it_be_killed_the_token_ends_by_itself(client: Any) -> None:
    with passing_token(client, "tokens"):
        (record,) = TokenStore(client, "tokens").records()
    assert record.expires_at and (record.expires_at - record.created_at).days == 1
