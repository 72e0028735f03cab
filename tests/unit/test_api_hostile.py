"""Whatever is sent, the API answers with a document and never with a 500."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from moto import mock_aws

from app import provider
from chalicelib.api.queries import SearchParameters, SimilarQuery
from chalicelib.api.routes import ROUTES
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from chalicelib.search.query import FACETS
from tests.api import Api
from tests.images_table import counts_table, images_table

TEXTS = [
    "",
    "x" * 10_000,
    "\x00",
    "*:*",
    '"',
    "-",
    "-dog",
    '"" AND (',
    "🐕",
    "NaN",
    "-1",
    "1e400",
    "../x",
    "null",
    "{}",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    ",,,",
    "a,b,c,d",
    "0,0,nan,1",
    "1,1,1,1",
]
VALUES: list[Any] = [
    None,
    -1,
    1e308,
    10**40,
    "",
    "x" * 10_000,
    "\x00",
    [],
    ["x"] * 1_000,
    [[]],
    {},
    {"and": {}},
    {"or": [{}]},
    {"not": None},
    True,
]
DOCUMENTS: dict[str, dict[str, Any]] = {
    "/images": {"name": "a.jpg", "content_type": "image/jpeg", "size": 1},
    "/search": {"text": "dog"},
    "/search/image": {"image": "eHh4"},
    "/recaption": {},
    "/rebuild": {},
    "/imports": {},
    "/tokens": {"owner": "ann"},
}
FIELDS = {
    route.path: list(route.body.model_fields)
    for route in ROUTES
    if route.method == "POST" and route.path in DOCUMENTS and route.body is not None
}
PARAMETERS = {
    "/search": list(SearchParameters.model_fields),
    "/images": ["state", "owner", "limit", "cursor"],
    "/images/id-1/similar": list(SimilarQuery.model_fields),
}


@pytest.fixture(scope="module")
def real() -> Iterator[Api]:
    """Yield the API on the catalogue's DynamoDB adapter and a search engine that searches.

    One for all: what one request leaves behind is more that another must not stumble over.
    """
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_table(**images_table("images"))
        client.create_table(**counts_table("counts"))
        api = Api(
            catalogue=DynamoCatalogue(client, "images", "counts"),  # type: ignore[arg-type]
            index=EmbeddedIndex(),  # type: ignore[arg-type]
        )
        provider.repository = api.repository()
        api.index.apply([document_of(api.enter())])
        yield api
        del provider.repository


@pytest.mark.fault(22)
@pytest.mark.parametrize("path", sorted(PARAMETERS))
def test_no_parameter_brings_it_down(real: Api, path: str) -> None:
    for name in PARAMETERS[path]:
        for text in TEXTS:
            answer = real.call("GET", path, query={name: text}, as_="admin")
            assert answer.status < 500, (name, text[:40], answer.text)
            assert answer.json


@pytest.mark.fault(22)
@pytest.mark.parametrize("path", sorted(FIELDS))
def test_no_field_brings_it_down(real: Api, path: str) -> None:
    for name in FIELDS[path]:
        for value in VALUES:
            answer = real.call("POST", path, DOCUMENTS[path] | {name: value}, as_="admin")
            assert answer.status < 500, (name, str(value)[:40], answer.text)
            assert answer.json


@pytest.mark.parametrize(("method", "path"), [("POST", "/images"), ("PATCH", "/images/id-1")])
def test_more_attributes_than_a_record_can_hold_are_refused(
    real: Api, method: str, path: str
) -> None:
    words = [f"{number:02}" + "🐕" * 62 for number in range(16)]
    garments = [{"garment": word, "colours": words} for word in words]
    attributes = [{"subject": "dog", "actions": words, "garments": garments}] * 8
    required = DOCUMENTS[path] if method == "POST" else {}
    answer = real.call(method, path, required | {"attributes": attributes})
    assert (answer.status, answer.json["field"]) == (400, "attributes")
    assert real.call(method, path, required | {"attributes": attributes[:2]}).status < 300


@pytest.mark.fault(22)
@pytest.mark.parametrize("text", [text for text in TEXTS if text])
def test_no_id_brings_it_down(real: Api, text: str) -> None:
    target = f"/images/{quote(text, safe='')}"
    assert real.call("GET", target).status == 404
    assert real.call("PATCH", target, {"caption": "mine"}).status == 404
    assert real.call("DELETE", target).status == 404
    assert real.call("GET", "/images/id-1").status == 200


@pytest.mark.parametrize("given", ['W/"1"', '"' + "9" * 40 + '"', '"-1"', '"1", "2"', "x"])
def test_no_revision_brings_it_down(real: Api, given: str) -> None:
    answer = real.call("PATCH", "/images/id-1", {"caption": "mine"}, If_Match=given)
    assert (answer.status, answer.json["field"]) == (400, "If-Match")


@pytest.mark.fault(22)
@pytest.mark.parametrize("path", ["/search", "/images/id-1/similar"])
def test_facets_that_are_named_again_and_again_are_refused(real: Api, path: str) -> None:
    answer = real.call("GET", path, query={"facets": ",".join(["state"] * (len(FACETS) + 1))})
    assert (answer.status, answer.json["field"]) == (400, "facets")
