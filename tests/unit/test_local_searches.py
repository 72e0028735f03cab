"""The demo shows searches whose answers are right, and says where the model is unsure."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from image_repo import Client
from local.photographs import PHOTOGRAPHS, DemoPhotograph
from local.searches import TEXTS as DEMO_TEXTS
from local.searches import (
    is_true,
    right_attribute_search,
    right_image_search,
    right_text_search,
    told,
)


def photograph(name: str, thing: str, colours: str = "", actions: str = "") -> DemoPhotograph:
    words = frozenset(colours.split()), frozenset(actions.split())
    return DemoPhotograph(name, name, "someone", "CC0", (thing, "animal"), *words)


KNOWN = {
    each.name: each
    for each in (
        photograph("cat.jpg", "cat", "grey", "lie"),
        photograph("kitten.jpg", "cat", "white", "sit"),
        photograph("monkey.jpg", "monkey", "black", "smile"),
    )
}


def client(found: Callable[[Mapping[str, Any]], list[str]]) -> Client:
    """Return an API that answers each search with photographs of these names."""

    def answer(request: httpx.Request) -> httpx.Response:
        hits = [
            {"score": 1.0, "image": {"name": name}} for name in found(json.loads(request.read()))
        ]
        return httpx.Response(200, json={"hits": hits, "degraded": []})

    return Client("http://api", "imr_x", transport=httpx.MockTransport(answer))


def said(name: str, subject: str, colours: list[str], actions: list[str]) -> dict[str, Any]:
    attribute = {"subject": subject, "colours": colours, "actions": actions}
    return {"name": name, "attributes": [attribute]}


TEXTS = {"cats": ("cat.jpg", "kitten.jpg"), "a monkey": ("monkey.jpg",)}


def test_the_text_search_with_the_most_right_answer_is_shown() -> None:
    answers = {"cats": ["cat.jpg", "monkey.jpg"], "a monkey": ["monkey.jpg", "cat.jpg"]}
    search = right_text_search(client(lambda asked: answers[asked["text"]]), TEXTS)
    assert search is not None
    assert (search.title, search.right) == ('By text: "a monkey"', 1)


def test_a_text_search_whose_first_answer_is_wrong_is_not_shown() -> None:
    wrong_first = {"cats": ["monkey.jpg", "cat.jpg"], "a monkey": ["mine.jpg", "monkey.jpg"]}
    assert right_text_search(client(lambda asked: wrong_first[asked["text"]]), TEXTS) is None


def test_a_search_that_finds_nothing_is_not_shown() -> None:
    assert right_text_search(client(lambda _: []), TEXTS) is None


def test_the_demos_texts_are_answered_by_photographs_it_has() -> None:
    names = {each.name for each in PHOTOGRAPHS}
    assert all(right and names.issuperset(right) for right in DEMO_TEXTS.values())


def test_what_is_said_wrongly_of_a_photograph_is_not_searched_for() -> None:
    images = [
        said("monkey.jpg", "dog", ["brown"], ["run"]),
        said("kitten.jpg", "cat", ["white"], ["run"]),
        said("cat.jpg", "cat", ["grey"], []),
        said("mine.jpg", "cat", ["grey"], ["lie"]),
    ]
    asked: list[Mapping[str, Any]] = []

    def found(document: Mapping[str, Any]) -> list[str]:
        asked.append(document["attributes"])
        return ["cat.jpg"]

    search = right_attribute_search(client(found), KNOWN, images)
    assert search is not None
    assert search.title == "By attributes: a cat, grey"
    assert asked == [{"subject": "cat", "colours": ["grey"], "actions": []}]


def test_no_attributes_are_searched_for_where_none_are_right() -> None:
    images = [said("monkey.jpg", "dog", ["brown"], ["run"])]
    assert right_attribute_search(client(lambda _: ["cat.jpg"]), KNOWN, images) is None


@pytest.mark.parametrize(
    ("second", "shown"), [("kitten.jpg", True), ("monkey.jpg", False), ("mine.jpg", False)]
)
def test_an_image_search_is_judged_by_what_it_finds_besides_the_photograph_itself(
    tmp_path: Path, second: str, shown: bool
) -> None:
    (tmp_path / "cat.jpg").write_bytes(b"cat")
    search = right_image_search(
        client(lambda _: ["cat.jpg", second]), KNOWN, [tmp_path / "cat.jpg"]
    )
    assert (search is not None) == shown


@pytest.mark.parametrize(
    ("subject", "colours", "actions", "true"),
    [
        ("cat", [], [], True),
        ("animal", ["grey"], ["lie"], True),
        ("cat", ["black"], [], False),
        ("cat", ["grey"], ["run"], False),
        ("dog", [], [], False),
    ],
)
def test_a_clause_is_true_of_a_photograph_that_shows_all_of_it(
    subject: str, colours: list[str], actions: list[str], true: bool
) -> None:
    clause = {"subject": subject, "colours": colours, "actions": actions}
    assert is_true(clause, KNOWN["cat.jpg"]) == true


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ({"state": "captioned", "caption": {"text": "a cat", "source": "model"}}, "(model)"),
        (
            {"state": "needs_review", "caption": {"text": "a cat", "source": "model"}},
            "(model, unsure)",
        ),
        (
            {
                "state": "needs_review",
                "caption": None,
                "labels": [{"word": word, "probability": 0.2} for word in ("cat", "cup", "piano")],
            },
            "unsure: cat? cup?",
        ),
        ({"state": "failed", "caption": None}, "none"),
    ],
)
def test_what_is_said_tells_how_sure_the_model_is(image: dict[str, Any], text: str) -> None:
    assert text in told(image)
