"""What a browser fetches again at a second visit, on the deployed stack."""

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.deployed import DeployedStack
from tests.e2e.conftest import opened
from tests.e2e.test_gallery import add

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.slow]


def fetched(context: BrowserContext, stack: DeployedStack) -> Counter[str]:
    """Return the bytes that a visit takes from the network, by path."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    paths: dict[str, str] = {}
    sizes: Counter[str] = Counter()

    def answered(event: dict) -> None:
        paths[event["requestId"]] = urlsplit(event["response"]["url"]).path

    def finished(event: dict) -> None:
        sizes[paths[event["requestId"]]] += int(event["encodedDataLength"])

    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    complaints: list[str] = []
    opened(page, stack, complaints)
    expect(page.locator(".tile img.here")).to_have_count(page.locator(".tile img").count())
    page.wait_for_load_state("networkidle")
    assert complaints == []
    page.close()
    return +sizes


def test_a_second_visit_fetches_a_twentieth_of_the_first(
    browser: Browser, stack: DeployedStack, photographs: Path
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    opened(page, stack, [])
    add(page, *(photographs / f"{name}.jpg" for name in ("astronaut", "coffee", "chelsea")))
    context.close()
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    first = fetched(context, stack)
    second = fetched(context, stack)
    context.close()
    print(first.total(), second.total(), second)
    assert not [path for path in second if path.endswith((".webp", ".js", ".css", ".svg"))]
    assert second.total() <= 0.05 * first.total()
