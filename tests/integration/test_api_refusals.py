"""What the API refuses, with the deployed adapters on moto's AWS and on both engines."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import boto3
import pytest

import app as entry_point
from chalicelib.access import CACHE_SECONDS, Scope, TokenStore
from chalicelib.api.problems import PROBLEM_JSON
from chalicelib.api.routes import route_of
from chalicelib.search.port import document_of
from tests.api import CALLERS, Answer
from tests.api_on_aws import DOG, AwsApi, api_on_aws
from tests.api_requests import NEW, REQUESTS
from tests.oidc import FakeProvider
from tests.opensearch import empty_index, needs_opensearch

Asked = tuple[str, str, str, Any]
BOBS = replace(DOG, image_id="bobs", owner="bob", key="uploads/bob/x/bobs.jpg")
TWO_DAYS_AGO = time.time() - 2 * 24 * 60 * 60
BOUND_SECONDS = 10  # however busy the machine is
GUARDED = [asked for asked in REQUESTS if route_of(*asked[:2]).scope is not None]
EACH_GUARDED = pytest.mark.parametrize("asked", GUARDED, ids=lambda asked: f"{asked[0]} {asked[1]}")


@pytest.fixture(scope="module")
def api() -> Iterator[AwsApi]:
    with api_on_aws() as api:
        for image in (DOG, BOBS):
            api.enter(image)
        yield api


def assert_problem(answer: Answer, status: int, field: str | None = None) -> None:
    assert (answer.status, answer.json["status"]) == (status, status), answer.text
    assert answer.headers["Content-Type"] == PROBLEM_JSON
    assert answer.json.get("field") == field


@pytest.mark.fault(25, by="moto")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("owner", "bob"),
        ("status", "captioned"),
        ("state", "captioned"),
        ("model", "mine@1"),
        ("source", "model"),
        ("rev", 7),
        ("id", "bobs"),
        ("key", "uploads/bob/x/bobs.jpg"),
        ("visual", "AAAA"),
    ],
)
def test_an_edit_of_what_no_person_edits_is_refused_whole(
    api: AwsApi, field: str, value: Any
) -> None:
    before = api.catalogue.get("id-1")
    for more in ({}, {"caption": "A cat sleeps"}):
        for who in ("ann", "admin"):
            answer = api.call("PATCH", "/images/id-1", {field: value, **more}, as_=who)
            assert_problem(answer, 400, field)
    assert api.catalogue.get("id-1") == before


@pytest.mark.fault(14, by="moto")
@pytest.mark.parametrize(
    "name", ["a.jpg", "../bob/x.jpg", "/uploads/bob/x.jpg", "a/../../bob/x.jpg", "..\\bob\\x.jpg"]
)
def test_a_form_is_signed_for_the_callers_own_folder_alone(api: AwsApi, name: str) -> None:
    for more in ({"owner": "bob"}, {"key": "uploads/bob/x.jpg"}):
        answer = api.call("POST", "/images", NEW | {"name": name} | more, as_="ann")
        assert_problem(answer, 400, *more)
    answer = api.call("POST", "/images", NEW | {"name": name}, as_="ann")
    if answer.status == 400:
        assert_problem(answer, 400, "name")
        return
    fields = answer.json["upload"]["fields"]
    key = fields["key"]
    assert key.startswith("uploads/ann/") and ".." not in key.split("/")
    assert {"key": key} in json.loads(base64.b64decode(fields["policy"]))["conditions"]


def tokens_at(moment: float) -> TokenStore:
    """Return the table of tokens as it is used at a time."""
    return TokenStore(boto3.client("dynamodb"), "tokens", lambda: moment)


@pytest.fixture(scope="module")
def refused(api: AwsApi) -> dict[str, str]:
    """Return tokens that let nobody in, by what is wrong with them."""
    expired, _ = tokens_at(TWO_DAYS_AGO).add("ann", [Scope.ADMIN], days=1)
    revoked, record = tokens_at(TWO_DAYS_AGO).add("ann", [Scope.ADMIN])
    tokens_at(TWO_DAYS_AGO).revoke(record.token_sha256)
    good = api.tokens["admin"]
    return {
        "expired": expired,
        "revoked": revoked,
        "unknown": "imr_" + "x" * 43,
        "forged": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "a hash": record.token_sha256,
        "a provider's, where nobody signs in": FakeProvider().token(),
        "none": "",
    }


@pytest.mark.fault(42, by="moto")
@EACH_GUARDED
def test_a_token_that_is_not_good_gets_a_problem_document(
    api: AwsApi, asked: Asked, refused: dict[str, str]
) -> None:
    method, _, target, body = asked
    for token in refused.values():
        assert_problem(api.call(method, target, body, as_=token), 401)


@pytest.mark.fault(42, by="moto")
def test_a_token_that_expires_or_is_revoked_while_it_is_known_is_soon_refused(api: AwsApi) -> None:
    now = [time.time()]
    warm = TokenStore(boto3.client("dynamodb"), "tokens", lambda: now[0])
    (short, _), (long, record) = warm.add("ann", ["read"], days=1), warm.add("ann", ["read"])
    now[0] += 24 * 60 * 60 - 1
    assert warm.caller(short) and warm.caller(long)
    assert api.call("DELETE", f"/tokens/{record.token_sha256}").status == 204
    now[0] += CACHE_SECONDS
    assert warm.caller(short) is warm.caller(long) is None


@pytest.mark.fault(43, by="moto")
@pytest.mark.parametrize("who", ["reader", "writer", "ann", "bob", "admin"])
@EACH_GUARDED
def test_a_route_wants_its_scope(api: AwsApi, asked: Asked, who: str) -> None:
    method, path, target, body = asked
    wanted = route_of(method, path).scope
    assert wanted
    # Nothing is deleted by those that may.
    target = target.replace("id-1", "never-was") if method == "DELETE" else target
    answer = api.call(method, target, body, as_=who)
    if CALLERS[who].scopes & {wanted, Scope.ADMIN}:
        # There is no encoder, which alone answers where the model looked.
        is_asked = path.endswith("/attention")
        assert answer.status in {200, 201, 202, 204, 400, 404, 503 if is_asked else 200}, (
            answer.text
        )
    else:
        assert_problem(answer, 403)
        assert f"'{wanted.value}'" in answer.json["detail"]


@pytest.mark.fault(24, by="moto")
@pytest.mark.fault(43, by="moto")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/images/{}", None),
        ("PATCH", "/images/{}", {"caption": "mine"}),
        ("DELETE", "/images/{}", None),
        ("POST", "/images/{}/restore", None),
        ("GET", "/images/{}/similar", None),
        ("GET", "/search?q=dog&unlike={}", None),
    ],
)
def test_a_foreign_id_is_answered_as_one_that_never_was(
    api: AwsApi, method: str, path: str, body: Any
) -> None:
    foreign, never = (
        api.call(method, path.format(name), body, as_="ann") for name in ("bobs", "never")
    )
    assert foreign.status == never.status == (400 if "unlike" in path else 404)
    assert foreign.text.replace("bobs", "…") == never.text.replace("never", "…")
    assert foreign.headers == never.headers
    assert api.catalogue.get("bobs") and api.call("GET", "/images/bobs", as_="bob").status == 200


@pytest.fixture(
    scope="module", params=["published", pytest.param("opensearch", marks=needs_opensearch)]
)
def searched(api: AwsApi, request: pytest.FixtureRequest) -> Iterator[AwsApi]:
    """Yield the API on each engine."""
    if request.param == "published":
        yield api
        return
    whole = api.repository
    with empty_index() as index:
        index.apply([document_of(image) for image in api.catalogue.scan()])
        entry_point.provider.repository = replace(
            whole,
            searching=replace(whole.searching, index=index),
            collection=replace(whole.collection, index=index),
        )
        yield api
        entry_point.provider.repository = whole


NESTED = {"subject": "dog"}
for _ in range(90):
    NESTED = {"not": NESTED}  # type: ignore[dict-item]
LONG = "dog " * 2_500


@pytest.mark.fault(22)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": LONG}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"text": "dog", "limit": 10**6}, "limit"),
        ({"text": "dog", "limit": 0}, "limit"),
        ({"text": "dog", "limit": -1}, "limit"),
        ({"text": "dog", "limit": 1.5}, "limit"),
        ({"text": "dog", "limit": float("nan")}, "limit"),
        ({"text": "dog", "min_relevance": float("nan")}, "min_relevance"),
        ({"text": "dog", "weights": {"words": float("inf")}}, "weights.words"),
        ({"text": "dog", "cursor": "A" * 40}, "cursor"),
        ({"text": "dog", "cursor": "x" * 2_001}, "cursor"),
        ({"text": "dog", "facets": ["owner"]}, "facets[0]"),
        ({"attributes": NESTED}, "attributes"),
        ({"attributes": {"and": [{"subject": "dog"}] * 1_000}}, "attributes.and"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_hostile_search_is_a_400_that_names_the_field_and_takes_no_time(
    searched: AwsApi, body: dict[str, Any], field: str
) -> None:
    began = time.monotonic()
    answer = searched.call("POST", "/search", body)
    assert time.monotonic() - began < BOUND_SECONDS
    assert answer.status == 400, answer.text
    assert answer.headers["Content-Type"] == PROBLEM_JSON
    assert answer.json["field"] == field


@pytest.mark.fault(22)
@pytest.mark.parametrize(
    "path",
    [
        "/search?q=dog&",
        "/images?",
        "/images/id-1/similar?",
        "/suggest?prefix=do&",
    ],
)
def test_a_parameter_that_cannot_be_is_a_400_that_names_it(searched: AwsApi, path: str) -> None:
    wrong = [("limit", text) for text in ("0", "-1", "NaN", "1000000", "9" * 400)]
    if not path.startswith("/suggest"):
        wrong += [("cursor", "A" * 40), ("cursor", "x" * 2_001), ("cursor", "\U0001f415")]
    for name, text in wrong:
        assert_problem(searched.call("GET", f"{path}{name}={quote(text)}", as_="ann"), 400, name)


@pytest.mark.fault(22)
@pytest.mark.parametrize(
    ("text", "has_words"),
    [
        ("a OR b", True),
        ("NEAR(dog", True),
        ("dog~2^9", True),
        ("x" * 1_000, True),
        ("[* TO *]", True),
        ("🐕‍🦺", False),
        ("*:*", False),
        ('"', False),
        ("/.*/", False),
        ("\\", False),
        ("{}", False),
    ],
)
def test_a_text_that_is_a_language_elsewhere_is_words_here_or_none(
    searched: AwsApi, text: str, has_words: bool
) -> None:
    began = time.monotonic()
    for field, answer in (
        ("text", searched.call("POST", "/search", {"text": text, "facets": ["subjects"]})),
        ("q", searched.call("GET", f"/search?q={quote(text)}")),
    ):
        assert answer.status == (200 if has_words else 400), answer.text
        assert answer.json.get("field") == (None if has_words else field)
    assert searched.call("GET", f"/suggest?prefix={quote(text)}").status == 200
    assert time.monotonic() - began < BOUND_SECONDS


@pytest.mark.fault(22)
def test_a_cursor_of_another_query_or_another_index_is_a_400(searched: AwsApi) -> None:
    first = searched.call("POST", "/search", {"sort": "added", "limit": 1})
    cursor = first.json["cursor"]
    assert cursor
    for other in ({"sort": "taken"}, {"text": "dog"}, {"sort": "added", "owner": "ann"}):
        answer = searched.call("POST", "/search", {**other, "limit": 1, "cursor": cursor})
        assert_problem(answer, 400, "cursor")
    listed = searched.call("GET", "/images?limit=1").json["cursor"]
    for target in (f"/images?limit=1&cursor={cursor}", f"/images?owner=ann&cursor={listed}"):
        assert_problem(searched.call("GET", target), 400, "cursor")
