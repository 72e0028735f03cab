"""The stack's HTTP API, spoken to by the project's own client as an administrator."""

import time
from collections.abc import Callable, Mapping

from image_repo import Client, CommandError
from local.errors import LocalError

POLL_SECONDS = 0.3


def client_of(facts: Mapping[str, str]) -> Client:
    """Return a client of the stack that ``stack.json`` tells of."""
    return Client(facts["api_url"], facts["token"])


def wait_until_healthy(
    client: Client,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the API answers.

    Raises
    ------
    LocalError
        It does not.
    """
    end = clock() + seconds
    while True:
        try:
            client.call("GET", "health")
        except CommandError as problem:
            if clock() > end:
                raise LocalError(
                    f"the API does not answer: {problem}",
                    "read the newest lines of .local/logs/ministack.log",
                ) from problem
            sleep(POLL_SECONDS)
        else:
            return
