"""Looking through what the model is not sure of, in the gallery, by keyboard and pointer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from chalicelib.images import Caption, Source, State
from chalicelib.transitions import UNSURE
from tests.api import Api
from tests.e2e.in_memory import gallery, showing

UNSURE_OF = {"state": State.NEEDS_REVIEW, "reason": UNSURE, "width": 640, "height": 480}
SHOWN = {
    "dog": UNSURE_OF
    | {"caption": Caption("a dog runs here", Source.MODEL, "m@1", 0.3, ("a cat sleeps", "a cow"))},
    "bare": UNSURE_OF | {"caption": None, "visual": None},
    "sure": {"width": 640, "height": 480, "caption": Caption("a boy", Source.MODEL, "m@1", 0.9)},
}
# Of the four cells over a photograph, from 0 to 255.
DARKNESS = """veil => [...veil.getContext('2d').getImageData(0, 0, 2, 2).data]
  .filter((_, place) => place % 4 === 3)"""
pytestmark = [pytest.mark.browser, pytest.mark.slow]
NO_IMAGE = "the file is no image"
ADDRESS = "#token=ann&view=review"


@pytest.fixture
def api() -> Iterator[Api]:
    """Yield an API with two photographs to review, a failed file, and a caption that is sure."""
    with showing(SHOWN) as api:
        api.enter("failed", state=State.FAILED, visual=None, caption=None, reason=NO_IMAGE)
        yield api


@pytest.fixture
def page(browser: Browser, api: Api, width: int) -> Iterator[Page]:
    """Yield the queue, as wide as a desk or as a phone."""
    with gallery(browser, api, width, ADDRESS) as page:
        expect(page.get_by_role("heading", name="Review")).to_be_visible()
        yield page


def title(page: Page) -> str:
    return " ".join(page.locator(".review h2").inner_text().split())


def at(page: Page, caption: str) -> None:
    expect(page.locator(".review h2")).to_have_text(caption)


def walked_to(page: Page, caption: str) -> None:
    """Skip to a photograph of the queue."""
    page.locator(".review h2").wait_for()
    while title(page) != caption:
        before = title(page)
        page.keyboard.press("s")
        expect(page.locator(".review h2")).not_to_have_text(before)


def sent(api: Api, page: Page, image_id: str) -> Caption | None:
    """Return a photograph's caption once what waits was sent, as by going elsewhere."""
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.locator("#home").click()
    image = api.catalogue.get(image_id)
    assert image is not None
    return image.caption


def test_right_makes_the_caption_a_persons_and_goes_on(api: Api, page: Page) -> None:
    walked_to(page, "a dog runs here")
    page.keyboard.press("r")
    expect(page.get_by_text("Caption confirmed.")).to_be_visible()
    expect(page.locator(".review h2")).not_to_have_text("a dog runs here")
    caption = sent(api, page, "dog")
    assert caption is not None
    assert (caption.text, caption.source) == ("a dog runs here", Source.USER)


def test_an_alternative_is_taken_by_its_number_and_taken_back_by_undo(api: Api, page: Page) -> None:
    walked_to(page, "a dog runs here")
    page.keyboard.press("1")
    expect(page.get_by_text("Caption changed.")).to_be_visible()
    page.keyboard.press("Control+z")
    at(page, "a dog runs here")
    with page.expect_response("**/images?*"):  # before which all that waits is sent
        page.locator("#home").click()
    image = api.catalogue.get("dog")
    assert image is not None and image.caption is not None
    assert image.caption.source is Source.MODEL


def test_another_caption_is_written_without_the_mouse(api: Api, page: Page) -> None:
    walked_to(page, "a dog runs here")
    page.keyboard.press("f")
    box = page.get_by_role("textbox", name="Caption")
    expect(box).to_be_focused()
    box.fill("our Rex on the beach")
    page.keyboard.press("Enter")
    caption = sent(api, page, "dog")
    assert caption is not None
    assert (caption.text, caption.source) == ("our Rex on the beach", Source.USER)


def test_escape_leaves_the_box_and_changes_nothing(page: Page) -> None:
    walked_to(page, "a dog runs here")
    page.keyboard.press("f")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Caption")).to_have_count(0)
    at(page, "a dog runs here")


def test_each_word_shows_where_the_model_looked(page: Page) -> None:
    walked_to(page, "a dog runs here")
    word = page.get_by_role("button", name="dog: the model looked at the top right")
    expect(word).to_be_visible()
    veil = page.locator(".veil")
    expect(veil).to_be_hidden()
    word.focus()
    expect(veil).to_be_visible()
    first = veil.evaluate(DARKNESS)
    assert first[1] == 0 and min(first[0], first[2], first[3]) > 100
    page.keyboard.press("ArrowRight")
    expect(
        page.get_by_role("button", name="runs: the model looked at the bottom left")
    ).to_be_focused()
    assert veil.evaluate(DARKNESS)[2] == 0


def test_where_the_model_looked_may_be_unknown_and_the_rest_goes_on(api: Api, page: Page) -> None:
    api.encoder.down = True
    page.reload()
    walked_to(page, "a dog runs here")
    expect(page.get_by_text("Where the model looked cannot be shown")).to_be_visible()
    expect(page.locator(".spelling")).to_contain_text("a cat sleeps")


def test_a_key_that_is_pressed_twice_before_more_is_there_leaves_nothing_out(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/images?state=failed*", hold)
    page.locator(".review h2").wait_for()
    first = title(page)
    page.keyboard.press("s")
    expect(page.locator(".review h2")).not_to_have_text(first)
    with page.expect_request("**/images?state=failed*"):
        page.keyboard.press("s")
    page.keyboard.press("s")
    held[0].fallback()
    at(page, "failed.jpg")
    expect(page.locator(".progress")).to_have_text("2 of 3")


def test_a_failed_file_is_tried_again(api: Api, page: Page) -> None:
    walked_to(page, "failed.jpg")
    expect(page.get_by_text("the file is no image")).to_be_visible()
    api.storage.write("uploads/ann/failed.jpg", b"x", content_type="image/jpeg")
    with page.expect_response("**/recaption") as answer:
        page.keyboard.press("t")
    assert answer.value.request.post_data_json == {"ids": ["failed"]}


def test_the_end_says_how_many_were_looked_through(page: Page) -> None:
    for _ in range(3):
        page.locator(".review h2").wait_for()
        before = page.locator(".progress").inner_text()
        page.keyboard.press("s")
        expect(page.locator(".progress")).not_to_have_text(before)
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    expect(page.locator(".progress")).to_have_text("3 of 3")


def test_the_menu_says_how_many_there_are_and_leads_there(
    browser: Browser, api: Api, width: int
) -> None:
    with gallery(browser, api, width) as page:
        page.get_by_role("button", name="Places").click()
        link = page.get_by_role("link", name="Review 3")
        expect(link).to_be_visible()
        link.click()
        expect(page.get_by_role("heading", name="Review")).to_be_visible()
        expect(page.locator("#grid")).to_be_hidden()
        expect(page).to_have_title("Review · Image Repo")
        page.go_back()
        expect(page.locator("#grid [data-id]").first).to_be_visible()
        expect(page.get_by_role("heading", name="Review")).to_have_count(0)


def test_where_nothing_is_to_be_reviewed_that_is_said(browser: Browser, width: int) -> None:
    with showing({"sure": SHOWN["sure"]}) as api, gallery(browser, api, width, ADDRESS) as page:
        expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()
