"""Labels over HTTP: told with each photograph, filtered by, counted, and found by a text."""

from collections.abc import Iterator

import pytest

from app import provider
from chalicelib.images import Attribute, Caption, Label, Source, State
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from chalicelib.search.query import Filters
from chalicelib.transitions import TOO_UNSURE
from tests.api import Api

CAT, CUP = Label("cat", 0.93), Label("cup", 0.31)
TOLD = [{"word": "cat", "probability": 0.93}, {"word": "cup", "probability": 0.31}]


@pytest.fixture
def filled() -> Iterator[Api]:
    """Yield an API that searches three photographs by words: withheld, a person's, a model's."""
    index = EmbeddedIndex()
    api = Api(index=index)  # type: ignore[arg-type]
    api.encoder.down = True
    shown = [
        api.enter("unsure", labels=(CAT, CUP), state=State.NEEDS_REVIEW, reason=TOO_UNSURE),
        api.enter(
            "told",
            caption=Caption("a cat sleeps", Source.USER),
            attributes=(Attribute("cat", (), ("sleep",)),),
        ),
        api.enter("other", caption=Caption("a dog", Source.MODEL), labels=(CUP,)),
    ]
    index.apply([*map(document_of, shown)])
    provider.repository = api.repository()
    yield api
    del provider.repository


def hits(api: Api, **query: str) -> dict[str, list[str]]:
    answer = api.call("GET", "/search", query=query).json
    return {hit["image"]["id"]: hit["matched_labels"] for hit in answer["hits"]}


def test_a_photograph_says_what_is_seen_in_it_and_why_it_has_no_caption(filled: Api) -> None:
    image = filled.call("GET", "/images/unsure").json
    assert (image["labels"], image["caption"]) == (TOLD, None)
    assert (image["state"], image["reason"]) == ("needs_review", TOO_UNSURE)
    (other,) = filled.call("GET", "/search", query={"q": "dog"}).json["hits"]
    assert other["image"]["labels"] == TOLD[1:]


def test_a_text_finds_what_is_seen_and_says_that_it_was_a_label(filled: Api) -> None:
    assert hits(filled, q="cup") == {"unsure": ["cup"], "other": ["cup"]}
    assert hits(filled, q="cats") == {"told": [], "unsure": ["cat"]}
    assert hits(filled, q="dog") == {"other": []}


def test_labels_filter_and_are_counted(filled: Api) -> None:
    assert hits(filled, label="cup") == {"unsure": [], "other": []}
    assert hits(filled, label="Cat, cup") == {"unsure": []}
    answer = filled.call("POST", "/search", {"filters": {"labels": ["cup"]}, "facets": ["labels"]})
    counted = [{"value": "cup", "count": 2}, {"value": "cat", "count": 1}]
    assert answer.json["facets"] == {"labels": counted}


def test_a_label_alone_is_something_to_ask_for(api: Api) -> None:
    assert api.call("GET", "/search", query={"label": "cat"}).status == 200
    assert api.index.asked[0].filters == Filters(labels=("cat",))


def test_an_edit_leaves_labels_alone_and_a_deletion_takes_them(filled: Api) -> None:
    edited = filled.call("PATCH", "/images/unsure", {"caption": "my tiger"}).json
    assert (edited["state"], edited["caption"]["text"]) == ("captioned", "my tiger")
    assert edited["labels"] == TOLD
    filled.call("DELETE", "/images/unsure", query={"permanent": "true"})
    gone = filled.catalogue.get("unsure")
    assert gone is not None and gone.labels == ()
