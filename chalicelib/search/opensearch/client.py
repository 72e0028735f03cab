"""Calling OpenSearch: where it answers, how requests are signed, what is retried."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import OpenSearchException, TransportError

from chalicelib.errors import SearchUnavailable

# Too many requests, and what gateways and nodes answer while a cluster changes.
RETRYABLE = frozenset({429, 502, 503, 504})
_LOOPBACK = ("127.0.0.1:", "localhost:")

Answer = TypeVar("Answer")

_logger = logging.getLogger(__name__)


def url_of(address: str) -> str:
    """Return the URL of an address: a bare host, as AWS gives it, is reached by ``https``.

    A node on this machine has no certificate and is reached by ``http``.

    Raises
    ------
    ValueError
        The address is empty.
    """
    if not address:
        raise ValueError("environment lacks IMAGE_REPO_SEARCH_ENDPOINT")
    scheme = "http" if address.startswith(_LOOPBACK) else "https"
    return address if "://" in address else f"{scheme}://{address}"


def connect(address: str, timeout: float, **options: Any) -> OpenSearch:
    """Return a client without retries of its own, which would come at once and together.

    Parameters
    ----------
    timeout
        Seconds for an answer.
    options
        Of `OpenSearch`: tests pass another ``connection_class``.
    """
    url = url_of(address)
    settings = {
        "connection_class": Urllib3HttpConnection,
        "http_auth": None if url.startswith("http:") else _signer(),
        "timeout": timeout,
        "max_retries": 0,
    }
    return OpenSearch(url, **{**settings, **options})


def _signer() -> Urllib3AWSV4SignerAuth:
    session = boto3.Session()
    return Urllib3AWSV4SignerAuth(session.get_credentials(), session.region_name, "es")


@dataclass(frozen=True, slots=True)
class BackOff:
    """Exponential back-off with full jitter.

    Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Attributes
    ----------
    tries
        How often a request is sent in all.
    first, longest
        Seconds: the bound of the first wait, which doubles, and of every later one.
    sleep, random
        Waits some seconds; returns a number between 0 and 1.
    """

    tries: int = 5
    first: float = 0.2
    longest: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    def wait(self, failures: int) -> None:
        """Wait after so many failures in a row."""
        self.sleep(self.random() * min(self.longest, self.first * 2.0 ** (failures - 1)))


class RetryingClient:
    """A client whose calls are retried with back-off.

    ``may_send`` tells before each try whether its answer would still be of use.
    """

    def __init__(
        self,
        client: OpenSearch,
        back_off: BackOff | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self.client = client
        self.back_off = back_off or BackOff()
        self._may_send = may_send

    def call(self, operation: Callable[[OpenSearch], Answer]) -> Answer:
        """Return the answer to an idempotent operation.

        Raises
        ------
        SearchUnavailable
            It failed at every try, or in a way that a retry does not change.
        """
        failures = 0
        while self._may_send():
            try:
                return operation(self.client)
            except OpenSearchException as error:
                failures += 1
                if failures == self.back_off.tries or not _is_retryable(error):
                    raise unavailable(error) from error
                _logger.warning("OpenSearch: %s at try %d", _name(error), failures)
            self.back_off.wait(failures)
        raise SearchUnavailable("the search engine did not answer in time")


def unavailable(error: OpenSearchException) -> SearchUnavailable:
    """Return a failure as an error of the repository's."""
    return SearchUnavailable(f"the search engine failed: {_name(error)}")


def _is_retryable(error: OpenSearchException) -> bool:
    if isinstance(error, Unreachable):  # time-outs included
        return True
    return isinstance(error, TransportError) and error.status_code in RETRYABLE


def _name(error: OpenSearchException) -> str:
    # Bodies of requests and of most answers hold captions, which belong in no log.
    name = type(error).__name__
    if not isinstance(error, TransportError):
        return name
    kind = f" ({error.error})" if str(error.error).isidentifier() else ""
    return f"{name} {error.status_code}{kind}"
