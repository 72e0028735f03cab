"""Pages of other origins in a browser: one that may call the API, and one that may not."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from chalicelib.names import STACK, STAGE
from tests.deployed import DeployedStack
from tests.e2e.proxy import Proxy, proxied, serving

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.slow]

UPLOAD_AND_SEARCH = """
async ([api, token, bytes]) => {
  const headers = { Authorization: `Bearer ${token}` };
  const file = new Blob([new Uint8Array(bytes)], { type: "image/jpeg" });
  const created = await fetch(`${api}/images`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "a.jpg", content_type: file.type, size: file.size }),
  });
  const { upload } = await created.json();
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
  form.append("file", file);
  const sent = await fetch(upload.url, { method: "POST", body: form });
  const found = await fetch(`${api}/search?q=cat`, { headers });
  const refused = await fetch(`${api}/images`, { headers: { Authorization: "Bearer wrong" } });
  return [created.status, sent.ok, found.status, refused.status, (await refused.json()).title];
}
"""
FETCH = "async ([api, token]) => (await fetch(`${api}/health`)).status"


class EmptyPage(BaseHTTPRequestHandler):
    """Answers every request with an empty page."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def origins() -> Iterator[tuple[str, str]]:
    """Yield the origins of two pages."""
    with serving(EmptyPage, "localhost") as one, serving(EmptyPage, "localhost") as another:
        yield one, another


@pytest.fixture
def sharing(origins: tuple[str, str], tmp_path: Path) -> Iterator[DeployedStack]:
    """Yield a stack which pages of the first origin may call."""
    deployed = DeployedStack(tmp_path)
    try:
        deployed.up(context={"cors": origins[0]})
        yield deployed
    finally:
        deployed.down()


def asking_the_function(stack: DeployedStack) -> type[Proxy]:
    """Return a proxy that passes OPTIONS on to the API's function, as API Gateway does.

    The emulator answers it by itself, in a way that forbids tokens.
    """
    resource = {"StackName": STACK, "LogicalResourceId": "APIHandler"}
    found = stack.aws("cloudformation").describe_stack_resource(**resource)
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    lambda_ = stack.aws("lambda")

    class Preflight(Proxy):
        def do_OPTIONS(self) -> None:  # noqa: N802  http.server's name
            path = self.path.partition(f"/{STAGE}")[2].partition("?")[0]
            context = {"httpMethod": "OPTIONS", "resourcePath": path, "requestId": "1"}
            event = {
                "requestContext": context,
                "headers": dict(self.headers.items()),
                **dict.fromkeys(("multiValueQueryStringParameters", "pathParameters", "body")),
                "stageVariables": None,
                "isBase64Encoded": False,
            }
            answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(event))
            told = json.loads(answer["Payload"].read())
            self.answer(told["statusCode"], told["headers"], b"")

    return Preflight


def ran(browser: Browser, origin: str, script: str, arguments: list[Any]) -> Any:
    page = browser.new_page()
    page.goto(origin)
    try:
        return page.evaluate(script, arguments)
    finally:
        page.close()


def test_a_page_that_may_uploads_and_searches_and_another_cannot(
    browser: Browser, origins: tuple[str, str], sharing: DeployedStack, photographs: Path
) -> None:
    allowed, other = origins
    photograph = [*(photographs / "chelsea.jpg").read_bytes()]
    with proxied(sharing.api_url, asking_the_function(sharing)) as api:
        arguments = [api, sharing.token, photograph]
        answered = ran(browser, allowed, UPLOAD_AND_SEARCH, arguments)
        assert answered == [201, True, 200, 401, "Unauthorized"]
        for script in (UPLOAD_AND_SEARCH, FETCH):
            with pytest.raises(BrowserError, match="Failed to fetch"):
                ran(browser, other, script, arguments)
