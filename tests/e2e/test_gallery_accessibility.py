"""Searching, reviewing and adding by keyboard alone, by what assistive technology is told."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser, FilePayload, Locator, Page, Route, expect

from chalicelib.attributes import extract
from chalicelib.images import Caption, Label, Source, State
from chalicelib.transitions import UNSURE
from tests.api import Api
from tests.e2e import in_memory
from tests.e2e.in_memory import gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
UNSURE_OF = Caption("a brown dog runs", Source.MODEL, "net@1", 0.36, ("a ginger cat sleeps",))
SHOWN: dict[str, dict[str, Any]] = {
    "unsure": {
        "width": 300,
        "height": 200,
        "caption": UNSURE_OF,
        "attributes": extract(UNSURE_OF.text),
        "labels": (Label("dog", 0.93),),
        "state": State.NEEDS_REVIEW,
        "reason": UNSURE,
    },
    "written": {
        "width": 300,
        "height": 200,
        "caption": Caption("two people ride bikes", Source.USER),
        "attributes": extract("two people ride bikes"),
    },
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


def tab_to(page: Page, target: Locator, most: int = 40) -> None:
    """Press Tab until something has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("it => it === document.activeElement"):
            return
    raise AssertionError(f"no Tab leads to {target}")


def sent(page: Page, method: str) -> Any:
    return page.expect_response(lambda answer: answer.request.method == method)


def test_everything_on_the_page_has_its_role_and_name(page: Page) -> None:
    expect(page.locator("body")).to_match_aria_snapshot(
        """
        - link "Skip to the photographs"
        - banner:
          - link "All photographs"
          - search:
            - combobox "Search the photographs"
            - button "Search by an image"
          - button "Add photographs"
        - region "Narrow down":
          - group "Subjects"
          - button "All filters"
        - main:
          - heading "Newest photographs" [level=1]
          - list "Newest photographs":
            - listitem:
              - button /two people ride bikes/
            - listitem:
              - button /needs a look a brown dog runs/
        - status
        """
    )


def test_an_open_photograph_says_what_can_be_done(page: Page) -> None:
    page.locator('[data-id="unsure"]').get_by_role("button").click()
    dialog = page.get_by_role("dialog", name="a brown dog runs")
    expect(dialog).to_match_aria_snapshot(
        """
        - dialog "a brown dog runs":
          - button "Close"
          - img "a brown dog runs"
          - button "Previous photograph"
          - button "Next photograph"
          - toolbar "The photograph":
            - button "Zoom out" [disabled]
            - button "Zoom in"
            - button "Full screen"
          - heading "a brown dog runs" [level=2]
          - paragraph: /Needs a look/
          - list:
            - listitem:
              - button "a ginger cat sleeps"
          - group "Seen in the picture":
            - button /dog/
          - button "Find similar"
          - button "Choose a part" [pressed=false]
          - button "Edit"
          - button "Delete"
          - link "Download the original"
        """
    )


def test_a_caption_is_reviewed_by_keyboard(page: Page, api: Api) -> None:
    tab_to(page, page.get_by_role("button", name="needs a look"))
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    tab_to(page, dialog.get_by_role("button", name="a ginger cat sleeps"))
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading")).to_have_text("a ginger cat sleeps")
    tab_to(page, dialog.get_by_role("status").get_by_role("button", name="Undo"))
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading")).to_have_text("a brown dog runs")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    tab_to(page, dialog.get_by_role("button", name="Edit"))
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("textbox", name="Caption")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("a brown dog jumps")
    tab_to(page, dialog.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading")).to_have_text("a brown dog jumps")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="a brown dog jumps")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("jumps")
    with sent(page, "PATCH"):
        page.keyboard.press("Enter")
    image = api.catalogue.get("unsure")
    assert image and image.caption and image.caption.text == "a brown dog jumps"


def test_a_search_is_typed_narrowed_down_and_cleared_by_keyboard(page: Page) -> None:
    tiles = page.get_by_role("listitem").filter(has=page.get_by_role("button"))
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search the photographs")).to_be_focused()
    page.keyboard.type("dog")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="“dog”")).to_be_visible()
    expect(tiles).to_have_count(1)
    tab_to(page, page.get_by_role("group", name="Colours").get_by_role("button", name="brown"))
    page.keyboard.press("Space")
    chip = page.get_by_role("group", name="Colours").get_by_role("button", name="brown")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(chip).to_be_focused()
    page.keyboard.press("Shift+Tab")
    clear = page.get_by_role("button", name="Clear all")
    if not clear.evaluate("it => it === document.activeElement"):
        clear.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Newest photographs")).to_be_visible()
    expect(tiles).to_have_count(2)


def test_a_photograph_is_added_by_keyboard_and_its_fault_tried_again(page: Page) -> None:
    def refuse(route: Route) -> None:
        down = {"type": "about:blank", "title": "x", "status": 503, "detail": "it is busy"}
        if route.request.method == "POST":
            route.fulfill(status=503, json=down)
        else:
            route.fallback()

    page.route("**/images", refuse)
    page.on("filechooser", lambda _: None)  # from now on the browser asks the test for files
    tab_to(page, page.get_by_role("button", name="Add photographs"))
    with page.expect_file_chooser() as chosen:
        page.keyboard.press("Enter")
    chosen.value.set_files([jpeg()])
    tray = page.get_by_role("list", name="Being added")
    expect(tray).to_contain_text("blue.jpg: it is busy")
    again = tray.get_by_role("button", name="Try again: blue.jpg")
    tab_to(page, again)
    with sent(page, "POST"):
        page.keyboard.press("Enter")
    expect(again).to_be_visible()
    tab_to(page, tray.get_by_role("button", name="Dismiss: blue.jpg"))
    page.keyboard.press("Enter")
    expect(tray).to_be_hidden()


def jpeg() -> FilePayload:
    drawn = io.BytesIO()
    Picture.new("RGB", (64, 48), (90, 150, 200)).save(drawn, "JPEG")
    return {"name": "blue.jpg", "mimeType": "image/jpeg", "buffer": drawn.getvalue()}


def test_an_unfinished_upload_is_removed_by_keyboard(page: Page, api: Api) -> None:
    api.enter("late", state=State.EXPIRED, reason="no file", created_at=datetime.now(UTC))
    page.reload()
    tab_to(page, page.get_by_role("button", name="Remove: late.jpg"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove: late.jpg")).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text("late.jpg moved to the trash.")


CONTRAST = """it => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => getComputedStyle(one).backgroundColor;
  let behind = it;
  while (behind.parentElement && parts(ground(behind))[3] === 0) behind = behind.parentElement;
  const two = [getComputedStyle(it).color, ground(behind)].map(light);
  return (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05);
}"""


def contrast(page: Page, of: str) -> float:
    """Return how much the colour of a text differs from what lies behind it (WCAG 2, 1.4.3)."""
    return float(page.locator(of).first.evaluate(CONTRAST))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(browser: Browser, api: Api, scheme: Any) -> None:
    with gallery(browser, api, 1440, color_scheme=scheme) as page:
        texts = ("h1", ".caption", ".seen span:not(.hidden)", ".chip", ".chip small", ".label")
        weak = {of: contrast(page, of) for of in (*texts, "#add", "#all-filters")}
        page.locator('[data-id="unsure"]').get_by_role("button").click()
        inside = (
            ".facts h2",
            ".facts .soft",
            ".facts .danger",
            ".facts dt",
            ".alternatives button",
        )
        weak |= {of: contrast(page, of) for of in inside}
        assert {of: ratio for of, ratio in weak.items() if ratio < 4.5} == {}
