"""The first token of a deployment: made once, never a second time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.access import Scope, TokenStore
from infra.first_token import administrators_token, gallery, is_administered, main

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


def test_an_administrators_token_may_do_everything(store: TokenStore) -> None:
    caller = store.caller(administrators_token(store))
    assert caller
    caller.require(Scope.ADMIN)


def test_a_deployment_is_administered_as_long_as_one_such_token_is_good(store: TokenStore) -> None:
    store.add("ann", ["read", "write"])
    assert not is_administered(store)
    administrators_token(store)
    assert is_administered(store)
    (record,) = (record for record in store.records() if Scope.ADMIN in record.scopes)
    store.revoke(record.token_sha256)
    assert not is_administered(store)


def shown(store: TokenStore, **options: bool) -> tuple[str, list[str]]:
    """Return what is said of the gallery, and what was started."""
    started: list[str] = []
    return gallery("https://api", store, lambda: started.append("index"), **options), started


def test_a_new_deployment_gets_a_token_and_an_index(store: TokenStore) -> None:
    said, started = shown(store)
    assert "https://api/#token=imr_" in said
    assert (len(store.records()), started) == (1, ["index"])


def test_a_later_one_gets_neither(store: TokenStore) -> None:
    shown(store)
    said, started = shown(store)
    assert "imr_" not in said
    assert (len(store.records()), started) == (1, [])


def test_a_token_that_is_lost_is_made_up_for(store: TokenStore) -> None:
    shown(store)
    said, started = shown(store, another=True)
    assert "https://api/#token=imr_" in said
    assert (len(store.records()), started) == (2, [])


def test_where_others_read_what_is_printed_no_token_is_made(store: TokenStore) -> None:
    said, started = shown(store, no_token=True)
    assert "imr_" not in said and "--another" in said
    assert (store.records(), started) == ((), ["index"])


def test_it_is_made_where_the_stack_is_wherever_the_environment_points(
    store: TokenStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    outputs = {
        "TokensTable": "tokens",
        "ApiUrl": "https://api",
        "Region": REGION,
        "Indexer": "indexer",
    }
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps({"ImageRepo-staging": outputs}))
    administrators_token(store)  # the first one would start an index
    assert main([str(path), "--another"]) == 0
    assert "https://api/#token=imr_" in capsys.readouterr().out
    assert len(store.records()) == 2


def test_where_nothing_was_deployed_from_the_way_to_the_outputs_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r'other\.json is not here: .*"From GitHub"'):
        main([str(tmp_path / "other.json"), "--another"])
