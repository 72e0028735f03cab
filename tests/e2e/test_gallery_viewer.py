"""An open photograph is looked at: large, closer, its neighbours; a browser on an API in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chalicelib.images import Caption, Source
from tests.api import Api
from tests.e2e.in_memory import gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOWN: dict[str, dict[str, Any]] = {
    name: {"width": 2400, "height": 1600, "caption": Caption(f"a {name}", Source.USER)}
    for name in ("dog", "cat", "fox")
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


@pytest.fixture
def page(browser: Browser, api: Api, width: int) -> Iterator[Page]:
    """Yield the gallery with its first photograph open, as wide as a desk or as a phone."""
    with gallery(browser, api, width) as page:
        page.locator("#grid .tile > button").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.locator(".stage img")).to_be_visible()
        yield page


def control(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog").get_by_role("button", name=name, exact=True)


def shown(page: Page) -> str:
    return str(page.locator("#detail").get_attribute("data-id"))


def box(page: Page, of: str = ".stage img") -> dict[str, float]:
    found = page.locator(of).bounding_box()
    assert found
    return {
        "x": found["x"],
        "y": found["y"],
        "width": found["width"],
        "height": found["height"],
    }


def order(page: Page) -> list[str]:
    tiles = page.locator("#grid .tile[data-id]").all()
    return [str(tile.get_attribute("data-id")) for tile in tiles]


def test_a_photograph_is_as_large_as_the_window_lets_it_be(page: Page) -> None:
    size = page.viewport_size
    assert size
    stage, photograph = box(page, ".stage"), box(page)
    facts = box(page, ".facts")
    if size["width"] > 1_000:
        assert (stage["x"], stage["y"], stage["height"]) == (0, 0, size["height"])
        assert facts["x"] == stage["width"] == size["width"] - facts["width"]
    else:
        assert stage["width"] == size["width"] and facts["y"] == stage["height"]
    is_full = photograph["width"] == stage["width"] or photograph["height"] == stage["height"]
    assert is_full


def test_buttons_keys_and_the_wheel_zoom(page: Page) -> None:
    before = box(page)
    expect(control(page, "Zoom out")).to_be_disabled()
    control(page, "Zoom in").click()
    assert box(page)["width"] == pytest.approx(1.5 * before["width"])
    page.keyboard.press("-")
    assert box(page) == pytest.approx(before)
    page.mouse.move(before["x"] + 10, before["y"] + 10)
    page.mouse.wheel(0, -400)
    page.wait_for_function("() => document.querySelector('.stage').matches('.zoomed')")
    assert box(page)["width"] == pytest.approx(2.72 * before["width"], rel=0.01)
    # What is pointed at stays where it is.
    assert box(page)["x"] == pytest.approx(before["x"] - 17, abs=2)
    page.mouse.dblclick(before["x"] + 90, before["y"] + 90)
    assert box(page) == pytest.approx(before)


def test_a_zoomed_photograph_is_moved_and_stays_at_its_edge(page: Page) -> None:
    page.keyboard.press("+")
    before = box(page)
    stage = box(page, ".stage")
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=3)
    assert box(page)["x"] == pytest.approx(before["x"] + 50)
    page.mouse.move(x + 2_000, y, steps=3)
    assert box(page)["x"] == pytest.approx(stage["x"])
    page.mouse.up()
    assert shown(page) == order(page)[0]


def test_neighbours_are_a_button_a_key_or_a_swipe_away(page: Page) -> None:
    first, second, third = order(page)
    expect(control(page, "Previous photograph")).to_be_disabled()
    control(page, "Next photograph").click()
    expect(page.locator("#detail")).to_have_attribute("data-id", second)
    expect(control(page, "Next photograph")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail")).to_have_attribute("data-id", third)
    expect(control(page, "Next photograph")).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#detail")).to_have_attribute("data-id", second)
    stage = box(page, ".stage")
    y = stage["y"] + stage["height"] / 3
    page.mouse.move(80, y)
    page.mouse.down()
    page.mouse.move(240, y + 10, steps=4)
    page.mouse.up()
    expect(page.locator("#detail")).to_have_attribute("data-id", first)


def test_the_full_screen_holds_the_photograph_and_what_is_told(page: Page) -> None:
    control(page, "Full screen").click()
    page.wait_for_function("() => document.fullscreenElement?.matches('.opened')")
    expect(page.locator(".facts")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail")).to_have_attribute("data-id", order(page)[1])
    page.keyboard.press("f")
    page.wait_for_function("() => !document.fullscreenElement")
    expect(page.locator(".facts")).to_be_visible()


def test_the_details_make_way_and_the_original_is_there(page: Page) -> None:
    original = control(page, "Close").locator("xpath=..").get_by_role("link", name="original")
    expect(original).to_have_attribute("download", "")
    page.keyboard.press("i")
    expect(page.locator(".facts")).to_be_hidden()
    page.keyboard.press("i")
    expect(page.locator(".facts")).to_be_visible()


def test_an_open_photograph_is_moved_to_the_trash_by_a_key(page: Page) -> None:
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
