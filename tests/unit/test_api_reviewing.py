"""What helps a person to look through photographs: where the model looked, and what is double."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app import provider
from chalicelib.images import Caption, Source, State
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from tests.api import Api
from tests.corpora import START, vector

BY_MODEL = Caption("a dog runs", Source.MODEL, "m@1", 0.4, ("a cat",))


def test_every_word_of_the_caption_and_its_alternatives_is_looked_up(api: Api) -> None:
    api.enter("dog", caption=BY_MODEL, state=State.NEEDS_REVIEW, reason="unsure")
    answer = api.call("GET", "/images/dog/attention").json
    assert (answer["rows"], answer["columns"]) == (2, 2)
    assert [one["text"] for one in answer["captions"]] == ["a dog runs", "a cat"]
    assert [word["word"] for word in answer["captions"][0]["words"]] == ["a", "dog", "runs"]
    assert answer["captions"][1]["words"][0]["weights"] == [0.7, 0.1, 0.1, 0.1]


def test_of_a_photograph_without_a_caption_no_words_are_told(api: Api) -> None:
    api.enter("bare", caption=None, state=State.NEEDS_REVIEW, reason="unsure")
    assert api.call("GET", "/images/bare/attention").json["captions"] == []


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED, State.EXPIRED])
def test_a_file_that_no_model_read_was_not_looked_at(api: Api, state: State) -> None:
    api.enter("dog", state=state, caption=None, reason=None)
    refused = api.call("GET", "/images/dog/attention")
    assert (refused.status, refused.json["field"]) == (400, "image_id")
    assert state.value in refused.json["detail"]


def test_another_owners_photograph_is_not_there(api: Api) -> None:
    api.enter("dog", "bob", caption=BY_MODEL)
    assert api.call("GET", "/images/dog/attention").status == 404


def test_while_the_encoder_is_down_that_is_said(api: Api) -> None:
    api.enter("dog", caption=BY_MODEL)
    api.encoder.down = True
    assert api.call("GET", "/images/dog/attention").status == 503


@pytest.fixture
def filled() -> Iterator[Api]:
    """Yield an API with three photographs of one look, two of another, and another owner's."""
    index = EmbeddedIndex()
    api = Api(index=index)  # type: ignore[arg-type]
    dog, cat = vector(1), vector(0, 1)
    shown = [
        api.enter("small", visual=dog, width=400, height=300, size=9, created_at=START, sha256="a"),
        api.enter(
            *("large", "ann"),
            visual=dog,
            width=4000,
            height=3000,
            size=99,
            created_at=START + timedelta(hours=1),
            sha256="b",
        ),
        api.enter(
            *("told", "ann"),
            visual=dog,
            width=400,
            height=300,
            size=9,
            created_at=START + timedelta(hours=2),
            sha256="a",
        ),
        api.enter("cat", visual=cat, sha256="c", created_at=START + timedelta(hours=3)),
        api.enter("cat-again", visual=cat, sha256="c", created_at=START + timedelta(hours=4)),
        api.enter("bobs", "bob", visual=dog, sha256="a", created_at=START),
    ]
    index.apply([*map(document_of, shown)])
    provider.repository = api.repository()
    yield api
    del provider.repository


def groups(api: Api, as_: str = "ann", **query: object) -> list[tuple[list[str], bool]]:
    answer = api.call("GET", "/duplicates", query=query, as_=as_).json
    return [([one["id"] for one in g["images"]], g["identical"]) for g in answer["groups"]]


def test_of_photographs_that_look_the_same_the_best_is_first(filled: Api) -> None:
    assert groups(filled) == [
        (["large", "small", "told"], False),
        (["cat", "cat-again"], True),
    ]


def test_a_persons_caption_decides_between_equals(filled: Api) -> None:
    filled.call("PATCH", "/images/cat-again", {"caption": "our cat"})
    assert groups(filled)[1] == (["cat-again", "cat"], True)


def test_what_was_deleted_since_is_in_no_group(filled: Api) -> None:
    filled.call("DELETE", "/images/cat")
    assert groups(filled) == [(["large", "small", "told"], False)]


def test_pages_go_on_by_their_cursor(filled: Api) -> None:
    first = filled.call("GET", "/duplicates", query={"limit": 3}).json
    assert (len(first["groups"]), first["examined"]) == (1, 3)
    last = filled.call("GET", "/duplicates", query={"limit": 3, "cursor": first["cursor"]}).json
    assert (len(last["groups"]), last["examined"], last["cursor"]) == (1, 2, None)


def test_an_administrator_sees_an_owners_groups_and_nobody_else_does(filled: Api) -> None:
    assert groups(filled, "admin") == []
    assert len(groups(filled, "admin", owner="ann")) == 2
    refused = filled.call("GET", "/duplicates", query={"owner": "bob"})
    assert refused.status == 403
