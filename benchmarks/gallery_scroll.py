"""How smoothly the gallery scrolls through 10,000 photographs.

``python -m benchmarks.gallery_scroll [--photographs N] [--before REV] [--profile FILE]``

Chromium, headless, on the API in memory: its network costs nothing, its pages the time that Python
takes for them, which gives way to the browser where both want a processor. Somebody scrolls by the
wheel to the end and back. ``--before`` measures the gallery of another commit as well, on the API
of this one.
"""

import argparse
import gzip
import io
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from PIL import Image as Picture
from playwright.sync_api import Browser, CDPSession, Page, Route, sync_playwright

from benchmarks.search.corpus import captions
from chalicelib.api.pages import GALLERY
from chalicelib.images import Caption, Label, Source

# Read when the API is imported.
os.environ |= {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_METRICS_NAMESPACE": "-"}
from tests.api import Api
from tests.e2e.conftest import FLAGS, chromium
from tests.e2e.in_memory import ORIGIN, answering, showing

COUNT: Final = 10_000
MONTHS: Final = 60
AT: Final = (1_000, 5_000, 10_000)
STEP_PX, STEP_MS = 480, 32  # 15,000 pixels a second, which is somebody in a hurry
LONG_MS: Final = 50
SHAPES: Final = ((512, 384), (384, 512), (512, 288), (400, 400), (512, 341))
LABELS: Final = ("dog", "ball", "fire engine")
_START: Final = datetime(2020, 1, 1, tzinfo=UTC)


def records(count: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield photographs that were added over five years."""
    step = timedelta(days=30.4 * MONTHS) / count
    for number, text in zip(range(count), captions(count), strict=False):
        width, height = SHAPES[number % len(SHAPES)]
        yield (
            f"{number:08x}-0000-4000-8000-000000000000",
            {
                "width": width,
                "height": height,
                "placeholder": "#8a7f70",
                "caption": Caption(text, Source.USER),
                "labels": tuple(Label(word, 0.9) for word in LABELS[: number % 4]),
                "created_at": _START + number * step,
                "taken_at": (_START + number * step).replace(tzinfo=None),
            },
        )


@cache
def picture(size: str) -> bytes:
    """Return a picture with something to decode in it."""
    width, height = map(int, size.split("x"))
    drawn = io.BytesIO()
    noise = Picture.effect_noise((width, height), 40).convert("RGB")
    noise.save(drawn, "WEBP", quality=60)
    return drawn.getvalue()


def modules_of(revision: str, into: Path) -> Path:
    """Return the gallery's files as they were in a commit."""
    folder = GALLERY.relative_to(Path.cwd())
    packed = subprocess.run(
        ["git", "archive", revision, str(folder)],
        check=True,
        capture_output=True,
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(into)], input=packed, check=True)
    return into / folder


def script_bytes(gallery: Path) -> int:
    """Return the bytes of all modules, each compressed as a server sends it."""
    return sum(len(gzip.compress(file.read_bytes())) for file in gallery.glob("*.js"))


@contextmanager
def opened(browser: Browser, api: Api, gallery: Path) -> Iterator[Page]:
    """Yield the gallery as somebody who has been here before sees it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    answer = answering(api)
    page = context.new_page()

    def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/files/"):
            route.fulfill(body=picture(Path(path).stem), content_type="image/webp")
            return
        file = gallery / Path(path).name
        if gallery != GALLERY and path.startswith("/gallery/") and file.name != "base.js":
            kind = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
            route.fulfill(body=file.read_bytes(), content_type=kind[file.suffix])
            return
        answer(route)

    context.route("**/*", serve)
    page.goto(f"{ORIGIN}/#token=ann")
    page.locator("#grid[data-ready]").wait_for(state="attached")
    yield page
    context.close()


def give_way() -> None:
    """Let the browser go first, which somebody's network would not slow down either."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    drivers = map(int, children.read_text().split()) if children.exists() else ()
    for process in (os.getpid(), *drivers):
        os.setpriority(os.PRIO_PROCESS, process, 10)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the page holds after a garbage collection."""

    heap_mb: float
    nodes: int
    tiles: int


def memory(page: Page, cdp: CDPSession) -> Memory:
    """Collect garbage and measure."""
    cdp.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    tiles = page.locator("#grid .tile").count()
    return Memory(found["JSHeapUsedSize"] / 1e6, int(found["Nodes"]), tiles)


def tasks(events: list[dict[str, Any]]) -> dict[int, tuple[float, float]]:
    """Return the milliseconds of the main thread's tasks, by the clock and of the processor."""
    named = {
        (one["pid"], one["tid"]): one["args"]["name"]
        for one in events
        if one["name"] == "thread_name"
    }
    return {
        one["ts"]: (one["dur"] / 1_000, one.get("tdur", one["dur"]) / 1_000)
        for one in events
        if one["name"] == "RunTask"
        and one.get("ph") == "X"
        and named.get((one["pid"], one["tid"])) == "CrRendererMain"
    }


@contextmanager
def traced(cdp: CDPSession, into: list[dict[str, Any]]) -> Iterator[None]:
    """Record what the browser does meanwhile."""
    ended: list[bool] = []

    def collect(told: dict[str, Any]) -> None:
        into.extend(told["value"])

    def end(_: dict[str, Any]) -> None:
        ended.append(True)

    cdp.on("Tracing.dataCollected", collect)
    cdp.on("Tracing.tracingComplete", end)
    kinds = "disabled-by-default-devtools.timeline,toplevel,devtools.timeline"
    cdp.send("Tracing.start", {"categories": kinds, "transferMode": "ReportEvents"})
    yield
    cdp.send("Tracing.end")
    while not ended:
        cdp.send("Performance.getMetrics")
    cdp.remove_listener("Tracing.dataCollected", collect)
    cdp.remove_listener("Tracing.tracingComplete", end)


# Scrolls as a wheel does, and says at which photograph it is.
SCROLL = """async ({ step, ms, until }) => {
  const place = () => {
    const tiles = [...document.querySelectorAll("#grid .tile[data-id]")];
    const last = tiles.at(-1);
    return Number(last?.getAttribute("aria-posinset")) || tiles.length;
  };
  const wait = () => new Promise((resolve) => setTimeout(resolve, ms));
  const stuck = () => (step < 0 ? scrollY <= 0 : false);
  let idle = 0;
  for (;;) {
    const before = scrollY;
    scrollBy({ top: step, behavior: "instant" });
    await wait();
    if (step > 0 && place() >= until) return place();
    idle = scrollY === before ? idle + 1 : 0;
    if (stuck() || idle > 3000 / ms * 3) return place();
  }
}"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen of one gallery."""

    first_paint_ms: float
    script_kb: float
    longest_ms: float
    longest_cpu_ms: float
    long_tasks: int
    long_cpu_tasks: int
    after: Mapping[str, Memory]


def measured(
    browser: Browser, api: Api, gallery: Path, count: int, profile: Path | None
) -> Measured:
    """Scroll through all and back."""
    with opened(browser, api, gallery) as page:
        page.locator("#grid .tile img.here").first.wait_for()
        painted = page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        )
        cdp = page.context.new_cdp_session(page)
        cdp.send("Performance.enable")
        events: list[dict[str, Any]] = []
        after: dict[str, Memory] = {"the first page": memory(page, cdp)}
        all_tasks: list[tuple[float, float]] = []
        for until in (*(at for at in AT if at <= count), 0):
            events.clear()
            with traced(cdp, events):
                step = STEP_PX if until else -STEP_PX
                page.evaluate(SCROLL, {"step": step, "ms": STEP_MS, "until": until})
            found = [*tasks(events).values()]
            if profile and max(found) > max(all_tasks, default=(0.0, 0.0)):
                profile.write_text(json.dumps({"traceEvents": events}))
            all_tasks += found
            after[f"{until:,}" if until else "going back"] = memory(page, cdp)
        clock, own = zip(*all_tasks, strict=True)
        return Measured(
            painted,
            script_bytes(gallery) / 1_000,
            max(clock),
            max(own),
            sum(one > LONG_MS for one in clock),
            sum(one > LONG_MS for one in own),
            after,
        )


