"""What the page says, and how much of it at first; a browser on an API in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chalicelib.attributes import extract
from chalicelib.images import Caption, Label, Source, State
from chalicelib.transitions import UNSURE
from tests.api import Api
from tests.e2e import in_memory
from tests.e2e.in_memory import showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
CAPTIONS = (
    "a brown dog runs on a beach",
    "a boy in a red shirt sits on a bench",
    "two people ride bikes in the snow",
    "a ginger cat sleeps on a sofa",
)
SHOWN: dict[str, dict[str, Any]] = {
    f"p{number}": {
        "width": 300,
        "height": 200,
        "caption": Caption(text, Source.MODEL, "vgg16-slim@0.4.0", 0.36),
        "attributes": extract(text),
        "labels": (Label("dog", 0.93), Label("beach", 0.41)),
        "state": State.NEEDS_REVIEW,
        "reason": UNSURE,
    }
    for number, text in enumerate(CAPTIONS)
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


def height(page: Page, of: str) -> float:
    box = page.locator(of).bounding_box()
    assert box
    return box["height"]


def test_numbers_and_models_stand_in_the_details_alone(page: Page) -> None:
    tile = page.locator('#grid .tile[data-id="p0"]')
    expect(tile).to_contain_text("needs a look")
    expect(tile).not_to_contain_text("%")
    tile.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".sentence")).to_have_text(f"Needs a look: {UNSURE}")
    expect(
        dialog.get_by_role("definition").filter(has_text="vgg16-slim@0.4.0, 36 % sure")
    ).to_be_visible()


def test_search_and_filters_take_a_row_each_until_they_are_used(page: Page) -> None:
    bar = height(page, ".top")
    assert bar < 80
    assert height(page, ".refine") < 60
    page.locator("#query").focus()
    assert height(page, ".top") == bar
    assert page.locator("#query").evaluate("it => it.clientWidth") > 220
    page.keyboard.type("dog")
    page.keyboard.press("Enter")
    page.locator("#home").click()
    page.get_by_role("button", name="All filters").click()
    expect(page.get_by_label("Taken from")).to_be_visible()
    expect(page.get_by_role("button", name="Fewer filters")).to_have_attribute(
        "aria-expanded", "true"
    )


def test_filters_labels_are_aligned(page: Page) -> None:
    page.get_by_role("button", name="All filters").click()
    for part in (".facet .label", ".facet .chips"):
        boxes = [one.bounding_box() for one in page.locator(part).all()]
        places = {round(box["x"]) for box in boxes if box}
        assert len(boxes) > 3 and len(places) == 1


def test_a_question_mark_tells_the_keys(page: Page) -> None:
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("takes the last change back")
    page.keyboard.press("Escape")
    page.locator("#query").press("?")
    expect(dialog).to_be_hidden()
    expect(page.locator("#query")).to_have_value("?")


def test_a_phrase_that_nobody_holds_is_shown_as_typed_and_loosened_without_quotes(
    page: Page,
) -> None:
    page.locator("#query").fill('-cat "red parrots"')
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text('-cat "red parrots"')
    expect(page.get_by_role("button", name="Only “parrots”")).to_be_visible()
