"""Tokens over HTTP, kept in their table."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from app import provider
from chalicelib.access import CACHE_SECONDS, Scope, TokenStore
from tests.api import Api


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def kept(now: list[float]) -> Iterator[Api]:
    """Yield the API on the tokens' table; "administrator" tells the token that is there."""
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
        api = Api(tokens=TokenStore(client, "tokens", lambda: now[0]))
        provider.repository = api.repository()
        yield api
        del provider.repository


@pytest.fixture
def administrator(kept: Api) -> str:
    token, _ = kept.tokens.add("root", [Scope.ADMIN], "first")
    return token


def test_a_made_token_opens_its_owners_photographs_until_it_is_revoked(
    kept: Api, administrator: str, now: list[float]
) -> None:
    kept.enter(owner="ann")
    made = kept.call("POST", "/tokens", {"owner": "ann", "scopes": ["read"]}, as_=administrator)
    assert made.status == 201
    token = made.json["token"]
    assert [image["owner"] for image in _listed(kept, token)] == ["ann"]
    new = {"name": "a.jpg", "content_type": "image/jpeg", "size": 1}
    assert kept.call("POST", "/images", new, as_=token).status == 403
    path = f"/tokens/{made.json['id']}"
    assert kept.call("DELETE", path, as_=administrator).status == 204
    now[0] += CACHE_SECONDS
    assert kept.call("GET", "/images", as_=token).status == 401


def _listed(api: Api, token: str) -> list[dict[str, str]]:
    answer = api.call("GET", "/images", as_=token)
    assert answer.status == 200
    items: list[dict[str, str]] = answer.json["items"]
    return items


def test_a_list_tells_of_every_token_and_shows_none(kept: Api, administrator: str) -> None:
    made = kept.call("POST", "/tokens", {"owner": "ann", "label": "laptop"}, as_=administrator)
    assert made.headers["Cache-Control"] == "no-store"
    answer = kept.call("GET", "/tokens", as_=administrator)
    told = {item["label"]: (item["owner"], item["scopes"]) for item in answer.json["items"]}
    assert told == {"first": ("root", ["admin"]), "laptop": ("ann", ["read", "write"])}
    assert "imr_" not in answer.text


@pytest.mark.parametrize("caller", ["ann", "reader", "bob"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/tokens", {"owner": "ann"}),
        ("GET", "/tokens", None),
        ("DELETE", "/tokens/hash-0", None),
    ],
)
def test_only_an_administrator_may_do_anything_with_tokens(
    api: Api, caller: str, method: str, path: str, body: dict[str, str] | None
) -> None:
    api.tokens.add("ann", ["read"])
    answer = api.call(method, path, body, as_=caller)
    assert answer.status == 403
    assert "'admin'" in answer.json["detail"]
    assert [record.revoked for record in api.tokens.records()] == [False]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "owner"),
        ({"owner": "a/b"}, "owner"),
        ({"owner": "ann", "scopes": []}, "scopes"),
        ({"owner": "ann", "scopes": ["root"]}, "scopes[0]"),
        ({"owner": "ann", "label": "x" * 65}, "label"),
        ({"owner": "ann", "days": 0}, "days"),
        ({"owner": "ann", "days": 3_651}, "days"),
        ({"owner": "ann", "token": "imr_mine"}, "token"),
    ],
)
def test_a_bad_field_is_named(api: Api, body: dict[str, object], field: str) -> None:
    answer = api.call("POST", "/tokens", body, as_="admin")
    assert (answer.status, answer.json["field"]) == (400, field)
    assert api.tokens.records() == ()


def test_a_token_that_is_not_there_cannot_be_revoked(kept: Api, administrator: str) -> None:
    for name in ("first", "0" * 64):
        assert kept.call("DELETE", f"/tokens/{name}", as_=administrator).status == 404
