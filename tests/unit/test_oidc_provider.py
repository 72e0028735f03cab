"""A provider's documents and keys: kept, changed, unavailable, wrong."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import MappingProxyType
from typing import Any

import pytest
from joserfc.jwk import OctKey

from chalicelib.errors import IdentityUnavailable
from chalicelib.oidc import Provider, fetch, metadata_of, secure_url
from chalicelib.oidc import provider as provider_module
from chalicelib.oidc.provider import FRESH_SECONDS, MAX_BYTES, RETRY_SECONDS, STALE_SECONDS
from tests.oidc import ISSUER, KEYS_URL, Clock, FakeProvider, discovery, rsa_key


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def provider(fake: FakeProvider, clock: Clock) -> Provider:
    return Provider(ISSUER, fake.fetch, clock)


@contextmanager
def serving(
    status: int, body: bytes, headers: Mapping[str, str] = MappingProxyType({}), pause: float = 0
) -> Iterator[str]:
    """Answer every request with this, byte by byte if with pauses, and yield where."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                for piece in [bytes([one]) for one in body] if pause else [body]:
                    self.wfile.write(piece)
                    time.sleep(pause)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def fetched(fake: FakeProvider) -> int:
    return fake.asked.count(KEYS_URL)


def test_keys_are_asked_for_once_an_hour(
    provider: Provider, fake: FakeProvider, clock: Clock
) -> None:
    for _ in range(50):
        assert provider.key(fake.keys[0].kid)
    assert (fetched(fake), len(fake.asked)) == (1, 2)
    clock.now += FRESH_SECONDS
    assert provider.key(fake.keys[0].kid)
    assert (fetched(fake), len(fake.asked)) == (2, 4)


def test_a_new_key_is_known_at_once_and_a_withdrawn_one_is_forgotten(
    provider: Provider, fake: FakeProvider, clock: Clock
) -> None:
    old, new = fake.keys[0], rsa_key()
    assert provider.key(old.kid)
    fake.keys = [new]
    clock.now += RETRY_SECONDS
    assert provider.key(new.kid)
    assert provider.key(old.kid) is None


def test_unknown_keys_ask_the_provider_once_in_a_while(
    provider: Provider, fake: FakeProvider, clock: Clock
) -> None:
    assert provider.key(fake.keys[0].kid)
    for second in range(60):
        clock.now += 1
        assert provider.key(f"unknown-{second}") is None
    assert fetched(fake) <= 1 + 60 / RETRY_SECONDS


def test_known_keys_serve_for_a_day_while_the_provider_is_down(
    provider: Provider, fake: FakeProvider, clock: Clock
) -> None:
    key_id = fake.keys[0].kid
    assert provider.key(key_id)
    fake.is_down = True
    clock.now += STALE_SECONDS - 1
    assert provider.key(key_id)
    assert provider.key("unknown") is None
    clock.now += 1
    with pytest.raises(IdentityUnavailable):
        provider.key(key_id)
    fake.is_down = False
    clock.now += RETRY_SECONDS
    assert provider.key(key_id)


def test_a_provider_that_is_down_is_not_asked_for_every_request(
    provider: Provider, fake: FakeProvider, clock: Clock
) -> None:
    fake.is_down = True
    for _ in range(20):
        with pytest.raises(IdentityUnavailable):
            provider.key("any")
    assert len(fake.asked) == 1
    fake.is_down = False
    clock.now += RETRY_SECONDS
    assert provider.key(fake.keys[0].kid)


def test_keys_that_sign_nothing_are_no_keys(fake: FakeProvider, clock: Clock) -> None:
    encrypting = rsa_key()
    described = encrypting.as_dict(private=False, use="enc")
    good = fake.keys[0].as_dict(private=False)
    broken: list[Any] = [{"kty": "RSA"}, {"kty": "new"}, {}, 7, None, {**good, "n": 7}]
    answers = {KEYS_URL: {"keys": [*broken, described, good]}}
    provider = Provider(ISSUER, lambda url: answers.get(url, discovery()), clock)
    assert provider.key(encrypting.kid) is None
    assert provider.key(fake.keys[0].kid)


@pytest.mark.parametrize("keys", [{}, {"keys": None}, {"keys": "none"}, {"keys": []}])
def test_a_provider_without_keys_signed_nothing(keys: dict[str, Any], clock: Clock) -> None:
    answers = {KEYS_URL: keys}
    provider = Provider(ISSUER, lambda url: answers.get(url, discovery()), clock)
    assert provider.key("any") is provider.key(None) is None


def test_a_shared_secret_is_nothing_that_a_provider_publishes(clock: Clock) -> None:
    secret = OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True)
    answers = {KEYS_URL: {"keys": [secret]}}
    provider = Provider(ISSUER, lambda url: answers.get(url, discovery()), clock)
    assert provider.key("shared") is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"issuer": "https://evil.example.org"}, "calls itself 'https://evil.example.org'"),
        ({"jwks_uri": "http://id.example.org/keys"}, "jwks_uri"),
        ({"token_endpoint": "file:///etc/passwd"}, "token_endpoint"),
        ({"authorization_endpoint": None}, "authorization_endpoint"),
        ({"end_session_endpoint": "javascript:alert(1)"}, "end_session_endpoint"),
    ],
)
def test_a_document_that_is_wrong_is_told(
    changes: dict[str, Any], told: str, fake: FakeProvider, clock: Clock
) -> None:
    fake.changes = changes
    with pytest.raises(IdentityUnavailable, match=told):
        metadata_of(ISSUER, fake.fetch)
    with pytest.raises(IdentityUnavailable):
        Provider(ISSUER, fake.fetch, clock).metadata()


@pytest.mark.parametrize("url", ["https://a.org", "http://127.0.0.1:1/x", "http://localhost:80"])
def test_https_is_secure_and_so_is_this_machine(url: str) -> None:
    assert secure_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["http://a.org", "ftp://a.org", "a.org", "https://", "", "https://u:p@a.org", "https://a/#x"],
)
def test_anything_else_is_not(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        secure_url(url)


def test_a_document_is_fetched() -> None:
    with serving(200, json.dumps({"issuer": "é"}).encode()) as url:
        assert fetch(url) == {"issuer": "é"}


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"{}", {}),
        (404, b"{}", {}),
        (302, b"", {"Location": "http://169.254.169.254/latest/meta-data"}),
        (200, b"<html>", {}),
        (200, b"[]", {}),
        (200, b"\xff", {}),
        (200, b'{"a": "' + b"x" * MAX_BYTES + b'"}', {}),
        (200, b"{}", {"Content-Encoding": "gzip"}),
    ],
)
def test_what_is_no_document_is_not_taken(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    with serving(status, body, headers) as url, pytest.raises(IdentityUnavailable):
        fetch(url)


def test_a_document_that_comes_in_drops_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "BODY_SECONDS", 0.2)
    with serving(200, b"{" + b" " * 1_000, pause=0.05) as url:
        began = time.monotonic()
        with pytest.raises(IdentityUnavailable, match="too slow"):
            fetch(url)
        assert time.monotonic() - began < 5


def test_a_provider_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(IdentityUnavailable, match="did not answer at http://127"):
        fetch("http://127.0.0.1:9/")
