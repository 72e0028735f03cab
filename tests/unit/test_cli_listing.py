"""Listing, and everything that is found: which route is asked, and page after page."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from image_repo import listing, searching
from image_repo.client import Client
from image_repo.filters import Narrowing, Order, State
from image_repo.listing import Listing
from tests.recording_session import RecordingSession, run
from tests.unit.test_cli_output import HIT, IMAGE

COMMANDS: dict[str, Callable[..., None]] = {
    "list": listing.list_images,
    "similar": searching.similar,
}
PAGE = {"items": [IMAGE], "cursor": None}
FOUND: dict[str, Any] = {"hits": [HIT], "facets": {}, "degraded": [], "cursor": None}


class Paged(RecordingSession):
    """Answers with one page after another, each with a cursor but for the last."""

    def client(self) -> Client:
        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            cursor = None if len(self.asked) == 3 else f"page-{len(self.asked)}"
            return httpx.Response(200, json={**self.answer, "cursor": cursor})

        return Client("http://api", "imr_x", transport=httpx.MockTransport(answer))


def listed(answer: Any, *arguments: str) -> tuple[httpx.Request, Any]:
    session, result = run(COMMANDS, answer, ("list", *arguments))
    assert result.exit_code == 0, result.output
    (request,) = session.asked
    return request, result


def test_a_listing_is_the_catalogues_where_that_can_tell() -> None:
    request, result = listed(PAGE, "--state", "failed", "--limit", "5")
    assert (request.method, request.url.path) == ("GET", "/images")
    assert dict(request.url.params) == {"state": "failed", "limit": "5"}
    added, taken = "2026-01-01T00:00:00Z", "2024-05-01 13:20:00"
    caption = IMAGE["caption"]["text"]
    fields = [IMAGE["id"], IMAGE["name"], "needs_review", caption, "brown dog run", added, taken]
    assert result.stdout == "\t".join(fields) + "\n"


def test_the_catalogue_is_asked_page_by_page_for_what_was_added_when() -> None:
    days = ("2026-01-05", "2026-01-04", "2026-01-03", "2026-01-02", "2026-01-01")
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        added = f"{days[len(asked)]}T12:00:00Z"
        asked.append(request)
        return httpx.Response(200, json={"items": [IMAGE | {"created_at": added}], "cursor": "on"})

    client = Client("http://api", "imr_x", transport=httpx.MockTransport(answer))
    narrowing = Narrowing(
        state=[State.FAILED], added_from="2026-01-03", added_to="2026-01-04T13:00:00Z"
    )
    pages = Listing(client, narrowing, None, Order.NEWEST, 1).pages(None)
    told = [image["created_at"][:10] for page in pages for image in page["items"]]
    assert told == ["2026-01-04", "2026-01-03"]
    assert [dict(request.url.params)["state"] for request in asked] == ["failed"] * 4


@pytest.mark.parametrize("further", [("--source", "user"), ("--order", "oldest")])
def test_what_no_search_finds_is_not_said_to_be_none(further: tuple[str, ...]) -> None:
    session, result = run(COMMANDS, FOUND, ("list", "--state", "failed", *further))
    assert "--state failed: such photographs are listed by" in str(result.exception)
    assert session.asked == []


def test_a_day_that_is_none_is_named() -> None:
    _, result = run(COMMANDS, PAGE, ("list", "--added-from", "yesterday"))
    assert str(result.exception).startswith("--added-from yesterday: must be a day or a time")


def test_every_filter_of_the_api_narrows_a_listing() -> None:
    bound = ("--subject", "dog", "--colour", "brown", "--action", "run", "--place", "snow")
    filters = (
        "--state",
        "captioned",
        "--state",
        "needs_review",
        "--source",
        "user",
        "--label",
        "cat",
    )
    added = ("--added-from", "2026-01-01", "--added-to", "2026-02-01")
    taken = ("--taken-from", "2024-01-01", "--taken-to", "2024-02-01", "--owner", "ann")
    request, _ = listed(FOUND, *bound, *filters, *added, *taken, "--order", "oldest")
    assert json.loads(request.read()) == {
        "sort": "added",
        "order": "oldest",
        "limit": 20,
        "owner": "ann",
        "attributes": {
            "subject": "dog",
            "colours": ["brown"],
            "actions": ["run"],
            "places": ["snow"],
        },
        "filters": {
            "states": ["captioned", "needs_review"],
            "sources": ["user"],
            "labels": ["cat"],
            "created_from": "2026-01-01",
            "created_to": "2026-02-01",
            "taken_from": "2024-01-01",
            "taken_to": "2024-02-01",
        },
    }


@pytest.mark.parametrize("arguments", [("--order", "oldest"), ("--source", "user")])
def test_what_is_found_is_told_as_a_listing(arguments: tuple[str, ...]) -> None:
    _, result = listed(FOUND, *arguments, "--json")
    assert json.loads(result.stdout) == PAGE


def test_a_page_that_is_not_the_last_says_on_stderr_how_to_go_on() -> None:
    _, result = listed(PAGE | {"cursor": "next"})
    assert len(result.stdout.splitlines()) == 1
    assert "--cursor next" in result.stderr


@pytest.mark.parametrize(
    ("answer", "arguments"),
    [
        (PAGE, ("list", "--all")),
        (FOUND, ("list", "--all", "--source", "user")),
        (FOUND, ("similar", "id-1", "--all")),
    ],
)
def test_all_are_page_after_page(answer: Any, arguments: tuple[str, ...]) -> None:
    session, result = run(COMMANDS, answer, arguments, Paged)
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == len(session.asked) == 3
    (*_, last) = session.asked
    assert "page-2" in str(last.url) + last.read().decode()
