"""Every change of a photograph can be taken back; a browser on an API in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib.images import Caption, Source, State
from chalicelib.transitions import UNSURE
from tests.api import Api
from tests.e2e import in_memory
from tests.e2e.in_memory import showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
CAPTION = Caption("a brown dog runs", Source.MODEL, "net@1", 0.36, ("a cat sits", "a wolf"))
SHOWN: dict[str, dict[str, Any]] = {
    name: {
        "width": 300,
        "height": 200,
        "caption": CAPTION,
        "state": State.NEEDS_REVIEW,
        "reason": UNSURE,
        "keywords": ("Rex",),
        "keywords_source": Source.FILE,
    }
    for name in ("one", "two", "three")
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


def tile(page: Page, image_id: str) -> Locator:
    return page.locator(f'#grid .tile[data-id="{image_id}"]')


def opened(page: Page, image_id: str = "one") -> Locator:
    tile(page, image_id).get_by_role("button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def undo(page: Page) -> None:
    page.get_by_role("status").get_by_role("button", name="Undo").last.click()
    expect(page.get_by_role("status").get_by_role("button", name="Undo")).to_have_count(0)


def search_anew(page: Page) -> None:
    """Search, before which all that waits is sent."""
    with page.expect_response("**/images?*"):
        page.locator("#home").click()


def search_sends(page: Page, method: str) -> None:
    with page.expect_response(lambda answer: answer.request.method == method):
        page.locator("#home").click()


def test_two_presses_of_enter_change_nothing(page: Page, api: Api) -> None:
    before = api.catalogue.get("one")
    tile(page, "one").get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    search_anew(page)
    assert api.catalogue.get("one") == before


def test_an_adopted_caption_is_taken_back_as_the_models(page: Page, api: Api) -> None:
    before = api.catalogue.get("one")
    dialog = opened(page)
    dialog.get_by_role("button", name="a cat sits").click()
    expect(dialog.get_by_role("heading")).to_have_text("a cat sits")
    undo(page)
    expect(dialog.get_by_role("heading")).to_have_text("a brown dog runs")
    page.keyboard.press("Escape")
    expect(tile(page, "one")).to_contain_text("a brown dog runs")
    search_anew(page)
    expect(tile(page, "one")).to_contain_text("a brown dog runs")
    assert api.catalogue.get("one") == before


def test_an_adopted_caption_is_a_persons_once_it_is_searched_again(page: Page, api: Api) -> None:
    opened(page).get_by_role("button", name="a cat sits").click()
    page.keyboard.press("Escape")
    search_sends(page, "PATCH")
    expect(tile(page, "one")).to_contain_text("a cat sits")
    image = api.catalogue.get("one")
    assert image and image.caption and image.state is State.CAPTIONED
    assert (image.caption.text, image.caption.source) == ("a cat sits", Source.USER)


def test_edited_words_are_taken_back_by_the_keyboard(page: Page, api: Api) -> None:
    before = api.catalogue.get("one")
    dialog = opened(page)
    dialog.get_by_role("button", name="Edit").click()
    dialog.get_by_role("textbox", name="Caption").fill("a fox")
    dialog.get_by_role("textbox", name="Keywords").fill("Rex, holiday")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("heading")).to_have_text("a fox")
    expect(dialog.get_by_role("button", name="holiday")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(dialog.get_by_role("heading")).to_have_text("a brown dog runs")
    expect(dialog.get_by_role("button", name="holiday")).to_have_count(0)
    page.keyboard.press("Escape")
    search_anew(page)
    assert api.catalogue.get("one") == before


def test_a_second_change_sends_the_first_and_is_taken_back_alone(page: Page, api: Api) -> None:
    dialog = opened(page)
    dialog.get_by_role("button", name="a cat sits").click()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        dialog.get_by_role("button", name="a wolf").click()
    expect(dialog.get_by_role("heading")).to_have_text("a wolf")
    undo(page)
    expect(dialog.get_by_role("heading")).to_have_text("a cat sits")
    page.keyboard.press("Escape")
    search_anew(page)
    image = api.catalogue.get("one")
    assert image and image.caption and image.caption.text == "a cat sits"


def delete(page: Page, image_id: str) -> None:
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        opened(page, image_id).get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(tile(page, image_id)).to_have_count(0)


def test_deleted_photographs_come_back_to_their_places(page: Page, api: Api) -> None:
    order = "[...document.querySelectorAll('#grid .tile')].map((tile) => tile.dataset.id)"
    before = page.evaluate(order)
    delete(page, "one")
    delete(page, "two")
    for image_id in ("two", "one"):
        page.get_by_role("status").get_by_role("button", name="Undo").last.click()
        expect(tile(page, image_id)).to_be_visible()
    assert page.evaluate(order) == before
    image = api.catalogue.get("one")
    assert image and image.state is State.NEEDS_REVIEW and not image.is_hidden


def test_what_is_deleted_lies_in_the_trash_at_once(page: Page, api: Api) -> None:
    delete(page, "one")
    expect(page.get_by_role("status")).to_contain_text("moved to the trash")
    expect(page.locator("#grid .tile")).to_have_count(2)
    image = api.catalogue.get("one")
    assert image and image.trashed_at and image.caption == CAPTION


def test_words_that_were_just_written_go_to_the_trash_with_their_photograph(
    page: Page, api: Api
) -> None:
    dialog = opened(page)
    dialog.get_by_role("button", name="a cat sits").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        dialog.get_by_role("button", name="Delete").click()
    image = api.catalogue.get("one")
    assert image and image.trashed_at and image.caption and image.caption.text == "a cat sits"
    page.keyboard.press("Control+z")
    expect(tile(page, "one")).to_contain_text("a cat sits")


def test_what_was_restored_can_be_changed_at_once(page: Page, api: Api) -> None:
    delete(page, "one")
    undo(page)
    opened(page).get_by_role("button", name="a cat sits").click()
    page.keyboard.press("Escape")
    search_sends(page, "PATCH")
    image = api.catalogue.get("one")
    assert image and image.caption and image.caption.text == "a cat sits"


def test_a_deletion_that_the_api_refuses_puts_the_photograph_back(page: Page) -> None:
    refused = {"type": "about:blank", "title": "x", "status": 403, "detail": "only a reader"}
    page.route(
        "**/images/one",
        lambda route: (
            route.fulfill(status=403, json=refused)
            if route.request.method == "DELETE"
            else route.fallback()
        ),
    )
    opened(page).get_by_role("button", name="Delete").click()
    expect(tile(page, "one")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("was not deleted: only a reader")
    expect(page.get_by_role("status").get_by_role("button", name="Undo")).to_have_count(0)


def test_what_is_told_lies_above_the_open_photograph(page: Page) -> None:
    opened(page).get_by_role("button", name="a cat sits").click()
    toast = page.get_by_role("status").get_by_role("button", name="Undo")
    box = toast.bounding_box()
    assert box
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert toast.evaluate("(it, at) => it === document.elementFromPoint(...at)", middle)


def test_a_change_that_the_api_refuses_is_shown_again_with_its_words(page: Page) -> None:
    refused = {"type": "about:blank", "title": "x", "status": 400, "detail": "caption: too odd"}
    page.route(
        "**/images/one",
        lambda route: (
            route.fulfill(status=400, json=refused)
            if route.request.method == "PATCH"
            else route.fallback()
        ),
    )
    opened(page).get_by_role("button", name="a cat sits").click()
    page.keyboard.press("Escape")
    search_sends(page, "PATCH")
    expect(page.get_by_role("status")).to_contain_text("caption: too odd")
    expect(tile(page, "one")).to_contain_text("a brown dog runs")
    page.get_by_role("button", name="Edit again").click()
    expect(page.get_by_role("textbox", name="Caption")).to_have_value("a cat sits")