def shown(name: str, seen: Measured) -> None:
    """Print what was measured."""
    print(f"\n{name}")
    print(f"  first contentful paint  {seen.first_paint_ms:.0f} ms")
    print(f"  scripts, gzip           {seen.script_kb:.1f} KB")
    print(
        f"  longest task            {seen.longest_ms:.0f} ms, {seen.longest_cpu_ms:.0f} of its own"
    )
    print(f"  tasks over {LONG_MS} ms       {seen.long_tasks}, {seen.long_cpu_tasks} of their own")
    for at, held in seen.after.items():
        told = f"{held.heap_mb:.1f} MB, {held.nodes:,} nodes, {held.tiles:,} tiles"
        print(f"  after {at:<16}  {told}")


def main() -> None:
    """Measure this gallery, and another where asked for, and print both."""
    parser = argparse.ArgumentParser(description="Scrolling through many photographs.")
    parser.add_argument("--photographs", type=int, default=COUNT)
    parser.add_argument("--before", metavar="REV", help="a commit whose gallery is measured too")
    parser.add_argument("--profile", type=Path, help="where the trace of the longest task goes")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        showing(dict(records(given.photographs))) as api,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        give_way()
        with redirect_stdout(io.StringIO()):  # what the API tells of itself
            now = measured(browser, api, GALLERY, given.photographs, given.profile)
        shown("now", now)
        if given.before:
            former = modules_of(given.before, Path(scratch))
            with redirect_stdout(io.StringIO()):
                before = measured(browser, api, former, given.photographs, None)
            shown(f"before, at {given.before}", before)
            last = list(now.after)[-2]
            ratio = before.longest_ms / now.longest_ms
            nodes = before.after[last].nodes / now.after[last].nodes
            print(f"\nlongest task {ratio:.1f} times, nodes {nodes:.0f} times what they are now")
        browser.close()


if __name__ == "__main__":
    main()
