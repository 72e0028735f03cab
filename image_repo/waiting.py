"""Waiting for captions."""

import time
from collections.abc import Callable, Iterator, Mapping

from image_repo.client import PAGE, Client, Json
from image_repo.errors import Overdue

POLL_SECONDS, MAX_POLL_SECONDS = 0.5, 5.0


def wait(
    client: Client,
    ids: set[str],
    progress: Callable[[int], None],
    patience: float = 600.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Mapping[str, str]:
    """Wait until photographs are no longer pending; return the failed ones' reasons by id.

    ``progress`` is told how many are through.

    Raises
    ------
    Overdue
        Nothing moved for ``patience`` seconds.
    """
    left, moved = set(ids), time.monotonic()
    while left:
        still = ids & {image["id"] for image in in_state(client, "pending")}
        if len(still) < len(left):
            moved = time.monotonic()
        if time.monotonic() - moved > patience:
            raise Overdue(f"{len(still)} photographs stay pending; see 'image-repo stats'")
        left = still
        progress(len(ids) - len(left))
        if left:
            sleep(pause(len(left)))
    return {
        image["id"]: image["reason"] or "it failed"
        for image in in_state(client, "failed")
        if image["id"] in ids
    }


def pause(waiting: int) -> float:
    """Return for how many seconds not to ask: to list so many takes a request a hundred."""
    return min(MAX_POLL_SECONDS, POLL_SECONDS + waiting / PAGE)


def in_state(client: Client, state: str) -> Iterator[Json]:
    """Yield the records in a state."""
    return client.pages("images", "items", {"state": state, "limit": PAGE})
