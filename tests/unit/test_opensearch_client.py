"""Where OpenSearch answers, how requests are signed, and how long is waited between tries."""

from typing import Any

import pytest
from opensearchpy import Urllib3HttpConnection
from opensearchpy.exceptions import ConnectionTimeout, RequestError, TransportError

from chalicelib.errors import SearchUnavailable
from chalicelib.search.opensearch import BackOff, RetryingClient, connect
from chalicelib.search.opensearch.client import url_of

HOST = "search-image-repo-abc.eu-west-1.es.amazonaws.com"


class Heard(Urllib3HttpConnection):
    """Notes what would be sent, signed as it would be."""

    def __init__(self, *, heard: list[dict[str, str]], **more: Any) -> None:
        self._signer = more.pop("http_auth")
        self._heard = heard
        super().__init__(**more)

    def perform_request(self, method: str, url: str, *_: Any, **more: Any) -> Any:
        headers = self._signer(method, f"{self.host}{url}", b"{}") if self._signer else {}
        self._heard.append({**headers, "url": f"{self.host}{url}"})
        return 200, {}, '{"responses": []}'


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "session",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (HOST, f"https://{HOST}"),
        ("http://127.0.0.1:9200", "http://127.0.0.1:9200"),
        ("127.0.0.1:9200", "http://127.0.0.1:9200"),
    ],
)
def test_a_bare_host_is_reached_by_https_and_this_machine_by_http(text: str, url: str) -> None:
    assert url_of(text) == url


def test_without_an_address_nothing_starts() -> None:
    with pytest.raises(ValueError, match="IMAGE_REPO_SEARCH_ENDPOINT"):
        connect("", 5)


@pytest.mark.usefixtures("credentials")
def test_every_request_to_a_domain_is_signed() -> None:
    heard: list[dict[str, str]] = []
    client = connect(HOST, 5, connection_class=Heard, heard=heard)
    client.msearch(body=[{}, {}], index="image-repo")
    (sent,) = heard
    assert sent["url"].endswith("/image-repo/_msearch")
    assert sent["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
    assert "/eu-west-1/es/aws4_request" in sent["Authorization"]
    assert sent["X-Amz-Security-Token"] == "session"
    assert len(sent["X-Amz-Content-SHA256"]) == 64


def test_a_node_on_this_machine_is_asked_without_credentials() -> None:
    heard: list[dict[str, str]] = []
    client = connect("http://127.0.0.1:9200", 5, connection_class=Heard, heard=heard)
    client.msearch(body=[{}, {}], index="image-repo")
    assert set(heard[0]) == {"url"}


class Failing:
    """What fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    def __call__(self, _client: object) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def client(waits: list[float], tries: int = 6) -> RetryingClient:
    back_off = BackOff(tries=tries, first=1, longest=5, sleep=waits.append, random=lambda: 0.5)
    return RetryingClient(None, back_off)  # type: ignore[arg-type]


def test_waits_double_up_to_a_bound_and_are_only_a_part_of_it() -> None:
    waits: list[float] = []
    retryable = [TransportError(status, "busy", {}) for status in (429, 502, 503, 504)]
    late = ConnectionTimeout("TIMEOUT", "late", TimeoutError())
    assert client(waits).call(Failing(*retryable, late)) == "answer"
    assert waits == [0.5, 1.0, 2.0, 2.5, 2.5]


def test_after_the_last_try_the_engine_is_unavailable() -> None:
    waits: list[float] = []
    with pytest.raises(SearchUnavailable, match="429"):
        client(waits, tries=2).call(Failing(*[TransportError(429, "busy", {})] * 2))
    assert len(waits) == 1


def test_a_failure_that_a_retry_does_not_change_is_not_retried() -> None:
    waits: list[float] = []
    with pytest.raises(SearchUnavailable, match="RequestError 400"):
        client(waits).call(Failing(RequestError(400, "parsing_exception", {})))
    assert waits == []
