"""Photographs that look the same, in groups; a browser on an API in memory."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api import Api
from tests.corpora import START, vector
from tests.e2e.in_memory import gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def shown(number: int, visual: bytes, width: int, sha256: str) -> dict[str, Any]:
    added = START + timedelta(hours=number)
    size = {"width": width, "height": width // 2, "size": width}
    return {**size, "visual": visual, "created_at": added, "sha256": sha256}


DOG, CAT = vector(1), vector(0, 1)
SHOWN = {
    "small": shown(0, DOG, 200, "a"),
    "large": shown(1, DOG, 400, "b"),
    "middle": shown(2, DOG, 300, "c"),
    "cat": shown(3, CAT, 200, "d"),
    "cat-again": shown(4, CAT, 200, "d"),
    "alone": shown(5, vector(0, 0, 1), 200, "e"),
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


@pytest.fixture
def page(browser: Browser, api: Api, width: int) -> Iterator[Page]:
    """Yield the groups, as wide as a desk or as a phone."""
    with gallery(browser, api, width, "#token=ann&view=duplicates") as page:
        expect(page.get_by_text("6 photographs compared with all others: 2 groups")).to_be_visible()
        yield page


def is_kept(api: Api, image_id: str) -> bool:
    return api.call("GET", f"/images/{image_id}").status == 200


def test_the_best_of_each_group_stands_first_and_is_to_be_kept(page: Page) -> None:
    group = page.locator("#view").get_by_role("region").first
    radios = group.get_by_role("radio")
    assert [radio.get_attribute("aria-label") for radio in radios.all()] == [
        "Keep large.jpg, 400 × 200, 0.00 MB",
        "Keep small.jpg, 200 × 100, 0.00 MB",
        "Keep middle.jpg, 300 × 150, 0.00 MB",
    ]
    expect(radios.first).to_be_checked()
    expect(page.locator("#view").get_by_role("region").last).to_contain_text("The very same file")


def test_the_others_go_to_the_trash_and_come_back_by_undo(api: Api, page: Page) -> None:
    group = page.locator("#view").get_by_role("region").first
    group.get_by_role("button", name="Keep this one, delete the other 2").click()
    expect(page.get_by_text("2 photographs moved to the trash.")).to_be_visible()
    assert [is_kept(api, one) for one in ("small", "large", "middle")] == [False, True, False]
    expect(page.locator("#view").get_by_role("region")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#view").get_by_role("region")).to_have_count(2)
    assert all(is_kept(api, one) for one in SHOWN)


def test_another_one_than_the_best_may_be_kept(api: Api, page: Page) -> None:
    group = page.locator("#view").get_by_role("region").first
    group.get_by_role("radio", name="Keep small.jpg").check()
    group.get_by_role("button", name="Keep this one, delete the other 2").click()
    expect(page.get_by_text("2 photographs moved to the trash.")).to_be_visible()
    assert [is_kept(api, one) for one in ("small", "large", "middle")] == [True, False, False]


def test_one_of_a_group_is_opened_and_closed_again(page: Page) -> None:
    page.get_by_role("button", name="Open large.jpg").click()
    expect(page.locator("#detail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    expect(page.locator("#view").get_by_role("region")).to_have_count(2)
    assert page.title() == "Duplicates · Image Repo"


def test_where_nothing_looks_the_same_that_is_said(browser: Browser, width: int) -> None:
    address = "#token=ann&view=duplicates"
    with (
        showing({"alone": SHOWN["alone"]}) as api,
        gallery(browser, api, width, address) as page,
    ):
        told = page.get_by_text("1 photograph compared with all others: none look the same.")
        expect(told).to_be_visible()
