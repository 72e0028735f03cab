"""Keywords over HTTP: given at upload and by an edit, told with each photograph, searched for."""

from collections.abc import Iterator
from typing import Any

import pytest

from app import provider
from chalicelib.images import Attribute, Caption, Label, Source
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from image_repo_formats import MAX_KEYWORD_CHARS, MAX_KEYWORDS
from tests.api import Api

NEW = {"name": "rex.jpg", "content_type": "image/jpeg", "size": 9}


def test_keywords_are_given_at_upload(api: Api) -> None:
    answer = api.call("POST", "/images", {**NEW, "keywords": ["Lake Como", "lake como", " Rex "]})
    image = answer.json["image"]
    assert (image["keywords"], image["keywords_source"]) == (["Lake Como", "Rex"], "user")


def test_an_edit_replaces_keywords_and_leaves_the_caption_alone(api: Api) -> None:
    api.enter(caption=Caption("a dog", Source.FILE), keywords=("Rex",), keywords_source=Source.FILE)
    edited = api.call("PATCH", "/images/id-1", {"keywords": "Rex,summer"}).json
    assert (edited["keywords"], edited["keywords_source"]) == (["Rex", "summer"], "user")
    assert edited["caption"]["source"] == "file"
    none = api.call("PATCH", "/images/id-1", {"keywords": []}).json
    assert (none["keywords"], none["keywords_source"]) == ([], "user")


@pytest.mark.parametrize(
    "keywords",
    [None, [""], ["x" * (MAX_KEYWORD_CHARS + 1)], ["a\u0007b"], ["x"] * (MAX_KEYWORDS + 1), 7],
)
def test_keywords_beyond_the_limits_name_the_field(api: Api, keywords: object) -> None:
    api.enter()
    answer = api.call("PATCH", "/images/id-1", {"keywords": keywords})
    assert answer.status == 400 and "keywords" in answer.text
    assert api.catalogue.get("id-1").rev == 1  # type: ignore[union-attr]


@pytest.fixture
def filled() -> Iterator[Api]:
    """Yield an API over one photograph filed under Como, and one in which a lake is seen."""
    index = EmbeddedIndex()
    api = Api(index=index)  # type: ignore[arg-type]
    api.encoder.down = True
    filed: dict[str, Any] = {"keywords": ("Como", "lake"), "keywords_source": Source.FILE}
    shown = [
        api.enter(
            "filed",
            caption=Caption("a boat", Source.FILE),
            attributes=(Attribute("boat"),),
            **filed,
        ),
        api.enter("seen", caption=Caption("a shore", Source.MODEL), labels=(Label("lake", 0.9),)),
    ]
    index.apply([*map(document_of, shown)])
    provider.repository = api.repository()
    yield api
    del provider.repository


def test_a_text_finds_keywords_and_says_which(filled: Api) -> None:
    hits = filled.call("GET", "/search", query={"q": "como"}).json["hits"]
    assert [(hit["image"]["id"], hit["matched_labels"]) for hit in hits] == [("filed", ["como"])]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"q": "como"}, {"filed": "keywords: como"}),
        ({"q": "lake"}, {"filed": "keywords: lake", "seen": "seen: lake"}),
        ({"q": "boat in como"}, {"filed": "caption: boat · keywords: como"}),
        ({"subject": "boat"}, {"filed": "who and what: a boat"}),
    ],
)
def test_a_keyword_is_told_apart_from_a_caption_and_from_what_is_seen(
    filled: Api, asked: dict[str, str], why: dict[str, str]
) -> None:
    told = filled.call("GET", "/search", query={**asked, "explain": "true"}).json["hits"]
    assert {hit["image"]["id"]: hit["why"] for hit in told} == why


def test_keywords_are_filtered_by_and_counted_as_labels(filled: Api) -> None:
    answer = filled.call("GET", "/search", query={"label": "lake", "facets": "labels,source"}).json
    assert answer["total"] == 2
    assert answer["facets"]["labels"][0] == {"value": "lake", "count": 2}
    by_file = filled.call("GET", "/search", query={"source": "file"}).json
    assert [hit["image"]["id"] for hit in by_file["hits"]] == ["filed"]
