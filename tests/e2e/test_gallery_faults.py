"""What the gallery makes of uploads, files and searches that fail; an API in memory."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image as Picture
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from chalicelib.images import Attribute, Caption, Source, State
from tests.api import Api
from tests.e2e import in_memory
from tests.e2e.in_memory import expect_to_become, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
PANORAMA, UPRIGHT = (1200, 300), (300, 450)
ORDER = (UPRIGHT, PANORAMA, PANORAMA, UPRIGHT, UPRIGHT, PANORAMA, PANORAMA, UPRIGHT, PANORAMA)
SHOWN: dict[str, dict[str, Any]] = {
    f"p{number}": {
        "width": width,
        "height": height,
        "caption": Caption(f"a dog {number}", Source.USER),
        "attributes": (Attribute("dog"),),
    }
    for number, (width, height) in enumerate(ORDER)
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        now = datetime.now(UTC)
        times = {"broken-off": now - timedelta(minutes=16), "on-its-way": now}
        for name, moment in times.items():
            api.enter(name, state=State.PENDING, updated_at=moment, created_at=moment)
        yield api


def tile(page: Page, image_id: str) -> Locator:
    return page.locator(f'#grid .tile[data-id="{image_id}"]')


def jpeg() -> FilePayload:
    drawn = io.BytesIO()
    Picture.new("RGB", (64, 48), (90, 150, 200)).save(drawn, "JPEG")
    return {"name": "again.jpg", "mimeType": "image/jpeg", "buffer": drawn.getvalue()}


def file_of(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def test_an_upload_that_was_broken_off_says_so_and_shimmers_no_more(page: Page) -> None:
    expect(tile(page, "broken-off")).to_contain_text("its file never came")
    expect(tile(page, "broken-off")).not_to_contain_class("waiting")
    expect(tile(page, "on-its-way")).to_contain_class("waiting")
    expect(tile(page, "on-its-way")).to_contain_text("waiting for its caption")


def test_an_upload_ends_when_its_form_does(page: Page) -> None:
    page.clock.install()
    page.reload()
    expect(tile(page, "on-its-way")).to_contain_text("waiting for its caption")
    page.clock.fast_forward(16 * 60 * 1000)
    expect(tile(page, "on-its-way")).to_contain_text("its file never came")


def test_a_broken_off_upload_is_tried_again(page: Page, api: Api) -> None:
    page.route("https://**", lambda route: route.fulfill(status=204))
    with page.expect_file_chooser() as chosen:
        tile(page, "broken-off").get_by_role("button", name="Add it again").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        chosen.value.set_files([jpeg()])
    expect(tile(page, "broken-off")).to_have_count(0)
    expect(page.get_by_role("list", name="Being added")).to_contain_text("again.jpg")
    image = api.catalogue.get("broken-off")
    assert image and image.state is State.DELETED


def test_a_broken_off_upload_is_removed_and_that_taken_back(page: Page) -> None:
    tile(page, "broken-off").get_by_role("button", name="Remove").click()
    expect(tile(page, "broken-off")).to_have_count(0)
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(tile(page, "broken-off")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("note.jpg", b"this is text", "no photograph that this browser can read"),
        ("torn.jpg", b"\xff\xd8\xff\xe0 and no more", "It is damaged"),
    ],
)
def test_an_unreadable_file_to_search_by_is_told_about(
    page: Page, name: str, content: bytes, told: str
) -> None:
    page.locator("#query-file").set_input_files(file_of(name, content))
    dialog = page.get_by_role("dialog", name=f"{name} cannot be searched by")
    expect(dialog).to_contain_text(told)
    expect(dialog.get_by_role("img")).to_have_count(0)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_a_heic_photograph_to_search_by_is_offered_to_be_added(page: Page) -> None:
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
    page.locator("#query-file").set_input_files(file_of("IMG_1.heic", heic))
    dialog = page.get_by_role("dialog", name="IMG_1.heic cannot be searched by")
    expect(dialog).to_contain_text("This browser cannot show HEIC photographs")
    with page.expect_request(lambda asked: asked.method == "POST") as entered:
        dialog.get_by_role("button", name="Add it instead").click()
    assert (entered.value.post_data_json or {})["content_type"] == "image/heic"


def test_a_lone_quotation_mark_leaves_nothing_of_the_search_before(page: Page) -> None:
    page.get_by_role("group", name="Subjects").get_by_role("button", name="dog").click()
    expect(page.locator("#heading")).to_contain_text("a dog")
    page.locator("#home").click()
    page.locator("#query").fill("dog 3")
    page.keyboard.press("Enter")
    count = page.get_by_role("group", name="Subjects").get_by_role("button", name="dog")
    expect(count).to_have_text("dog1")
    page.locator("#query").fill('"')
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text('"')
    expect(count).to_have_text(f"dog{len(SHOWN)}")


# Between the end of a row, but the last one, and the edge of the grid.
WIDEST_GAP = """() => {
  const rows = new Map();
  for (const tile of document.querySelectorAll('#grid .tile[data-id]')) {
    const { top, right } = tile.getBoundingClientRect();
    rows.set(top, Math.max(rows.get(top) ?? 0, right));
  }
  const edge = document.querySelector('#grid').getBoundingClientRect().right;
  return Math.max(...[...rows.values()].slice(0, -1).map((right) => Math.abs(edge - right)));
}"""


def test_rows_with_panoramas_reach_the_edge(page: Page) -> None:
    width = page.evaluate("innerWidth")
    page.set_viewport_size({"width": min(width, 1000), "height": 800})
    expect_to_become(page, lambda: page.evaluate(WIDEST_GAP), pytest.approx(0, abs=2))


def failing(page: Page, times: int, **headers: str) -> list[str]:
    """Let searches fail so many times; return what is asked."""
    asked: list[str] = []
    down = {"type": "about:blank", "title": "x", "status": 503, "detail": "the index is down"}

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) <= times:
            route.fulfill(status=503, json=down, headers=headers)
        else:
            route.fallback()

    page.route("**/search?q=**", answer)
    return asked


def test_a_search_that_may_be_tried_again_is_tried_again(page: Page) -> None:
    asked = failing(page, 1, **{"Retry-After": "1"})
    page.locator("#query").fill("dog 3")
    page.keyboard.press("Enter")
    expect(page.locator("#grid .tile[data-id]")).to_have_count(1)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("headers", "tries"), [({}, 1), ({"Retry-After": "0"}, 2), ({"Retry-After": "3600"}, 1)]
)
def test_a_search_is_tried_again_once_and_only_where_that_may_help(
    page: Page, headers: dict[str, str], tries: int
) -> None:
    asked = failing(page, 9, **headers)
    page.locator("#query").fill("dog 3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
    assert len(asked) == tries
