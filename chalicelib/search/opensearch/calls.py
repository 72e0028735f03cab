"""Calling OpenSearch: what is tried again, how long is waited, what a failure is called."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import OpenSearchException, TransportError

from chalicelib.errors import SearchUnavailable

Answer = TypeVar("Answer")

# Too many requests, and what gateways and nodes say while a cluster changes.
PASSING = frozenset({429, 502, 503, 504})

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pauses:
    """Exponential waits with full jitter, so that clients do not come back together.

    Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Attributes
    ----------
    tries
        How often something is asked for in all.
    first, longest
        Seconds: the bound of the first wait, which doubles, and that of every later one.
    sleep, chance
        What waits, and numbers between 0 and 1.
    """

    tries: int = 5
    first: float = 0.2
    longest: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def wait(self, failures: int) -> None:
        """Wait after this many failures in a row."""
        self.sleep(self.chance() * min(self.longest, self.first * 2.0 ** (failures - 1)))


class Calls:
    """Calls of one client.

    Parameters
    ----------
    client
        With retries of its own switched off: they would come at once and together.
    pauses
        Between tries.
    """

    def __init__(self, client: OpenSearch, pauses: Pauses | None = None) -> None:
        self.client = client
        self.pauses = pauses or Pauses()

    def make(self, call: Callable[[OpenSearch], Answer]) -> Answer:
        """Return the answer of ``call``, which must change nothing when it is made twice.

        Raises
        ------
        SearchUnavailable
            There was none, after all tries.
        TransportError
            The answer was an error that another try would meet again.
        """
        for failures in range(1, self.pauses.tries):
            try:
                return call(self.client)
            except OpenSearchException as error:
                if not is_passing(error):
                    raise
                _logger.warning("OpenSearch: %s; try %d follows", _named(error), failures + 1)
            self.pauses.wait(failures)
        try:
            return call(self.client)
        except OpenSearchException as error:
            if is_passing(error):
                raise unavailable(error) from error
            raise


def is_passing(error: OpenSearchException) -> bool:
    """Tell whether another try may fare better."""
    if isinstance(error, Unreachable):  # time-outs too
        return True
    return isinstance(error, TransportError) and error.status_code in PASSING


def unavailable(error: OpenSearchException) -> SearchUnavailable:
    """Return a failure in the repository's words."""
    return SearchUnavailable(f"the search engine failed: {_named(error)}")


def _named(error: OpenSearchException) -> str:
    # Bodies of requests and of most answers hold captions, which belong in no log.
    status = error.status_code if isinstance(error, TransportError) else ""
    return f"{type(error).__name__} {status}".strip()
