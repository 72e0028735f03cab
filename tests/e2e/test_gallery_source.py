"""What a search by an image goes by stands above what it found, and its part can be moved."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib.images import Caption, Source
from tests.api import VECTOR, Api
from tests.e2e import in_memory
from tests.e2e.in_memory import drawn, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
SHOWN: dict[str, dict[str, Any]] = {
    f"p{number}": {
        "width": 400,
        "height": 300,
        "caption": Caption(f"a dog {number}", Source.USER),
        "visual": VECTOR,
    }
    for number in range(3)
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


def source(page: Page) -> Locator:
    return page.get_by_role("region", name="Searched by")


def found(page: Page) -> None:
    expect(page.locator("#grid")).not_to_have_attribute("aria-busy", "true")


def choose_quarter(page: Page) -> None:
    """Drag over the upper left quarter of the picture that is searched by, once all is there."""
    found(page)
    box = source(page).get_by_role("img").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 6, box["y"] + 6)  # its corners are round
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()


def find_similar(page: Page) -> None:
    page.locator('.tile[data-id="p0"] > button').click()
    page.get_by_role("button", name="Find similar").click()


def test_similar_photographs_stand_below_the_one_they_are_similar_to(page: Page) -> None:
    find_similar(page)
    picture = source(page).get_by_role("img", name=re.compile("Searched by: p0"))
    expect(picture).to_be_visible()
    expect(page.locator("#grid .tile")).to_have_count(2)
    source(page).get_by_role("button", name="Open it").click()
    expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text("a dog 0")
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("photo"))
    expect(picture).to_be_visible()
    page.go_back()
    expect(source(page)).to_be_hidden()


def test_another_part_of_a_stored_photograph_is_searched_by(page: Page, api: Api) -> None:
    find_similar(page)
    expect(source(page).get_by_role("img")).to_be_visible()
    choose_quarter(page)
    expect(page).to_have_url(re.compile("crop=0"))
    expect(source(page)).to_contain_text("this part of")
    found(page)
    assert api.encoder.crops[-1] == pytest.approx((0, 0, 0.5, 0.5), abs=0.06)
    source(page).get_by_role("button", name="Search by all of it").click()
    expect(page).not_to_have_url(re.compile("crop"))
    page.go_back()
    expect(source(page)).to_contain_text("this part of")


def test_an_image_from_outside_is_shown_and_its_part_moved(page: Page, api: Api) -> None:
    page.locator("#query-file").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": drawn("400x300")}
    )
    page.get_by_role("dialog").get_by_role("button", name="Search").click()
    expect(source(page).get_by_role("img", name="Searched by: mine.png")).to_be_visible()
    found(page)
    assert api.encoder.crops == [None]
    choose_quarter(page)
    expect(source(page)).to_contain_text("this part of mine.png")
    found(page)
    assert api.encoder.crops[-1] == pytest.approx((0, 0, 0.5, 0.5), abs=0.06)
    page.go_back()
    expect(source(page)).not_to_contain_text("this part of")
    page.locator("#query").fill("dog")
    page.keyboard.press("Enter")
    expect(source(page)).to_be_hidden()
