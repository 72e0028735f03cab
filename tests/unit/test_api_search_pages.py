"""Pages of one answer go together, whatever happens to words and encoder between them."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from app import provider
from chalicelib.images import Caption, Source
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from tests.api import VECTOR, Api


@pytest.fixture
def api() -> Iterator[Api]:
    """Yield an API with three photographs of elephants."""
    api = Api(index=EmbeddedIndex())  # type: ignore[arg-type]
    for image_id in ("one", "two", "three"):
        enter(api, image_id, "an elephant")
    provider.repository = api.repository()
    yield api
    del provider.repository


def enter(api: Api, image_id: str, caption: str) -> None:
    said = Caption(caption, Source.USER)
    record = api.enter(image_id, caption=said, semantic=VECTOR)
    api.index.apply([document_of(record)])


def page(api: Api, text: str, cursor: str | None) -> Any:
    query = {"q": text, "limit": 1} | ({"cursor": cursor} if cursor else {})
    return api.call("GET", "/search", query=query)


def found(api: Api, text: str, cursor: str | None) -> set[str]:
    """Return all that the further pages show."""
    ids: set[str] = set()
    while cursor:
        answer = page(api, text, cursor)
        assert answer.status == 200
        ids |= {hit["image"]["id"] for hit in answer.json["hits"]}
        cursor = answer.json["cursor"]
    return ids


def test_a_word_that_was_corrected_stays_so_on_further_pages(api: Api) -> None:
    first = page(api, "elephnt", None).json
    assert first["corrected"]["words"] == {"elephnt": "elephant"}
    enter(api, "four", "an elephnt")
    rest = found(api, "elephnt", first["cursor"])
    assert rest | {first["hits"][0]["image"]["id"]} >= {"one", "two", "three"}


def test_an_answer_without_meaning_ends_without_it(api: Api) -> None:
    api.encoder.down = True
    first = page(api, "elephant", None).json
    api.encoder.down = False
    second = page(api, "elephant", first["cursor"])
    assert (second.status, second.json["degraded"]) == (200, first["degraded"])
    assert len(found(api, "elephant", first["cursor"])) == 2


def test_an_answer_by_meaning_goes_on_once_the_encoder_answers(api: Api) -> None:
    first = page(api, "elephant", None).json
    api.encoder.down = True
    stopped = page(api, "elephant", first["cursor"])
    assert (stopped.status, "Retry-After" in stopped.headers) == (503, True)
    api.encoder.down = False
    assert len(found(api, "elephant", first["cursor"])) == 2


@pytest.mark.parametrize(
    "said", [b"", b"[", b"[1,true]", b"[{},1,2]", b'[{"elephant":"zebra"},false]']
)
def test_what_a_cursor_says_of_words_is_checked(api: Api, said: bytes) -> None:
    cursor = page(api, "elephant", None).json["cursor"]
    forged = page(api, "elephant", f"{cursor}.{urlsafe_b64encode(said).decode()}")
    assert (forged.status, forged.json["field"]) == (400, "cursor")
