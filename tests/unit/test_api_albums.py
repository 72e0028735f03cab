"""Albums over HTTP: told with each photograph, changed whole, filtered by, and counted."""

from collections.abc import Iterator

import pytest

from app import provider
from chalicelib.images import MAX_ALBUMS, Image, State
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from tests.api import Api


@pytest.fixture
def filled() -> Iterator[Api]:
    """Yield an API that searches two photographs, one of them in two albums."""
    index = EmbeddedIndex()
    api = Api(index=index)  # type: ignore[arg-type]
    shown = [api.enter("both", albums=("Oslo", "Favourites")), api.enter("none")]
    index.apply([*map(document_of, shown)])
    provider.repository = api.repository()
    yield api
    del provider.repository


def hits(api: Api, **query: str) -> list[str]:
    answer = api.call("GET", "/search", query=query).json
    return [hit["image"]["id"] for hit in answer["hits"]]


def test_a_photograph_tells_its_albums(filled: Api) -> None:
    assert filled.call("GET", "/images/both").json["albums"] == ["Oslo", "Favourites"]
    assert filled.call("GET", "/images/none").json["albums"] == []


def test_albums_filter_and_are_counted(filled: Api) -> None:
    assert hits(filled, album="Oslo") == hits(filled, album="Oslo,Favourites") == ["both"]
    assert hits(filled, album="Bergen") == []
    answer = filled.call("POST", "/search", {"filters": {"albums": ["Oslo"]}, "facets": ["albums"]})
    counted = [{"value": "Favourites", "count": 1}, {"value": "Oslo", "count": 1}]
    assert answer.json["facets"] == {"albums": counted}


def test_an_edit_replaces_the_albums_and_nothing_else(filled: Api) -> None:
    before = filled.catalogue.get("both")
    edited = filled.call("PATCH", "/images/both", {"albums": ["Oslo", " Bergen", "oslo"]}).json
    assert edited["albums"] == ["Oslo", "Bergen"]
    after = filled.catalogue.get("both")
    assert isinstance(before, Image) and isinstance(after, Image)
    assert (after.state, after.caption) == (State.CAPTIONED, before.caption)
    assert filled.call("PATCH", "/images/both", {"albums": []}).json["albums"] == []


def test_an_upload_may_name_its_albums(api: Api) -> None:
    body = {"name": "a.jpg", "size": 3, "albums": "Oslo, Bergen"}
    assert api.call("POST", "/images", body).json["image"]["albums"] == ["Oslo", "Bergen"]


@pytest.mark.parametrize(
    "albums", [["a,b"], ["x" * 65], [""], ["a\0b"], ["x"] * (MAX_ALBUMS + 1), None, 3]
)
def test_what_is_no_list_of_albums_is_refused_by_its_name(filled: Api, albums: object) -> None:
    refused = filled.call("PATCH", "/images/both", {"albums": albums})
    assert refused.status == 400
    assert "albums" in str(refused.json["field"]) + refused.json["detail"]
    assert filled.call("GET", "/images/both").json["albums"] == ["Oslo", "Favourites"]
