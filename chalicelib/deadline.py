"""Until when an answer of the API is of use, and calls to AWS that keep to it."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError

# API Gateway gives up on a function after 29 s; the rest is for its start and its own work:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
REQUEST_SECONDS = 25.0


class OutOfTime(BotoCoreError):
    """A call was not sent, since its answer might come after the deadline."""

    fmt = "the request has no time left for this call"


class AwsClient(Protocol):
    """What is asked of a client of boto3."""

    @property
    def meta(self) -> Any:
        """Its configuration and events."""


class Deadline:
    """The end of the request that a function works on, which all its clients share.

    A function works on one request at a time. Until `begin` is called there is no end.

    Parameters
    ----------
    clock
        Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = float("inf")

    def begin(self, seconds: float = REQUEST_SECONDS) -> None:
        """Start the time of a request."""
        self._end = self._clock() + seconds

    def allows(self, seconds: float) -> bool:
        """Tell whether what takes so long ends in time."""
        return self._clock() + seconds <= self._end

    def hold(self, client: AwsClient) -> None:
        """Have a client send nothing that might be answered too late, at no try of a call.

        ``before-send`` is emitted for each try, and an error of it that is none of the network is
        not tried again:
        https://docs.aws.amazon.com/botocore/latest/topics/events.html
        """
        longest = client.meta.config.connect_timeout + client.meta.config.read_timeout

        def check(**_: Any) -> None:
            if not self.allows(longest):
                raise OutOfTime

        client.meta.events.register("before-send", check)
