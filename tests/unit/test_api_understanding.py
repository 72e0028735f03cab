"""The search box over HTTP: its reading, its corrections, its suggestions."""

from typing import Any

import pytest

from chalicelib.errors import InvalidField
from chalicelib.search import Clause
from chalicelib.search.query import Suggestion
from tests.api import Api

DOG = Clause("dog", ("brown",), ("run",))


def asked(api: Api, **query: Any) -> Any:
    return api.call("GET", "/search", query=query).json


def test_what_a_text_says_of_subjects_is_told(api: Api) -> None:
    answer = asked(api, q="brown dog running on grass")
    assert answer["reading"] == {
        "clauses": [
            {"subject": "dog", "colours": ["brown"], "actions": ["run"], "places": ["grass"]}
        ],
        "rest": None,
        "applied": False,
    }
    assert api.index.asked[0].attributes is None
    assert asked(api, q="beach")["reading"] is None


def test_the_reading_is_the_condition_where_anything_matches_it(api: Api) -> None:
    api.enter()
    api.index.finds = ["id-1"]
    answer = asked(api, q="brown dog running", understand="true")
    assert answer["reading"]["applied"] is True
    assert [query.attributes for query in api.index.asked] == [DOG]


def test_the_words_stand_where_nothing_matches_the_reading(api: Api) -> None:
    answer = asked(api, q="brown dog running", understand="true")
    assert answer["reading"]["applied"] is False
    assert [query.attributes for query in api.index.asked] == [DOG, None]


def test_a_page_goes_on_with_the_query_it_began_with(api: Api) -> None:
    api.index.problem_of[DOG] = InvalidField("cursor", "is of another query")
    api.enter()
    api.index.finds = ["id-1"]
    answer = asked(api, q="brown dog running", understand="true", cursor="x")
    assert (answer["total"], answer["reading"]["applied"]) == (1, False)


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
