"""Dates of taking in the gallery: shown, narrowed down by, ordered by; on an API in memory."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from chalicelib.images import Caption, Source
from tests.api import Api
from tests.e2e.in_memory import gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ADDED = datetime(2026, 1, 1, tzinfo=UTC)
# Added in this order, taken in another. In Europe clocks never showed the time of "spring".
TAKEN = {
    "summer": ("2019-08-09T10:00", "Canon EOS R5", "a brown dog runs on a beach"),
    "spring": ("2024-03-31T02:30", "Apple iPhone 15", "a dog sits in the snow"),
    "scan": ("1931-08-09T12:00", None, "a black dog and a man"),
    "undated": (None, None, "a dog sleeps"),
}
SHOWN: dict[str, dict[str, Any]] = {
    image_id: {
        "width": 300,
        "height": 200,
        "caption": Caption(caption, Source.USER),
        "taken_at": datetime.fromisoformat(moment) if moment else None,
        "camera": camera,
        "created_at": ADDED + timedelta(days=day),
    }
    for day, (image_id, (moment, camera, caption)) in enumerate(TAKEN.items())
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


@pytest.fixture(params=[1280, 360], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, api: Api) -> Iterator[Page]:
    """Yield the gallery of a person in Germany, as wide as a desk or as a phone."""
    person = {"locale": "de-DE", "timezone_id": "Europe/Berlin"}
    with gallery(browser, api, request.param, **person) as page:
        yield page


def expect_order(page: Page, *image_ids: str) -> None:
    tiles = page.locator("#grid .tile[data-id]")
    expect(tiles).to_have_count(len(image_ids))
    for place, image_id in enumerate(image_ids):
        expect(tiles.nth(place)).to_have_attribute("data-id", image_id)


def order(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Order").select_option(label=name)


def test_everything_is_ordered_by_when_it_was_taken(page: Page) -> None:
    expect_order(page, "undated", "scan", "spring", "summer")
    order(page, "Last taken first")
    expect_order(page, "spring", "summer", "scan", "undated")
    order(page, "First taken first")
    expect_order(page, "scan", "summer", "spring", "undated")
    expect(page).to_have_url(re.compile("sort=taken&order=oldest"))
    page.go_back()
    expect_order(page, "spring", "summer", "scan", "undated")
    expect(page.get_by_role("combobox", name="Order")).to_have_value("taken")


def test_two_days_narrow_down_what_was_found(page: Page) -> None:
    page.get_by_role("button", name="All filters").click()
    page.locator("#query").fill("dog")
    page.keyboard.press("Enter")
    expect(page.locator("#grid .tile[data-id]")).to_have_count(4)
    page.get_by_label("Taken from").fill("1931-08-09")
    page.get_by_label("to", exact=True).fill("2019-08-09")
    order(page, "Last taken first")
    expect_order(page, "summer", "scan")
    expect(page.locator("#query")).to_have_value("dog")
    page.get_by_label("to", exact=True).fill("1930-01-01")
    page.get_by_role("button", name="Taken at any time").click()
    expect(page.get_by_label("Taken from")).to_have_value("")
    expect(page.locator("#grid .tile[data-id]")).to_have_count(4)


def test_a_year_that_is_being_typed_asks_for_nothing(page: Page) -> None:
    page.get_by_role("button", name="All filters").click()
    page.get_by_label("Taken from").fill("0002-05-01")
    expect_order(page, "undated", "scan", "spring", "summer")
    expect(page).not_to_have_url(re.compile("taken_from"))


def test_a_photograph_says_when_and_with_what_it_was_taken(page: Page) -> None:
    page.locator('.tile[data-id="spring"] button').click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("31.3.2024, 02:30:00")
    expect(dialog).to_contain_text("Apple iPhone 15")
    page.keyboard.press("Escape")
    page.locator('.tile[data-id="undated"] button').click()
    expect(dialog).not_to_contain_text("Taken")
    expect(dialog).not_to_contain_text("Camera")
