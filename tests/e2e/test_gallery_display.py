"""A photograph opened large, and its keywords: a browser on an API in memory."""

import io
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser, Page, Route, expect

from app import provider
from chalicelib.images import Caption, Label, Source
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from tests.api import Api
from tests.e2e.in_memory import ORIGIN, OpenStorage

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SMALL, LARGE = "derived/lake/a.webp", "derived/lake/a-large.webp"


def picture(width: int, height: int) -> bytes:
    drawn = io.BytesIO()
    Picture.new("RGB", (width, height), (90, 150, 200)).save(drawn, "WEBP")
    return drawn.getvalue()


@pytest.fixture
def api() -> Iterator[Api]:
    """Yield an API over a photograph of 12 megapixels, captioned in its file."""
    index = EmbeddedIndex()
    api = Api(storage=OpenStorage(), index=index)  # type: ignore[arg-type]
    api.encoder.down = True
    image = api.enter(
        "lake",
        width=4_032,
        height=3_024,
        derivative_key=SMALL,
        large_key=LARGE,
        caption=Caption("our Rex at the lake", Source.FILE),
        labels=(Label("dog", 0.9),),
        keywords=("Lake Como", "Rex"),
        keywords_source=Source.FILE,
    )
    api.storage.write(SMALL, picture(512, 384), content_type="image/webp")
    api.storage.write(LARGE, picture(2_016, 1_512), content_type="image/webp")
    index.apply([document_of(image)])
    provider.repository = api.repository()
    yield api
    del provider.repository


def answering(api: Api, held_back: set[str]) -> Callable[[Route], None]:
    """Return what answers the browser's requests, but those for what is held back."""

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        key = asked.path.removeprefix("/files/")
        if key in held_back:
            route.abort()
            return
        if asked.path.startswith("/files/"):
            body = api.storage.read(key, limit=10**9)
            route.fulfill(body=body or b"", content_type="image/webp")
            return
        target = f"{asked.path}?{asked.query}" if asked.query else asked.path
        told = api.call(route.request.method, target, route.request.post_data, as_="ann")
        route.fulfill(status=told.status, headers=told.headers, body=told.text)

    return answer


@pytest.fixture(params=[(1680, 1000), (360, 740)], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, api: Api) -> Iterator[Page]:
    """Yield the opened gallery, as wide as a desk or as a phone; it must not complain."""
    complaints: list[str] = []
    width, height = request.param
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/*", answering(api, set()))
    page.goto(f"{ORIGIN}/#token=ann")
    page.locator("#grid[data-ready]").wait_for(state="attached")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.context.close()
    assert complaints == []


def opened(page: Page) -> None:
    page.locator(".tile > button").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def sent(page: Page) -> None:
    """Let what was changed be sent, as it is before another search."""
    page.keyboard.press("Escape")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.locator("#home").click()


def shown(page: Page) -> tuple[float, float]:
    box = page.locator(".stage img").bounding_box()
    assert box
    return box["width"], box["height"]


def test_a_photograph_opens_large_and_whole(page: Page) -> None:
    opened(page)
    expect(page.locator(".stage img")).to_have_attribute("src", f"{ORIGIN}/files/{LARGE}")
    expect(page.locator(".stage img")).to_have_js_property("naturalWidth", 2_016)
    width, height = shown(page)
    assert width / height == pytest.approx(4 / 3, abs=0.02)
    viewport = page.viewport_size
    assert viewport and height <= viewport["height"] and width <= viewport["width"]
    assert width > (1_000 if viewport["width"] > 1_000 else 300)


def test_until_the_large_copy_is_there_the_small_one_fills_its_place(page: Page, api: Api) -> None:
    page.route("**/*", answering(api, {LARGE}))
    opened(page)
    expect(page.locator(".stage img")).to_have_attribute("src", f"{ORIGIN}/files/{SMALL}")
    small = shown(page)
    page.keyboard.press("Escape")
    page.route("**/*", answering(api, set()))
    opened(page)
    expect(page.locator(".stage img")).to_have_attribute("src", f"{ORIGIN}/files/{LARGE}")
    assert shown(page) == pytest.approx(small, abs=1)


def test_a_part_of_the_large_copy_is_searched_by(page: Page) -> None:
    opened(page)
    page.get_by_role("button", name="Choose a part").click()
    page.locator(".stage").scroll_into_view_if_needed()
    page.locator("#detail").evaluate("it => it.scrollTo(0, 0)")
    box = page.locator(".stage img").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.25)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.75, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Find what looks like this part").click()
    expect(page).to_have_url(re.compile("crop=0.25"))


def test_what_stands_in_the_file_is_told_as_such_and_searched_by(page: Page) -> None:
    opened(page)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Written in the file")
    keywords = dialog.get_by_role("group", name="Keywords in the file")
    expect(keywords.get_by_role("button")).to_have_text(["Lake Como", "Rex"])
    keywords.get_by_role("button", name="Lake Como").click()
    expect(page.locator("#grid .tile")).to_have_count(1)
    expect(page).to_have_url(re.compile("label=lake"))


def test_a_keyword_that_a_text_found_is_marked_on_the_card(page: Page) -> None:
    page.locator("#query").fill("como")
    page.keyboard.press("Enter")
    expect(page.locator(".tile .seen mark")).to_have_text("Lake Como")


def test_keywords_are_edited_and_the_caption_is_left_as_it_is(page: Page, api: Api) -> None:
    opened(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Keywords").fill("Rex, holiday ,")
    page.get_by_role("button", name="Save").click()
    group = page.get_by_role("group", name="Keywords", exact=True)
    expect(group.get_by_role("button")).to_have_text(["Rex", "holiday"])
    sent(page)
    image = api.catalogue.get("lake")
    assert image and image.caption
    assert (image.keywords, image.keywords_source) == (("Rex", "holiday"), Source.USER)
    assert image.caption.source is Source.FILE


def test_a_caption_that_is_saved_as_it_is_becomes_a_persons(page: Page, api: Api) -> None:
    opened(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_contain_text("Written by a person")
    sent(page)
    image = api.catalogue.get("lake")
    assert image and image.caption and image.caption.source is Source.USER
    assert image.keywords_source is Source.FILE
