"""Opened records without a file or a picture, and with much written in them; an API in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from chalicelib.images import Caption, Source, State
from tests.api import Api
from tests.e2e.in_memory import gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = "Donaudampfschifffahrtsgesellschaft" * 2
SHOWN: dict[str, dict[str, Any]] = {
    "shown": {
        "width": 300,
        "height": 200,
        "caption": Caption("a dog" + LONG, Source.FILE),
        "keywords": ("Smith, John", LONG),
        "keywords_source": Source.FILE,
    }
}
WITHOUT_PICTURE = {"expired": State.EXPIRED, "failed": State.FAILED}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        for image_id, state in WITHOUT_PICTURE.items():
            api.enter(image_id, state=state, reason="of its reason")
        yield api


@pytest.fixture(params=[1280, 360], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, api: Api) -> Iterator[Page]:
    """Yield the gallery, as wide as a desk or as a phone."""
    with gallery(browser, api, request.param) as page:
        yield page


def opened(page: Page, image_id: str) -> Any:
    page.locator(f'.tile[data-id="{image_id}"]').get_by_role("button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


@pytest.mark.parametrize("image_id", WITHOUT_PICTURE)
def test_where_there_is_no_picture_no_part_of_it_is_offered(page: Page, image_id: str) -> None:
    dialog = opened(page, image_id)
    expect(dialog).to_contain_text("of its reason")
    expect(dialog.get_by_role("button", name="Choose a part")).to_have_count(0)
    downloads = dialog.get_by_role("link", name="Download the original")
    expect(downloads).to_have_count(0 if image_id == "expired" else 1)


def test_long_words_stay_within_what_they_stand_in(page: Page) -> None:
    caption = page.locator('.tile[data-id="shown"] .caption')
    assert caption.evaluate("it => it.scrollWidth - it.clientWidth") <= 0
    facts = opened(page, "shown").locator(".facts")
    assert facts.evaluate("it => it.scrollWidth - it.clientWidth") <= 0


def test_a_keyword_with_a_comma_outlives_the_editing_of_the_caption(page: Page, api: Api) -> None:
    dialog = opened(page, "shown")
    dialog.get_by_role("button", name="Edit").click()
    dialog.get_by_role("textbox", name="Caption").fill("a dog sits")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("heading")).to_have_text("a dog sits")
    page.keyboard.press("Escape")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.locator("#home").click()
    image = api.catalogue.get("shown")
    assert image and image.keywords == SHOWN["shown"]["keywords"]
    assert image.keywords_source is Source.FILE
