"""A certified OpenID provider as a process (tests/provider)."""

import base64
import hashlib
import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.synthesis import path_with_node

FOLDER = Path(__file__).resolve().parent / "provider"
RESOURCE = "https://photographs.example.org"
START_SECONDS = 30


@dataclass(frozen=True)
class IdentityProvider:
    """The running provider; ``redirect`` is where it sends who signed in."""

    issuer: str
    redirect: str

    def change(self, **settings: Any) -> None:
        """Change its tokens' ``lifetime``, whether it refreshes them, or its keys (``rotate``)."""
        httpx.post(f"{self.issuer}/test", json=settings).raise_for_status()

    def tokens(self, name: str, client: str = "gallery", **asked: str) -> dict[str, Any]:
        """Sign in as a browser does, and return what the token endpoint answers."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        parameters = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": self.redirect,
            "scope": "openid email",
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
            **asked,
        }
        with httpx.Client(base_url=self.issuer, timeout=30) as browser:
            code = self._code(browser, browser.get("/auth", params=parameters), name)
            given = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
            fixed = {"client_id": client, "redirect_uri": self.redirect}
            answer = browser.post("/token", data={**given, **fixed, **asked})
        answer.raise_for_status()
        return dict(answer.json())

    def _code(self, browser: httpx.Client, response: httpx.Response, name: str) -> str:
        while not (response.is_redirect and response.headers["location"].startswith(self.redirect)):
            if response.is_redirect:
                response = browser.get(response.headers["location"])
                continue
            (action,) = re.findall(r'action="([^"]+)"', response.text)
            (prompt,) = re.findall(r'name="prompt" value="([^"]+)"', response.text)
            form = {"prompt": prompt, "login": name, "password": "any"}
            response = browser.post(action, data=form)
        (code,) = parse_qs(urlsplit(response.headers["location"]).query)["code"]
        return code


@contextmanager
def running(port: int, redirect: str) -> Iterator[IdentityProvider]:
    """Yield a provider on a port of this machine."""
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip("no OpenID provider: install it with 'make provider'")
    provider = IdentityProvider(f"http://127.0.0.1:{port}", redirect)
    node = shutil.which("node", path=path_with_node())
    assert node is not None
    said = json.dumps({"issuer": provider.issuer, "redirect": redirect})
    command = [node, "provider.mjs", said]
    with subprocess.Popen(command, cwd=FOLDER, stderr=subprocess.PIPE) as process:
        try:
            _wait(provider, process)
            yield provider
        finally:
            process.kill()


def _wait(provider: IdentityProvider, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(f"{provider.issuer}/.well-known/openid-configuration").raise_for_status()
        except httpx.HTTPError:
            assert process.poll() is None and time.monotonic() < end, "the provider did not start"
            time.sleep(0.1)
        else:
            return
