"""Photographs, searches and places have addresses, and back and forward follow them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chalicelib.images import Attribute, Caption, Source
from tests.api import Api
from tests.e2e.in_memory import ORIGIN, gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ADDED = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = (("dog", "snow"), ("cat", "sofa"))
MANY = 90


def record(number: int) -> dict[str, Any]:
    subject, place = KINDS[number % 2]
    return {
        "width": 300,
        "height": 200,
        "caption": Caption(f"a {subject} {number} on a {place}", Source.USER),
        "attributes": (Attribute(subject, places=(place,)),),
        "created_at": ADDED + timedelta(days=number),
    }


SHOWN = {f"p{number}": record(number) for number in range(MANY)}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


@pytest.fixture
def page(browser: Browser, api: Api, width: int) -> Iterator[Page]:
    """Yield the gallery, as wide as a desk or as a phone."""
    with gallery(browser, api, width) as page:
        yield page


def tiles(page: Page) -> Locator:
    return page.locator("#grid .tile[data-id]")


def search(page: Page, text: str) -> None:
    page.locator("#query").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text(text)


def scrolled(page: Page) -> int:
    return int(page.evaluate("scrollY"))


def deepest(page: Page) -> int:
    """Return which photograph is the last one near the window."""
    return int(tiles(page).last.get_attribute("aria-posinset") or 0)


def far_down(page: Page) -> int:
    """Scroll until the second page of photographs is there, and return where that is."""
    for _ in range(20):
        page.mouse.move(200, 500)
        page.mouse.wheel(0, 3_000)
        if deepest(page) > 50:
            break
        expect(page.locator("#grid[aria-busy]")).to_have_count(0)
    page.evaluate("scrollTo(0, document.body.scrollHeight - innerHeight - 900)")
    page.wait_for_function("() => history.state?.y === scrollY")
    return scrolled(page)


def test_a_photograph_has_an_address_which_back_leaves_and_forward_opens(page: Page) -> None:
    search(page, "dog")
    expect(tiles(page).first).to_be_visible()
    searched = page.url
    tiles(page).first.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(re.compile(rf"{re.escape(searched)}&photo=p"))
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(searched)
    expect(page.locator("#heading")).to_contain_text("dog")
    page.go_forward()
    expect(dialog).to_be_visible()


def test_a_photograph_that_is_closed_is_one_step_of_the_history(page: Page) -> None:
    search(page, "dog")
    tiles(page).first.get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.wait_for_function("() => !location.hash.includes('photo')")
    page.go_back()
    expect(page.locator("#heading")).to_contain_text("Newest photographs")


def test_closing_a_photograph_asks_for_nothing_again(page: Page) -> None:
    asked: list[str] = []
    expect(tiles(page).first).to_be_visible()
    page.on("request", lambda request: asked.append(request.url))
    tiles(page).nth(3).get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.hash.includes('photo')")
    expect(tiles(page).nth(3).get_by_role("button")).to_be_focused()
    assert not [url for url in asked if "/images?" in url or "/search?" in url]


def test_a_search_from_a_photograph_goes_back_to_it(page: Page) -> None:
    tiles(page).first.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    caption = str(dialog.get_by_role("heading").text_content())
    dialog.get_by_role("button", name="cat · sofa").click()
    expect(page.locator("#heading")).to_contain_text("a cat, sofa")
    expect(dialog).to_be_hidden()
    page.go_back()
    expect(dialog.get_by_role("heading")).to_have_text(caption)
    expect(page.locator("#heading")).to_contain_text("Newest photographs")


def test_a_search_begins_at_the_top_and_back_returns_to_the_place(page: Page) -> None:
    place = far_down(page)
    search(page, "snow")
    assert scrolled(page) == 0
    expect(tiles(page).first).to_be_in_viewport()
    page.go_back()
    expect(page.locator("#heading")).to_contain_text("Newest photographs")
    page.wait_for_function("place => Math.abs(scrollY - place) < 2", arg=place)
    assert deepest(page) > 50


def test_a_facet_begins_at_the_top(page: Page) -> None:
    far_down(page)
    chip = page.get_by_role("group", name="Places").get_by_role("button", name="snow")
    chip.evaluate("it => it.click()")
    expect(page.locator("#heading")).to_contain_text("snow")
    expect(page).to_have_url(re.compile("place=snow"))
    assert scrolled(page) == 0


def test_a_link_opens_a_photograph_for_whoever_must_say_first_who_they_are(
    browser: Browser, api: Api, width: int
) -> None:
    with gallery(browser, api, width, "#place=snow&photo=p8") as page:
        page.get_by_role("textbox", name="Token").fill("ann")
        page.get_by_role("button", name="Open the gallery").click()
        expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text("a dog 8 on a snow")
        expect(page.locator("#heading")).to_contain_text("snow")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page).to_have_url(f"{ORIGIN}/#place=snow")


def test_a_link_to_what_is_gone_or_anothers_says_so(browser: Browser, api: Api, width: int) -> None:
    with gallery(browser, api, width, "#token=bob&photo=p8") as page:
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading")).to_have_text("This photograph is not here")
        dialog.get_by_role("button", name="All photographs").click()
        expect(page.get_by_role("heading", name="No photographs yet")).to_be_visible()
        expect(page).not_to_have_url(re.compile("photo"))


def test_a_photograph_of_a_link_is_leafed_on_from_beyond_the_first_page(page: Page) -> None:
    expect(tiles(page).first).to_be_visible()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = page.locator('#grid .tile[aria-posinset="40"]')
    expect(last).to_be_attached()
    last.get_by_role("button").evaluate("it => it.click()")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowRight")
    after = f"p{MANY - 1 - 40}"
    expect(page.locator("#detail")).to_have_attribute("data-id", after)
    expect(page).to_have_url(re.compile(f"photo={after}"))


def test_a_search_by_an_image_is_come_back_to(page: Page) -> None:
    picture = page.evaluate(
        "() => { const it = document.createElement('canvas'); return it.toDataURL('image/png') }"
    )
    page.locator("#query-file").set_input_files(
        {"name": "red.png", "mimeType": "image/png", "buffer": _bytes(picture)}
    )
    page.get_by_role("dialog").get_by_role("button", name="Search", exact=True).click()
    looks_alike = "Photographs that look like red.png"
    expect(page.locator("#heading")).to_contain_text(looks_alike)
    page.locator("#home").click()
    expect(page.locator("#heading")).to_contain_text("Newest")
    page.go_back()
    expect(page.locator("#heading")).to_contain_text(looks_alike)


def _bytes(url: str) -> bytes:
    import base64

    return base64.b64decode(url.partition(",")[2])


def test_the_title_says_what_is_shown(page: Page) -> None:
    expect(page).to_have_title("Newest photographs · Image Repo")
    search(page, "dog 8")
    expect(page).to_have_title("“dog 8” · Image Repo")
    page.locator('[data-id="p8"]').get_by_role("button").click()
    expect(page).to_have_title("a dog 8 on a snow · Image Repo")
    page.keyboard.press("Escape")
    expect(page).to_have_title("“dog 8” · Image Repo")


def test_skipping_to_the_photographs_is_no_search(page: Page) -> None:
    search(page, "dog")
    page.get_by_role("link", name="Skip to the photographs").press("Enter")
    expect(page.locator("#grid")).to_be_focused()
    expect(page.locator("#heading")).to_contain_text("dog")
