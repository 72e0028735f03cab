"""What a browser fetches again at a second visit, on the deployed stack."""

import gzip
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, expect

from infra.api import COMPRESSED_BYTES
from tests.deployed import DeployedStack
from tests.e2e.conftest import opened
from tests.e2e.test_gallery import add

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.slow]


class Traffic:
    """What a page takes from the network."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._paths: dict[str, str] = {}
        self._bytes: dict[str, int] = {}
        session.send("Network.enable")
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)

    def _answered(self, event: dict[str, Any]) -> None:
        self._paths[event["requestId"]] = urlsplit(event["response"]["url"]).path

    def _finished(self, event: dict[str, Any]) -> None:
        self._bytes[event["requestId"]] = int(event["encodedDataLength"])

    def fetched(self) -> Counter[str]:
        """Return bytes by path, without what came from the cache."""
        sizes: Counter[str] = Counter()
        for request, size in self._bytes.items():
            sizes[self._paths[request]] += size and size - self._saved(request, size)
        return +sizes

    def _saved(self, request: str, size: int) -> int:
        # API Gateway compresses texts of this size, as the template says; the emulator does not.
        answer = self._session.send("Network.getResponseBody", {"requestId": request})
        body = answer["body"].encode()
        if answer["base64Encoded"] or not COMPRESSED_BYTES <= len(body) <= size:
            return 0
        return len(body) - len(gzip.compress(body))


def visit(context: BrowserContext, stack: DeployedStack) -> Counter[str]:
    page = context.new_page()
    traffic = Traffic(context.new_cdp_session(page))
    opened(page, stack, [])
    expect(page.locator(".tile img.here")).to_have_count(page.locator(".tile img").count())
    page.wait_for_load_state("networkidle")
    fetched = traffic.fetched()
    page.close()
    return fetched


def test_a_second_visit_fetches_a_twentieth_of_the_first(
    browser: Browser, stack: DeployedStack, photographs: Path
) -> None:
    owner = browser.new_context().new_page()
    opened(owner, stack, [])
    add(owner, *(photographs / f"{name}.jpg" for name in ("astronaut", "coffee", "chelsea")))
    owner.context.close()
    visitor = browser.new_context(viewport={"width": 1280, "height": 860})
    first, second = visit(visitor, stack), visit(visitor, stack)
    visitor.close()
    assert sum(path.endswith(".webp") for path in first) >= 3
    assert not [path for path in second if path.endswith((".webp", ".js", ".css", ".svg"))]
    assert second.total() <= 0.05 * first.total(), (first, second)
