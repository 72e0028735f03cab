"""Screenshots of the gallery's views: ``make screenshots``.

The demo's photographs, as the shipped model describes them, on an API in memory. All of them go to
``build/screenshots`` (light and dark, a desk's window and a phone's); those of a desk in the light
to ``docs/screenshots``, too.
"""

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from PIL import Image as Picture
from playwright.sync_api import Browser, Page, Route, sync_playwright

from app import provider
from captioner.photograph import read
from captioner.preparing import prepare, version_of
from captioner.queries import Queries
from captioner.vision import words
from captioner.vision.bundle import DEFAULT_BUNDLE, load
from captioner.vision.model import Model
from chalicelib.encoder import QueryEncoder
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.ingest import Ingest
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from local.photographs import PHOTOGRAPHS, lay_out
from tests.api import Api
from tests.e2e.conftest import FLAGS, chromium
from tests.e2e.in_memory import ORIGIN, OpenStorage, answering

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING, SHOWN = ROOT / "build" / "screenshots", ROOT / "docs" / "screenshots"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST_BYTES, MOST_PIXELS = 10**8, 10**8
COPY = (300, 300)  # of a photograph that is there larger


class Direct:
    """The encoder's function, called instead of invoked."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        """Return its answer."""
        answer = self._queries.answer(json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@contextmanager
def filled() -> Iterator[Api]:
    """Yield an API over the demo's photographs and a copy of one, in albums and in the trash."""
    model = load(DEFAULT_BUNDLE)
    reading = partial(read, max_pixels=MOST_PIXELS)
    index, storage = EmbeddedIndex(), OpenStorage()
    queries = Queries(
        model, storage, reading, max_query_bytes=MOST_BYTES, max_stored_bytes=MOST_BYTES
    )
    client: Any = Direct(queries)
    encoder: Any = QueryEncoder(words.load, client, "encoder")
    api = Api(storage=storage, index=index, encoder=encoder)  # type: ignore[arg-type]
    with TemporaryDirectory() as folder:
        lay_out(Path(folder), PHOTOGRAPHS)
        files = sorted(Path(folder).iterdir())
        _entered(api, model, f"small-{files[0].name}", _smaller(files[0]))
        *filed, last = [_entered(api, model, one.name, one.read_bytes()) for one in files]
    provider.repository = api.repository()
    for place, image_id in enumerate(filed):
        named = [name for name, every in (("Favourites", 3), ("Summer", 4)) if place % every == 0]
        api.call("PATCH", f"/images/{image_id}", {"albums": named})
    api.call("DELETE", f"/images/{last}")
    index.apply([*map(document_of, api.catalogue.scan())])
    yield api
    del provider.repository


def _entered(api: Api, model: Model, name: str, content: bytes) -> str:
    key = f"uploads/ann/{name}"
    api.storage.write(key, content, content_type="image/jpeg")
    described = partial(
        prepare,
        read=partial(read, max_pixels=MOST_PIXELS),
        describe=model.describe,
        space=model.space,
    )
    ingest = Ingest(
        *(api.catalogue, api.storage, described),
        model=version_of(model),
        clock=partial(datetime.now, UTC),
        max_bytes=MOST_BYTES,
    )
    event = ObjectEvent(api.storage.bucket, key, EventKind.CREATED, "v1", "01")
    ingest.created(event)
    (image,) = (one for one in api.catalogue.scan() if one.key == key)
    return image.image_id


def _smaller(file: Path) -> bytes:
    with Picture.open(file) as picture:
        picture.thumbnail(COPY)
        written = io.BytesIO()
        picture.convert("RGB").save(written, "JPEG")
    return written.getvalue()


def served(api: Api) -> Callable[[Route], None]:
    """Return what answers a browser: the bucket's files, too."""
    answer = answering(api)

    def answered(route: Route) -> None:
        path = unquote(urlsplit(route.request.url).path)
        if not path.startswith("/files/"):
            return answer(route)
        body = api.storage.read(path.removeprefix("/files/"), limit=MOST_BYTES)
        return route.fulfill(body=body or b"", content_type="image/webp")

    return answered


def _opened(page: Page) -> None:
    page.locator("#grid .tile > button").nth(2).click()
    page.locator("#detail .stage img").wait_for()


def _looked(page: Page) -> None:
    page.locator(".review .word").first.wait_for()
    page.locator(".review h2 .word").nth(1).focus()


def _chosen(page: Page) -> None:
    page.locator("#grid .tile > button").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+X")


def _as_it_is(page: Page) -> None:
    page.wait_for_load_state("networkidle")


VIEWS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "photographs": ("", _as_it_is),
    "search": ("&q=cat&why=1", _as_it_is),
    "photograph": ("", _opened),
    "selection": ("", _chosen),
    "albums": ("&view=albums", _as_it_is),
    "review": ("&view=review", _looked),
    "duplicates": ("&view=duplicates", _as_it_is),
    "trash": ("&view=trash", _as_it_is),
}


def main() -> int:
    """Make them all; tell each."""
    browser_path = chromium()
    if browser_path is None:
        print("✗ No Chromium: sudo apt install chromium-headless-shell", file=sys.stderr)
        return 1
    EVERYTHING.mkdir(parents=True, exist_ok=True)
    SHOWN.mkdir(parents=True, exist_ok=True)
    with filled() as api, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        for name in VIEWS:
            for size in SIZES:
                for theme in THEMES:
                    print(_taken(browser, api, name, size, theme).relative_to(ROOT))
    return 0


def _taken(
    browser: Browser, api: Api, name: str, size: str, theme: Literal["light", "dark"]
) -> Path:
    width, height = SIZES[size]
    address, ready = VIEWS[name]
    view = {"width": width, "height": height}
    context = browser.new_context(viewport=view, color_scheme=theme)  # type: ignore[arg-type]
    context.route("**/*", served(api))
    page = context.new_page()
    page.goto(f"{ORIGIN}/#token=ann{address}")
    page.wait_for_load_state("networkidle")
    ready(page)
    page.wait_for_timeout(600)  # pictures fade in
    target = EVERYTHING / f"{name}-{size}-{theme}.png"
    page.screenshot(path=target)
    context.close()
    if (size, theme) == ("desk", "light"):
        with Picture.open(target) as picture:
            picture.convert("RGB").save(SHOWN / f"{name}.webp", quality=80, method=6)
    return target


if __name__ == "__main__":
    sys.exit(main())
