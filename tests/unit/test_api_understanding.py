"""The search box over HTTP: its reading, its corrections, its suggestions."""

from typing import Any

import pytest

from chalicelib.search import Clause
from chalicelib.search.query import Suggestion, Unmet
from tests.api import Api


def asked(api: Api, **query: Any) -> Any:
    return api.call("GET", "/search", query=query).json


def test_what_a_text_says_of_subjects_is_told_and_is_no_condition(api: Api) -> None:
    answer = asked(api, q="brown dog running on grass with a ball")
    clause = {"subject": "dog", "colours": ["brown"], "actions": ["run"], "places": ["grass"]}
    assert answer["reading"] == {
        "clauses": [clause | {"told": "a dog, brown, running, grass"}],
        "rest": "ball",
    }
    assert api.index.asked[0].attributes is None
    assert asked(api, q="beach")["reading"] is None


def test_a_text_ends_where_it_stops_being_relevant_unless_asked_otherwise(api: Api) -> None:
    asked(api, q="dog")
    asked(api, q="dog", min_relevance="0.5")
    asked(api, subject="dog")
    relevance = [query.min_relevance for query in api.index.asked]
    assert relevance == ["auto", 0.5, None]


@pytest.mark.parametrize(
    ("subject", "clause"),
    [
        ("soccer player", Clause("player")),
        ("a dog", Clause("dog")),
        ("Brown Dogs", Clause("dog", ("brown",))),
        ("fire truck", Clause("truck")),
        ("hot dogs", Clause("hot dog")),
        ("running dog", Clause("dog", (), ("run",))),
        ("boy in a shirt", Clause("boy in a shirt")),
    ],
)
def test_a_subject_is_read_as_captions_are(api: Api, subject: str, clause: Clause) -> None:
    asked(api, subject=subject)
    assert api.index.asked[0].attributes == clause


@pytest.mark.parametrize(
    ("unmet", "hint"),
    [
        (
            Unmet("phrase", "red car"),
            {"message": "No photograph holds “red car” word for word.", "text": "a red car"},
        ),
        (
            Unmet("colour", "blonde", ("black", "white")),
            {
                "message": "No photograph has the colour “blonde”. There are: black, white.",
                "text": None,
            },
        ),
        (
            Unmet("clause", "a dog, blue"),
            {"message": "No photograph has one subject that is all of: a dog, blue.", "text": None},
        ),
    ],
)
def test_an_empty_answer_says_why(api: Api, unmet: Unmet, hint: dict[str, str | None]) -> None:
    api.index.unmet = (unmet,)
    assert asked(api, q='a "red car"')["hints"] == [hint]


def test_mistyped_words_are_replaced_and_told(api: Api) -> None:
    api.index.near = {"odg": "dog", "zebr": "zebra"}
    answer = asked(api, q='a brown odg "zebr"')
    assert answer["corrected"] == {"text": 'a brown dog "zebr"', "words": {"odg": "dog"}}
    assert api.index.asked[0].text == 'a brown dog "zebr"'
    assert asked(api, q="a brown dog")["corrected"] is None


def test_a_beginning_is_completed(api: Api) -> None:
    api.index.suggests = (Suggestion("subject", "dog", 3), Suggestion("word", "dogs", 1))
    answer = api.call("GET", "/suggest", query={"prefix": "brown do", "limit": 1}).json
    assert answer == {"suggestions": [{"kind": "subject", "value": "dog", "count": 3}]}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "prefix"),
        ({"prefix": "x" * 2_000}, "prefix"),
        ({"prefix": "x", "limit": 0}, "limit"),
        ({"prefix": "x", "limit": 21}, "limit"),
        ({"prefix": "x", "kind": "word"}, "kind"),
    ],
)
def test_a_bad_beginning_names_the_field(api: Api, query: dict[str, object], field: str) -> None:
    answer = api.call("GET", "/suggest", query=query)
    assert (answer.status, answer.json["field"]) == (400, field)
