"""What is printed: a line a record into a pipe, and tables that 80 columns hold."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType

from image_repo import photographs, searching, terminal, tokens, trash, upkeep
from image_repo.output import hits_table, images_table
from image_repo.terminal import Colour
from image_repo.tokens import tokens_table
from tests.recording_session import run

ID = "0f0e9b3c-5f0e-5b8e-9c52-0a7d51d4e1b7"
LONG_NAME = f"{'a very long name ' * 9}.jpg"
IMAGE: dict[str, Any] = {
    "id": ID,
    "name": LONG_NAME,
    "state": "needs_review",
    "reason": None,
    "caption": {"text": "two brown dogs run through the deep snow behind a red fence"},
    "attributes": [{"subject": "dog", "colours": ["brown"], "actions": ["run"], "places": []}],
    "labels": [],
    "created_at": "2026-01-01T00:00:00Z",
    "taken_at": "2024-05-01T13:20:00",
}
HIT = {
    "image": IMAGE,
    "score": 0.77,
    "explanation": [{"part": "words"}],
    "why": "caption: dog, snow · who and what: dog; dog brown · meaning: 0.52 · looks like: 0.61",
}
ANSWER = {
    "hits": [HIT, HIT],
    "total": 3,
    "facets": {"colours": [{"value": "brown", "count": 2}]},
    "cursor": "next",
    "degraded": ["meaning: the encoder did not answer"],
    "reading": {"clauses": [{"told": "a dog, brown"}]},
}

COMMANDS: dict[str, Callable[..., None]] = {
    "show": photographs.show,
    "delete": trash.delete,
    "stats": upkeep.stats,
}


def rendered(table: RenderableType, columns: int = 80) -> list[str]:
    screen = Console(width=columns, force_terminal=True, color_system=None, file=StringIO())
    screen.print(table)
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue().splitlines()


def test_a_match_is_one_line_of_fields_in_a_pipe_however_long_its_name() -> None:
    _, result = run({"search": searching.search}, ANSWER, ("search", "dog", "--explain"))
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    caption, attributes = IMAGE["caption"]["text"], "brown dog run"
    fields = [ID, LONG_NAME, "0.770", caption, attributes, str(HIT["why"])]
    assert lines[0].split("\t") == fields


def test_what_is_no_record_goes_to_stderr() -> None:
    _, result = run({"search": searching.search}, ANSWER, ("search", "dog"))
    told = result.stderr
    for remark in ("--cursor next", "left out: meaning", "Understood: a dog, brown", "brown (2)"):
        assert remark in told
        assert remark not in result.stdout


def test_that_nothing_is_found_goes_to_stderr() -> None:
    _, result = run({"search": searching.search}, ANSWER | {"hits": []}, ("search", "dog"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing found" in result.stderr


def test_tabs_line_breaks_and_escapes_of_a_caption_begin_no_field() -> None:
    image = IMAGE | {"caption": {"text": "a\tdog\n\x1b[2J"}, "name": "a\x1b.jpg"}
    answer = ANSWER | {"hits": [HIT | {"image": image, "explanation": None}]}
    _, result = run({"search": searching.search}, answer, ("search", "dog"))
    assert result.stdout == f"{ID}\ta\\x1b.jpg\t0.770\ta dog  [2J\tbrown dog run\n"


def test_a_name_between_colons_stays_what_it_is() -> None:
    image = {**IMAGE, "rev": 1, "keywords": [], "caption": {"text": ":dog: [bold]x[/]"}}
    image["caption"]["source"] = "user"
    more = {"width": 1, "height": 1, "size": 1, "owner": "ann"}
    _, result = run(COMMANDS, image | more, ("show", ID))
    lines = dict(line.split("\t") for line in result.stdout.splitlines())
    assert (lines["caption"], lines["file"]) == (":dog: [bold]x[/]", LONG_NAME)


def test_counts_are_a_line_a_state() -> None:
    told = {"images": {"captioned": 3, "failed": 0}, "searchable": None, "total": 3}
    _, result = run(
        {"show": photographs.show, "stats": upkeep.stats}, {**told, "complete": False}, ("stats",)
    )
    lines = ["captioned\t3", "failed\t0", "searchable\tindex unavailable", "in all\t3"]
    assert result.stdout.splitlines() == lines
    assert "being counted" in result.stderr


def test_explained_matches_fit_80_columns_with_whole_words_and_ids() -> None:
    lines = rendered(hits_table([HIT], with_dates=True))
    assert max(map(len, lines)) <= 80
    assert ID in " ".join(lines)
    about = " ".join(" ".join(line[7:42] for line in lines).split())
    for told in (IMAGE["caption"]["text"], "brown dog run", "2024-05-01 13:20:00", str(HIT["why"])):
        assert told in about


def test_a_listing_fits_80_columns_with_whole_ids() -> None:
    failed = IMAGE | {"caption": None, "reason": "the file is damaged"}
    lines = rendered(images_table([IMAGE, failed]))
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count(ID) == 2
    assert any("needs_review" in line for line in lines)


def test_tokens_fit_80_columns() -> None:
    times = ("2026-01-01T00:00:00Z", "used never", "valid until 2126-01-01T00:00:00Z")
    lines = rendered(tokens_table([("a" * 12, "a long owner", "read,write", "laptop", *times)]))
    assert max(map(len, lines)) <= 80
    assert times[-1] in " ".join(lines)


def test_a_question_is_asked_on_stderr() -> None:
    session, result = run(COMMANDS, {}, ("delete", "--permanent", "a", "b"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Delete 2 photographs for good?" in result.stderr
    assert not session.asked


def test_a_new_token_is_the_only_line_of_stdout() -> None:
    made = {"token": "imr_new", "scopes": ["read"], "items": []}
    _, result = run({"add": tokens.add_token, "list": tokens.list_tokens}, made, ("add", "ann"))
    assert result.stdout == "imr_new\n"


@pytest.mark.parametrize("when", ["always", "auto", "never"])
def test_ids_are_coloured_in_a_pipe_where_that_is_asked_for(when: str) -> None:
    terminal.use_colour(Colour(when))
    try:
        _, result = run({"search": searching.search}, ANSWER, ("search", "dog"))
    finally:
        terminal.use_colour(Colour.AUTO)
    assert ("\x1b[33m" in result.stdout) is (when == "always")
