"""The trash in the gallery, a view of its own; a browser on an API in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chalicelib.images import Caption, Source, State
from tests.api import Api
from tests.e2e import in_memory
from tests.e2e.in_memory import gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
SHOWN: dict[str, dict[str, Any]] = {
    name: {
        "width": 300,
        "height": 200,
        "state": State.CAPTIONED,
        "caption": Caption(f"a {name} runs", Source.USER),
    }
    for name in ("cat", "dog", "fox")
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        for name in ("cat", "dog"):
            assert api.call("DELETE", f"/images/{name}").status == 204
        yield api


def to_the_trash(page: Page) -> None:
    page.get_by_role("button", name="Places").click()
    page.get_by_role("link", name="Trash").click()


def trash(page: Page) -> Locator:
    return page.get_by_role("region", name="Trash")


def opened(page: Page) -> Locator:
    to_the_trash(page)
    expect(trash(page).get_by_role("listitem")).to_have_count(2)
    return trash(page)


def captions(page: Page) -> Locator:
    return trash(page).locator(".caption")


def test_the_trash_shows_what_was_deleted_last_first_and_for_how_long(page: Page) -> None:
    opened(page)
    expect(captions(page)).to_have_text(["a dog runs", "a cat runs"])
    expect(trash(page)).to_contain_text("stay here for 30 days")
    expect(trash(page)).to_contain_text("30 days left")
    expect(page.locator("#grid")).to_be_hidden()
    expect(page).to_have_title("Trash · Image Repo")


def test_what_is_restored_is_among_the_photographs_again(page: Page, api: Api) -> None:
    opened(page).get_by_role("button", name="Restore: a dog runs").click()
    expect(captions(page)).to_have_text(["a cat runs"])
    expect(trash(page).get_by_role("button", name="Restore: a cat runs")).to_be_focused()
    image = api.catalogue.get("dog")
    assert image and not image.is_hidden and image.caption == SHOWN["dog"]["caption"]
    page.go_back()
    expect(trash(page)).to_be_hidden()
    expect(page.locator('#grid .tile[data-id="dog"]')).to_be_visible()


def test_deleting_for_good_asks_once(page: Page, api: Api) -> None:
    opened(page).get_by_role("button", name="Delete for good: a dog runs").click()
    image = api.catalogue.get("dog")
    assert image and image.trashed_at
    trash(page).get_by_role("button", name="Really delete for good: a dog runs").click()
    expect(captions(page)).to_have_text(["a cat runs"])
    expect(page.get_by_role("status")).to_contain_text("deleted for good")
    image = api.catalogue.get("dog")
    assert image and image.state is State.DELETED


def test_the_emptied_trash_says_so(page: Page) -> None:
    opened(page)
    for name in ("dog", "cat"):
        trash(page).get_by_role("button", name=f"Restore: a {name} runs").click()
        expect(trash(page).get_by_role("button", name=f"Restore: a {name} runs")).to_have_count(0)
    expect(trash(page)).to_contain_text("Nothing is in the trash")
    expect(trash(page).get_by_role("heading")).to_be_focused()


def test_a_search_and_the_logo_lead_out_of_the_trash(page: Page) -> None:
    opened(page)
    page.locator("#home").click()
    expect(trash(page)).to_be_hidden()
    expect(page.locator("#grid .tile")).to_have_count(1)
    opened(page)
    page.locator("#query").fill("fox")
    page.keyboard.press("Enter")
    expect(trash(page)).to_be_hidden()
    expect(page.locator("#grid .tile mark")).to_have_text("fox")


def test_what_was_just_deleted_is_in_the_trash_that_is_opened_next(page: Page) -> None:
    page.locator('#grid .tile[data-id="fox"] > button').click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    to_the_trash(page)
    expect(captions(page)).to_have_text(["a fox runs", "a dog runs", "a cat runs"])


def test_the_trash_has_an_address(browser: Browser, api: Api, width: int) -> None:
    with gallery(browser, api, width) as page:
        page.goto(f"{in_memory.ORIGIN}/#view=trash")
        page.reload()
        expect(captions(page)).to_have_text(["a dog runs", "a cat runs"])
        expect(page).to_have_title("Trash · Image Repo")


def test_who_may_only_read_is_told_so_and_the_photograph_stays(
    browser: Browser, api: Api, width: int
) -> None:
    with gallery(browser, api, width, "#token=reader") as page:
        opened(page).get_by_role("button", name="Restore: a dog runs").click()
        expect(page.get_by_role("status")).to_contain_text("was not restored")
        expect(trash(page).get_by_role("button", name="Restore: a dog runs")).to_be_enabled()


def test_further_pages_are_shown_when_asked_for(browser: Browser, width: int) -> None:
    many = {f"id-{number:02}": SHOWN["cat"] for number in range(45)}
    with showing(many) as api:
        for name in many:
            api.call("DELETE", f"/images/{name}")
        with gallery(browser, api, width) as page:
            to_the_trash(page)
            expect(trash(page).get_by_role("listitem")).to_have_count(40)
            trash(page).get_by_role("button", name="Show more").click()
            expect(trash(page).get_by_role("listitem")).to_have_count(45)
            expect(trash(page).get_by_role("button", name="Show more")).to_be_hidden()
