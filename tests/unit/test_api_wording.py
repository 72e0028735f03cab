"""What is wrong with a request is told in words, and never in the validator's own sentences."""

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chalicelib.api.routes import ROUTES
from chalicelib.wording import UNKNOWN, errors_of, worded
from tests.api import Api

STRANGE: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**30, 1e400, "", "x", "x" * 3_000, "a/b#c", "\ud800", "nan", "-1"),
    *([], [None], ["x"] * 500, [{}], {}, {"x": 1}, {"subject": ""}, {"and": []}, {"not": {}}),
    *({"states": ["happy"]}, {"labels": [1]}, {"created_from": "soon"}, {"taken_from": "soon"}),
    *({"words": -1}, {"words": 1e9}, {"x": 0, "y": 0, "width": 0, "height": 2}, {"x": "x"}),
    [{"subject": "dog", "garments": [{}] * 99, "colours": 1}],
)
RAW = ("Input should", "Field required", "Extra inputs", "should have", "should be", "Value error")


BODIES = {route.body for route in ROUTES if route.body}
PARAMETERS = {route.query for route in ROUTES if route.query}


def refusals(model: type[BaseModel], check: Callable[[Any], BaseModel]) -> Iterator[ErrorDetails]:
    names = {field.alias or name for name, field in model.model_fields.items()} | {"unknown"}
    for name, value in product(names, STRANGE):
        try:
            check({name: value})
        except ValidationError as invalid:
            yield from errors_of(invalid)


def in_words(error: ErrorDetails) -> bool:
    told = worded(error)
    return told not in {"", UNKNOWN} and not any(raw in told for raw in RAW)


@pytest.mark.parametrize("model", sorted(BODIES, key=str))
def test_every_field_of_a_body_is_refused_in_words(model: type[BaseModel]) -> None:
    def check(given: Any) -> BaseModel:
        return model.model_validate_json(json.dumps(given), strict=True)

    refused = list(refusals(model, check))
    assert refused
    assert not [error for error in refused if not in_words(error)]


@pytest.mark.parametrize("model", sorted(PARAMETERS, key=str))
def test_every_parameter_is_refused_in_words(model: type[BaseModel]) -> None:
    refused = list(refusals(model, model.model_validate))
    assert refused
    assert not [error for error in refused if not in_words(error)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"name": "dog.jpg", "size": 0}, "size: the file is empty"),
        ({"name": "dog.jpg", "size": -1}, "size: must be 1 or more"),
        ({"name": "dog.jpg", "size": "9"}, "size: must be a whole number"),
        ({"name": "dog.jpg"}, "size: must be given"),
        ({"name": "", "size": 9}, "name: must not be empty"),
        ({"name": 7, "size": 9}, "name: must be text"),
        ({"name": "x" * 300, "size": 9}, "name: must have 255 characters at most"),
        ({"name": "a/b.jpg", "size": 9}, "name: must be a file's name, without folders"),
        ({"name": "a.jpg", "size": 9, "sha256": "x"}, "sha256: must be 64 hexadecimal digits"),
        ({"name": "a.jpg", "size": 9, "source": "me"}, "source: must be 'user' or 'import'"),
        ({"name": "a.jpg", "size": 9, "keywords": 1}, "keywords: must be a list"),
        ({"name": "a.jpg", "size": 9, "kind": "x"}, "kind: is not known here"),
        ([], "body: must be an object"),
        ("{", "body: must be JSON: EOF while parsing an object at line 1 column 1"),
    ],
)
def test_an_entry_is_refused_with_its_field_and_in_words(api: Api, body: Any, told: str) -> None:
    answer = api.call("POST", "/images", body)
    assert (answer.status, answer.json["detail"]) == (400, told)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"limit": "500"}, "limit: must be 100 or less"),
        ({"limit": "many"}, "limit: must be a whole number"),
        ({"state": "happy"}, "state: must be 'pending', 'captioned', "),
        ({"owner": "a/b"}, "owner: must hold neither '/' nor '#' nor control characters"),
    ],
)
def test_a_parameter_is_refused_in_words(api: Api, query: dict[str, str], told: str) -> None:
    assert api.call("GET", "/images", query=query).json["detail"].startswith(told)


def test_what_was_given_is_not_repeated(api: Api) -> None:
    answer = api.call("POST", "/images", {"name": "my secret/dog.jpg", "size": 9})
    assert "secret" not in json.dumps(answer.json)
