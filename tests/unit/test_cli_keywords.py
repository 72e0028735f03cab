"""Keywords on the command line: edited, and told of a photograph."""

import json
from typing import Any

import pytest

from image_repo import photographs
from tests.recording_session import RecordingSession, run

IMAGE = {
    "id": "id-1",
    "name": "rex.jpg",
    "state": "captioned",
    "reason": None,
    "caption": {"text": "our Rex", "source": "file", "model": None, "confidence": None},
    "attributes": [],
    "labels": [],
    "keywords": ["Lake Como", "Rex"],
    "width": 4,
    "height": 3,
    "size": 9,
    "owner": "ann",
    "created_at": "2026-01-02T00:00:00Z",
    "rev": 2,
}


def ran(*arguments: str) -> tuple[RecordingSession, Any]:
    return run({"show": photographs.show, "edit": photographs.edit}, IMAGE, arguments)


@pytest.mark.parametrize(
    ("given", "sent"), [("Lake Como, Rex,", ["Lake Como", "Rex"]), ("", []), (" , ", [])]
)
def test_keywords_are_given_with_commas_and_taken_away_by_none(given: str, sent: list[str]) -> None:
    session, result = ran("edit", "id-1", "--keywords", given)
    assert result.exit_code == 0
    assert json.loads(session.asked[0].read()) == {"keywords": sent}
    assert "our Rex\tLake Como, Rex" in result.output


def test_a_photograph_is_shown_with_its_keywords_and_who_wrote_its_caption() -> None:
    _, result = ran("show", "id-1")
    told = {line.partition("\t")[0]: line for line in result.output.splitlines()}
    assert "Lake Como, Rex" in told["keywords"] and "file" in told["caption by"]
