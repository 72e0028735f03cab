"""The gallery on an API in memory, which answers the browser instead of a network."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser, Page, Route

from app import provider
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from tests.api import Api
from tests.memory.storage import MemoryStorage

ORIGIN = "http://gallery.test"
PATIENCE_MS, POLL_MS = 30_000, 50


class OpenStorage(MemoryStorage):
    """Links to its objects by addresses that the browser may ask for."""

    def presigned_gets(self, names: Mapping[str, str | None]) -> dict[str, str]:
        """Return addresses below the gallery's own."""
        return {key: f"{ORIGIN}/files/{key}" for key in names}


@contextmanager
def showing(records: Mapping[str, Mapping[str, Any]]) -> Iterator[Api]:
    """Yield an API over photographs, of which each says at least its width and height."""
    index = EmbeddedIndex()
    api = Api(storage=OpenStorage(), index=index)  # type: ignore[arg-type]
    for image_id, known in records.items():
        name = f"{known['width']}x{known['height']}.png"
        index.apply([document_of(api.enter(image_id, derivative_key=name, **known))])
    provider.repository = api.repository()
    yield api
    del provider.repository


@contextmanager
def gallery(
    browser: Browser, api: Api, width: int, address: str = "#token=ann", **context: Any
) -> Iterator[Page]:
    """Yield the gallery; it must not complain, nor be wider than the window.

    Where its address has a token, it is opened.
    """
    complaints: list[str] = []
    page = browser.new_context(viewport={"width": width, "height": 800}, **context).new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.context.route("**/*", answering(api))
    page.goto(f"{ORIGIN}/{address}")
    if "token" in address:
        page.locator("#grid[data-ready]").wait_for(state="attached")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.context.close()
    assert complaints == []


@pytest.fixture
def page(browser: Browser, api: Api, width: int) -> Iterator[Page]:
    """Yield the gallery, as wide as a desk or as a phone, over the photographs of ``api``."""
    with gallery(browser, api, width) as page:
        yield page


def answering(api: Api) -> Callable[[Route], None]:
    """Return what answers a browser's requests, each as whose token it carries."""

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        if asked.path.startswith("/files/"):
            size = Path(asked.path).stem
            picture = drawn(size if re.fullmatch(r"\d+x\d+", size) else "40x30")  # an original
            route.fulfill(body=picture, content_type="image/png")
            return
        target = f"{asked.path}?{asked.query}" if asked.query else asked.path
        body = route.request.post_data
        sent: dict[str, Any] = {"as_": _token(route), **_seen(route)}
        told = api.call(route.request.method, target, body, **sent)
        route.fulfill(status=told.status, headers=told.headers, body=told.text)

    return answer


def expect_to_become(page: Page, seen: Callable[[], object], expected: object) -> None:
    """Wait until what is seen beside a page, as by its API, is as expected.

    The page is answered by the thread of its test: only a wait of Playwright's lets it go on.
    """
    for _ in range(PATIENCE_MS // POLL_MS):
        if seen() == expected:
            return
        page.wait_for_timeout(POLL_MS)
    assert seen() == expected, f"{seen()!r} is seen, not {expected!r}"


def _token(route: Route) -> str | None:
    given = route.request.headers.get("authorization", "")
    return given.removeprefix("Bearer ") or None


def _seen(route: Route) -> dict[str, Any]:
    """Return the revision that a change is of."""
    revision = route.request.headers.get("if-match")
    return {"If_Match": revision} if revision else {}


def drawn(size: str) -> bytes:
    width, height = map(int, size.split("x"))
    drawn = io.BytesIO()
    Picture.new("RGB", (width, height), (200, 150, 90)).save(drawn, "PNG")
    return drawn.getvalue()
