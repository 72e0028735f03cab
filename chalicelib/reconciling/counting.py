"""Having the indexer count the records anew, and what it found."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.catalogue.progress import RecountProgress
from chalicelib.recounting import Recounting

# Another recount may have begun after it, which corrects the same counters and tells nobody here.
GIVEN_UP_AFTER = timedelta(hours=1)
POLL_SECONDS = 2.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counting:
    """A recount by the id of the pass that asks for it."""

    recounting: Recounting
    progress: RecountProgress
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def start(self, run_id: str) -> str:
        """Ask for it; return when that was.

        Raises
        ------
        SearchUnavailable
            The indexer could not be asked.
        """
        self.recounting.recount(run_id)
        return self.clock().isoformat()

    def corrected(self, run_id: str, asked_at: str | None) -> int | None:
        """Return how many counters were wrong; None while that is not known, after a wait."""
        if asked_at is None:
            return None
        result = self.progress.result()
        if result is not None and result.run_id == run_id:
            return result.corrected
        if self.clock() - datetime.fromisoformat(asked_at) >= GIVEN_UP_AFTER:
            _logger.warning("nothing was heard of the recount")
            return 0
        self.sleep(POLL_SECONDS)
        return None
