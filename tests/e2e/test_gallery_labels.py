"""What the model sees, and who is where, in the gallery: a browser on an API in memory."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from chalicelib.images import Attribute, Caption, Label, Source, State
from chalicelib.transitions import TOO_UNSURE
from tests.api import Api
from tests.e2e.in_memory import ORIGIN, gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CAT, CUP = Label("cat", 0.93), Label("cup", 0.31)
SHOWN: dict[str, dict[str, Any]] = {
    "unsure": {
        "width": 300,
        "height": 200,
        "labels": (CAT, CUP),
        "state": State.NEEDS_REVIEW,
        "reason": TOO_UNSURE,
    },
    "told": {
        "width": 240,
        "height": 240,
        "labels": (CAT,),
        "caption": Caption("a ginger animal sleeps on a sofa", Source.USER),
        "attributes": (Attribute("animal", ("ginger",), ("sleep",)),),
    },
    "other": {
        "width": 320,
        "height": 200,
        "labels": (CUP,),
        "caption": Caption("a brown dog runs in snow", Source.MODEL, "net@1", 0.8),
        "attributes": (Attribute("dog", ("brown",), ("run",), places=("snow",)),),
    },
}


@pytest.fixture
def api() -> Iterator[Api]:
    """Yield an API over three photographs: a withheld caption, a person's, a model's."""
    with showing(SHOWN) as api:
        yield api


@pytest.fixture(params=[1280, 360], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, api: Api) -> Iterator[Page]:
    """Yield the opened gallery, as wide as a desk or as a phone."""
    with gallery(browser, api, request.param) as page:
        yield page


def search(page: Page, text: str) -> None:
    page.locator("#query").fill(text)
    page.keyboard.press("Enter")


def test_where_the_caption_is_withheld_the_card_guesses(page: Page) -> None:
    unsure = page.locator('.tile[data-id="unsure"]')
    expect(unsure.locator(".caption.guess")).to_have_text("cat?cup?")
    expect(unsure.locator(".badge")).to_have_text("needs a look")
    expect(unsure.get_by_role("img")).to_have_attribute("alt", "Perhaps cat or cup")
    unsure.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("cat? cup?")
    expect(dialog).to_contain_text(TOO_UNSURE)


def test_labels_stand_beside_a_caption_as_a_source_of_their_own(page: Page) -> None:
    told = page.locator('.tile[data-id="told"]')
    expect(told.locator(".caption")).to_have_text("a ginger animal sleeps on a sofa")
    expect(told.locator(".seen")).to_have_text("Seen in the picture: cat")
    told.get_by_role("button").click()
    seen = page.get_by_role("group", name="Seen in the picture")
    expect(seen.get_by_role("button")).to_have_text("cat93 %")
    seen.get_by_role("button").click()
    expect(page.locator("#heading")).to_contain_text("Seen or filed under: cat")
    expect(page.locator("#grid .tile")).to_have_count(2)
    expect(page).to_have_url(re.compile("label=cat"))


def test_typing_what_is_seen_finds_it_and_says_so(page: Page) -> None:
    search(page, "cat")
    expect(page.locator("#grid .tile")).to_have_count(2)
    expect(page.locator('.tile[data-id="unsure"] mark')).to_have_text("cat?")
    expect(page.locator('.tile[data-id="told"] .seen mark')).to_have_text("cat")
    page.get_by_role("button", name="Say why").click()
    why = page.locator('.tile[data-id="unsure"] .why')
    expect(why).to_have_text("seen: cat")


def test_what_is_seen_narrows_down_by_chips(page: Page) -> None:
    seen = page.get_by_role("group", name="Seen or filed under")
    seen.get_by_role("button", name="cat").click()
    expect(page.locator("#grid .tile")).to_have_count(2)
    page.get_by_role("group", name="Seen or filed under").get_by_role("button", name="cup").click()
    expect(page.locator("#grid .tile")).to_have_count(1)
    expect(page).to_have_url(re.compile("label=cat%2Ccup"))
    page.go_back()
    expect(page.locator("#grid .tile")).to_have_count(2)


def test_a_second_chip_adds_to_the_first_before_that_is_answered(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/search?*", hold)
    seen = page.get_by_role("group", name="Seen or filed under")
    for label in ("cat", "cup"):
        with page.expect_request("**/search?*"):
            seen.get_by_role("button", name=label).click()
    held[-1].fallback()
    expect(page).to_have_url(f"{ORIGIN}/#label=cat%2Ccup")
    expect(page.locator("#grid .tile[data-id]")).to_have_count(1)


def test_where_a_subject_is_narrows_down_by_chips(page: Page) -> None:
    page.get_by_role("group", name="Places").get_by_role("button", name="snow").click()
    expect(page.locator("#grid .tile")).to_have_count(1)
    expect(page.locator("#heading")).to_contain_text("snow")
    expect(page).to_have_url(re.compile("place=snow"))
    page.locator('.tile[data-id="other"] > button').click()
    page.get_by_role("dialog").get_by_role("button", name="brown dog run · snow").click()
    expect(page.locator("#heading")).to_contain_text("a dog, brown, running, snow")
    expect(page.locator("#grid .tile")).to_have_count(1)


def test_what_is_understood_ranks_and_can_be_made_a_condition(page: Page) -> None:
    search(page, "dog running in the snow")
    page.get_by_role("button", name="a dog, running, snow").click()
    expect(page.locator('.tile[data-id="other"]')).to_be_visible()
    expect(page.locator("#heading")).to_contain_text("a dog, running, snow")
    expect(page).to_have_url(f"{ORIGIN}/#subject=dog&action=run&place=snow")
