"""The first token of a deployment: made once, never a second time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.access import Scope, TokenStore
from infra.first_token import first_token, main

REGION = "eu-west-3"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenStore]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name=REGION)
        key = "token_sha256"
        client.create_table(
            TableName="tokens",
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield TokenStore(client, "tokens")


def test_a_new_deployment_gets_an_administrators_token(store: TokenStore) -> None:
    token = first_token(store)
    assert token
    caller = store.caller(token)
    assert caller
    caller.require(Scope.ADMIN)


def test_a_later_deployment_gets_none(store: TokenStore) -> None:
    assert first_token(store)
    assert first_token(store) is None


def test_where_all_are_revoked_there_is_a_first_one_again(store: TokenStore) -> None:
    first_token(store)
    (record,) = store.records()
    store.revoke(record.token_sha256)
    assert first_token(store)


def test_where_no_administrators_is_left_there_is_a_first_one_again(store: TokenStore) -> None:
    store.add("ann", ["read", "write"])
    assert first_token(store)


def test_one_that_is_lost_is_made_up_for(store: TokenStore) -> None:
    lost = first_token(store)
    another = first_token(store, another=True)
    assert another
    assert another != lost


def test_it_is_made_where_the_stack_is_wherever_the_environment_points(
    store: TokenStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    outputs = {"TokensTable": "tokens", "ApiUrl": "https://api", "Region": REGION}
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps({"ImageRepo-staging": outputs}))
    assert main([str(path), "--another"]) == 0
    assert "https://api/#token=imr_" in capsys.readouterr().out
    assert len(list(store.records())) == 1
