"""What a browser fetches again at a second visit, on the deployed stack."""

from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, expect

from tests.deployed import DeployedStack
from tests.e2e.proxy import proxied
from tests.integration.test_stack_pipeline import settled, upload

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.slow]

PATIENCE = 120_000  # milliseconds, on a machine with other things to do
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea")


class Traffic:
    """What a page takes from the network."""

    def __init__(self, session: CDPSession) -> None:
        self._paths: dict[str, str] = {}
        self._bytes: Counter[str] = Counter()
        session.send("Network.enable")
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)

    def _answered(self, event: dict[str, Any]) -> None:
        self._paths[event["requestId"]] = urlsplit(event["response"]["url"]).path

    def _finished(self, event: dict[str, Any]) -> None:
        self._bytes[self._paths[event["requestId"]]] += int(event["encodedDataLength"])

    def fetched(self) -> Counter[str]:
        """Return bytes by path, headers included, without what came from the cache."""
        return +self._bytes


def visit(context: BrowserContext, gallery: str) -> Counter[str]:
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    traffic = Traffic(context.new_cdp_session(page))
    page.goto(gallery)
    expect(page.locator(".tile img.here")).to_have_count(len(PHOTOGRAPHS), timeout=PATIENCE)
    page.wait_for_load_state("networkidle")
    fetched = traffic.fetched()
    page.close()
    return fetched


@pytest.fixture
def newcomer(stack: DeployedStack, photographs: Path) -> str:
    """Return the token of somebody who has these photographs and no others."""
    with stack.client() as admin:
        token = str(admin.post("/tokens", json={"owner": "newcomer"}).json()["token"])
    with stack.client(token) as client:
        files = [photographs / f"{name}.jpg" for name in PHOTOGRAPHS]
        added = [upload(client, file.name, file.read_bytes()) for file in files]
        for image in added:
            settled(client, image, within=PATIENCE / 1_000)
    return token


def test_a_second_visit_fetches_a_twentieth_of_the_first(
    browser: Browser, stack: DeployedStack, newcomer: str
) -> None:
    visitor = browser.new_context(viewport={"width": 1280, "height": 860})
    with proxied(f"{stack.api_url}/#token={newcomer}") as gallery:
        first, second = visit(visitor, gallery), visit(visitor, gallery)
    visitor.close()
    assert sum(path.endswith(".webp") for path in first) == len(PHOTOGRAPHS)
    assert not [path for path in second if path.endswith((".webp", ".js", ".css", ".svg"))]
    print(f"{first.total()} B, then {second.total()} B: {second.total() / first.total():.1%}")
    assert second.total() <= 0.05 * first.total(), (first, second)
