"""A token opens the gallery once for all tabs; a browser on an API in memory."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from chalicelib.images import Caption, Source
from tests.api import Api
from tests.e2e.in_memory import ORIGIN, gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOWN: dict[str, dict[str, Any]] = {
    name: {"width": 300, "height": 200, "caption": Caption(f"a {name}", Source.USER)}
    for name in ("dog", "cat")
}
DAY_MS = 24 * 60 * 60 * 1000
ANN = f"{ORIGIN}/#token=ann"


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


@pytest.fixture
def stranger(browser: Browser, api: Api, width: int) -> Iterator[Page]:
    """Yield the gallery as it asks for a token at the address of a photograph."""
    with gallery(browser, api, width, "#photo=dog") as page:
        expect(page.get_by_role("heading", name="Your token, please")).to_be_visible()
        yield page


@pytest.fixture
def page(stranger: Page) -> Page:
    """Return the gallery, opened, all that it asks for answered."""
    stranger.get_by_role("textbox", name="Token").fill("ann")
    stranger.get_by_role("button", name="Open the gallery").click()
    expect(stranger.locator("#detail").get_by_role("heading")).to_have_text("a dog")
    stranger.locator("#grid[data-ready]").wait_for(state="attached")
    stranger.keyboard.press("Escape")
    expect(stranger.get_by_role("dialog")).to_be_hidden()
    return stranger


def revoked(page: Page) -> None:
    """Let the API take the token that is at hand no longer."""
    refused = {"type": "about:blank", "title": "x", "status": 401, "detail": "revoked"}

    def answer(route: Any) -> None:
        if route.request.headers.get("authorization") == "Bearer ann":
            route.fulfill(status=401, json=refused)
        else:
            route.fallback()

    page.route("**/*", answer)


def test_the_printed_address_opens_the_tab_that_asks_where_it_was(stranger: Page) -> None:
    stranger.evaluate("address => location.assign(address)", ANN)
    expect(stranger.locator("#token")).to_be_hidden()
    expect(stranger.locator("#detail").get_by_role("heading")).to_have_text("a dog")
    expect(stranger).to_have_url(f"{ORIGIN}/#photo=dog")
    expect(stranger.locator("#grid .tile[data-id]")).to_have_count(2)


def test_the_printed_address_is_taken_for_a_token_too(stranger: Page) -> None:
    stranger.get_by_role("textbox", name="Token").fill(ANN)
    stranger.get_by_role("button", name="Open the gallery").click()
    expect(stranger.locator("#detail").get_by_role("heading")).to_have_text("a dog")


def test_another_tab_and_a_bookmark_open_without_asking(page: Page) -> None:
    tab = page.context.new_page()
    tab.goto(f"{ORIGIN}/#photo=cat")
    expect(tab.locator("#detail").get_by_role("heading")).to_have_text("a cat")


def test_a_tab_that_asks_goes_on_when_another_is_opened(stranger: Page) -> None:
    tab = stranger.context.new_page()
    tab.goto(ANN)
    expect(tab.locator("#grid .tile[data-id]")).to_have_count(2)
    expect(stranger.locator("#detail").get_by_role("heading")).to_have_text("a dog")
    expect(tab).not_to_have_url(re.compile("token"))


def test_after_two_weeks_without_a_visit_it_asks_again(page: Page) -> None:
    page.clock.install()
    page.clock.fast_forward(13 * DAY_MS)
    page.reload()
    expect(page.locator("#grid .tile[data-id]")).to_have_count(2)
    page.clock.fast_forward(15 * DAY_MS)
    page.reload()
    expect(page.get_by_role("heading", name="Your token, please")).to_be_visible()


def test_a_revoked_token_asks_again_and_nothing_that_was_written_is_lost(page: Page) -> None:
    with page.expect_response("**/images/cat"):
        page.locator('[data-id="cat"]').get_by_role("button").first.click()
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Caption").fill("a cat that waited")
    revoked(page)
    page.get_by_role("button", name="Save").click()
    page.keyboard.press("Escape")
    page.locator("#home").click()
    expect(page.locator("#token")).to_contain_text("The token at hand was not accepted.")
    page.get_by_role("textbox", name="Token").fill("admin")
    page.get_by_role("button", name="Open the gallery").click()
    expect(page.locator('#grid [data-id="cat"] .caption')).to_have_text("a cat that waited")


def test_whoever_gives_no_token_may_do_so_later(page: Page) -> None:
    revoked(page)
    page.locator("#query").fill("cat")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your token, please")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("textbox", name="Token").fill("admin")
    page.get_by_role("button", name="Open the gallery").click()
    expect(page.locator("#grid .tile[data-id]")).to_have_count(1)
    expect(page).to_have_url(f"{ORIGIN}/#q=cat")


def test_a_link_replaces_no_token_unasked(page: Page) -> None:
    asked: list[str] = []

    def decline(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", decline)
    page.evaluate("location.hash = '#token=bob'")
    page.wait_for_function("() => !location.hash.includes('token')")
    assert asked == ["Use this address's token instead of the one at hand?"]
    page.reload()
    expect(page.locator("#grid .tile[data-id]")).to_have_count(2)


def test_a_token_is_forgotten_on_request(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Forget it here").click()
    expect(page.get_by_role("heading", name="Your token, please")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
