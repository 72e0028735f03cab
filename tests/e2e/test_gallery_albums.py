"""Albums and favourites in the gallery; a browser on an API in memory."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.api import Api
from tests.e2e import in_memory
from tests.e2e.in_memory import gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
SIZE: dict[str, Any] = {"width": 300, "height": 200}
SHOWN = {
    "one": SIZE | {"albums": ("Oslo 2024", "Favourites")},
    "two": SIZE | {"albums": ("Oslo 2024",)},
    "three": SIZE,
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


def albums(api: Api, image_id: str) -> Sequence[str]:
    image = api.catalogue.get(image_id)
    assert image is not None
    return image.albums


def opened(page: Page, image_id: str) -> Locator:
    page.locator(f'#grid [data-id="{image_id}"]').get_by_role("button").first.click()
    dialog = page.locator("#detail")
    expect(dialog).to_be_visible()
    return dialog


def ids(page: Page) -> set[str]:
    return {str(one.get_attribute("data-id")) for one in page.locator("#grid [data-id]").all()}


def test_albums_are_shown_with_their_counts_and_a_photograph(page: Page) -> None:
    page.get_by_role("button", name="Places").click()
    page.get_by_role("link", name="Albums").click()
    card = page.get_by_role("link", name="Oslo 2024 2")
    expect(card.locator("img")).to_be_visible()
    card.click()
    expect(page.get_by_role("heading", name="Oslo 2024")).to_be_visible()
    expect(page.locator("#grid [data-id]")).to_have_count(2)
    assert ids(page) == {"one", "two"}
    expect(page).to_have_title("Oslo 2024 · Image Repo")


def test_the_heart_puts_a_photograph_among_the_favourites_and_takes_it_out(
    api: Api, page: Page
) -> None:
    heart = opened(page, "three").get_by_role("button", name="Favourite", exact=True)
    expect(heart).to_have_attribute("aria-pressed", "false")
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    assert albums(api, "three") == ("Favourites",)
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "false")
    assert albums(api, "three") == ()


def test_a_photograph_is_added_to_an_album_that_is_there_or_new_and_taken_back(
    api: Api, page: Page
) -> None:
    opened(page, "three").get_by_role("button", name="Add to an album").click()
    page.get_by_role("button", name="Oslo 2024", exact=True).click()
    expect(page.get_by_text("1 photograph added to Oslo 2024.")).to_be_visible()
    assert albums(api, "three") == ("Oslo 2024",)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#detail").get_by_role("group", name="Albums")).to_have_count(0)
    assert albums(api, "three") == ()
    page.get_by_role("button", name="Add to an album").click()
    page.get_by_role("combobox", name="Name of the album").fill("Bergen")
    page.keyboard.press("Enter")
    expect(page.locator("#detail").get_by_role("group", name="Albums")).to_contain_text("Bergen")
    assert albums(api, "three") == ("Bergen",)


def test_an_album_of_a_photograph_is_left_and_that_is_taken_back(api: Api, page: Page) -> None:
    dialog = opened(page, "one")
    dialog.get_by_role("button", name="Take out of Oslo 2024").click()
    expect(dialog.get_by_role("button", name="Take out of Oslo 2024")).to_have_count(0)
    assert albums(api, "one") == ("Favourites",)
    page.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_role("button", name="Take out of Oslo 2024")).to_be_visible()
    assert set(albums(api, "one")) == {"Favourites", "Oslo 2024"}


def test_what_somebody_else_did_meanwhile_stays(api: Api, page: Page) -> None:
    with page.expect_response("**/images/three"):  # which is asked for anew
        dialog = opened(page, "three")
    api.call("PATCH", "/images/three", {"albums": ["Theirs"]})
    heart = dialog.get_by_role("button", name="Favourite", exact=True)
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(dialog.get_by_role("group", name="Albums")).to_contain_text("Theirs")
    assert albums(api, "three") == ("Theirs", "Favourites")


def test_where_there_are_no_albums_that_is_said(browser: Browser, width: int) -> None:
    with (
        showing({"three": SIZE}) as api,
        gallery(browser, api, width, "#token=ann&view=albums") as page,
    ):
        expect(page.get_by_text("No albums yet.")).to_be_visible()
