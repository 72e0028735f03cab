"""Having the indexer count the catalogue's records anew."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

from chalicelib.errors import Unavailable

_INTERVAL = timedelta(minutes=1)

_logger = logging.getLogger(__name__)


class Recounting(Protocol):
    """Port. Adapter: ``reindexing.LambdaReindexing``."""

    def recount(self, run_id: str, *, unless_running: bool = False) -> None:
        """Begin without waiting; counts answer as they are kept meanwhile.

        Raises
        ------
        SearchUnavailable
            The indexer could not be asked.
        """


class AutomaticRecounting:
    """Starts a recount that nobody asked for, once in a minute at most."""

    def __init__(
        self, recounting: Recounting, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._recounting = recounting
        self._now = now
        self._next_start = datetime.min.replace(tzinfo=UTC)

    def start(self) -> None:
        """Start it unless one is under way; never fail, since it is asked again."""
        if self._now() < self._next_start:
            return
        self._next_start = self._now() + _INTERVAL
        try:
            self._recounting.recount(str(uuid4()), unless_running=True)
        except Unavailable as error:
            _logger.warning("no recount was started: %s", error.detail)
