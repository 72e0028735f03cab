"""The search commands: what they ask of the API, and how they tell why."""

import json
from pathlib import Path
from typing import Any

import pytest

from image_repo import searching
from image_repo.errors import CommandError
from image_repo.output import show_image, told, understood, words
from tests.recording_session import RecordingSession, run

IMAGE = {
    "id": "id-1",
    "name": "dog.jpg",
    "caption": {"text": "a dog in the snow"},
    "attributes": [],
    "labels": [],
    "taken_at": "2024-05-01T13:20:00",
}
RECORD: dict[str, Any] = {
    "caption": {"text": "a dog", "source": "user", "confidence": None, "alternatives": []},
    "state": "captioned",
    "reason": None,
    "width": 4,
    "height": 3,
    "size": 9,
    "owner": "ann",
    "created_at": "2026-01-01T00:00:00Z",
    "rev": 2,
}
CAT, CUP = ({"word": "cat", "probability": 0.93}, {"word": "cup", "probability": 0.31})
WHY = [
    {"part": "meaning", "score": 0.52, "rank": 1, "share": 0.52, "terms": {}},
    {"part": "words", "score": 3.1, "rank": 2, "share": 0.25, "terms": {"dog": 1.1, "snow": 2.0}},
]
HIT = {
    "image": IMAGE,
    "score": 0.77,
    "highlight": None,
    "explanation": WHY,
    "why": "caption: dog, snow · meaning: 0.52",
}
ANSWER = {"hits": [HIT], "total": 1, "facets": {}, "cursor": None, "degraded": []}


def ran(*arguments: str) -> tuple[RecordingSession, Any]:
    return run({"search": searching.search, "similar": searching.similar}, ANSWER, arguments)


def test_options_become_the_document() -> None:
    session, result = ran(
        *("search", "dogs", "in", "snow", "--min-relevance", "auto", "--unlike", "id-2"),
        *("--unlike", "id-3", "--collapse", "--explain", "--weight", "words=2"),
    )
    assert result.exit_code == 0
    (request,) = session.asked
    assert json.loads(request.read()) == {
        "text": "dogs in snow",
        "limit": 20,
        "min_relevance": "auto",
        "unlike": ["id-2", "id-3"],
        "collapse": "near_duplicates",
        "explain": True,
        "weights": {"words": 2.0},
    }


def test_dates_of_taking_are_a_filter_and_an_order() -> None:
    dates = ("--taken-from", "2023-06-01", "--taken-to", "2023-08-31T12:00")
    session, result = ran("search", *dates, "--sort", "taken", "--order", "oldest")
    assert result.exit_code == 0
    assert json.loads(session.asked[0].read()) == {
        "limit": 20,
        "filters": {"taken_from": "2023-06-01", "taken_to": "2023-08-31T12:00"},
        "sort": "taken",
        "order": "oldest",
    }


def test_what_is_ordered_by_dates_shows_them() -> None:
    assert "2024-05-01 13:20:00" in ran("search", "dog", "--sort", "taken")[1].output
    assert "2024-05-01" not in ran("search", "dog")[1].output


def test_a_photograph_is_shown_with_its_date_camera_and_position(
    capsys: pytest.CaptureFixture[str],
) -> None:
    taking = {"camera": "Canon EOS R5", "position": {"latitude": 46.948, "longitude": 7.4475}}
    show_image(IMAGE | RECORD | taking)
    shown = capsys.readouterr().out
    for value in ("2024-05-01 13:20:00", "Canon EOS R5", "46.948, 7.4475"):
        assert value in shown
    show_image(IMAGE | RECORD | {"taken_at": None})
    assert not {"taken", "camera", "position"} & set(capsys.readouterr().out.split())


def test_a_subject_is_asked_for_with_all_that_is_bound_to_it() -> None:
    options = ("--colour", "red", "--action", "run", "--place", "beach", "--place", "sand")
    session, _ = ran("search", "--subject", "dog", *options)
    clause = {"subject": "dog", "colours": ["red"], "actions": ["run"], "places": ["beach", "sand"]}
    assert json.loads(session.asked[0].read()) == {"limit": 20, "attributes": clause}


def test_an_attribute_is_told_with_what_is_worn_and_where_it_is() -> None:
    worn = [{"garment": "dress", "colours": ["pink"]}]
    girl = {"subject": "girl", "colours": ["pink"], "actions": ["run"], "places": ["snow", "hill"]}
    assert words(girl | {"garments": worn}) == "girl (pink dress) run · snow · hill"


def test_labels_narrow_down() -> None:
    session, _ = ran("search", "--label", "cat", "--label", "cup")
    document = json.loads(session.asked[0].read())
    assert document == {"limit": 20, "filters": {"labels": ["cat", "cup"]}}


def test_labels_stand_where_there_is_no_caption_and_as_guesses() -> None:
    unsure = IMAGE | {"caption": None, "labels": [CAT, CUP]}
    assert told(unsure) == "cat?, cup?"
    assert told(unsure | {"labels": [CAT, CUP | {"probability": 0.2}]}) == "cat?"
    assert told(unsure | {"labels": []}) == ""
    assert told(IMAGE | {"labels": [CAT]}) == "a dog in the snow"


def test_what_is_not_asked_for_is_left_to_the_api() -> None:
    session, _ = ran("search", "dog")
    assert json.loads(session.asked[0].read()) == {"text": "dog", "limit": 20}


def test_a_word_after_a_dash_is_left_out_and_an_unknown_option_is_refused() -> None:
    session, _ = ran("search", "dog", "-cat", "--limit", "5")
    assert json.loads(session.asked[0].read()) == {"text": "dog -cat", "limit": 5}
    session, result = ran("search", "dog", "--colur", "red")
    assert (result.exit_code, session.asked) == (2, [])
    assert "--colur" in result.output


def test_what_was_understood_is_told() -> None:
    clause = {"subject": "dog", "told": "a dog, brown, running"}
    reading = {"clauses": [clause, {"told": "a cat"}], "rest": "beach"}
    remarks = list(understood({"reading": reading, "corrected": {"text": "brown dog"}}))
    assert remarks == ["Searched for: brown dog", "Understood: a dog, brown, running and a cat"]
    assert list(understood({"reading": None, "corrected": None})) == []


def test_similar_takes_the_same_options() -> None:
    session, result = ran("similar", "id-1", "--unlike", "id-2", "--min-relevance", "0.5")
    assert result.exit_code == 0
    assert dict(session.asked[0].url.params) == {
        "unlike": "id-2",
        "min_relevance": "0.5",
        "limit": "20",
    }


@pytest.mark.parametrize("weight", ["words", "words=nan", "words=inf"])
def test_a_weight_that_is_none_is_refused(weight: str) -> None:
    _, result = ran("search", "dog", "--weight", weight)
    assert isinstance(result.exception, CommandError)
    assert "words=2" in str(result.exception)


def test_a_crop_that_is_none_is_refused() -> None:
    _, result = ran("search", "--image", str(Path(__file__)), "--crop", "0,0,nan,1")
    assert isinstance(result.exception, CommandError)
    assert "x,y,width,height" in str(result.exception)


def test_why_a_photograph_was_found_is_told() -> None:
    _, result = ran("search", "dog", "--explain")
    assert "caption: dog, snow · meaning: 0.52" in result.output


def test_an_empty_answer_says_why() -> None:
    hints = [{"message": "No photograph has the colour “blonde”.", "text": None}]
    _, result = run(
        {"search": searching.search}, ANSWER | {"hits": [], "hints": hints}, ("search", "x")
    )
    assert "No photograph has the colour “blonde”." in result.output
