"""What a pass repairs, and how a record is saved by it: conditionally, and one by itself."""

import logging
from collections import Counter
from enum import StrEnum

from chalicelib.catalogue import Catalogue
from chalicelib.errors import CatalogueUnavailable, RevisionConflict
from chalicelib.images import Image

# Records in a row that cannot be saved: by then it is the catalogue that fails.
MOST_REFUSED = 10

_logger = logging.getLogger(__name__)


class Repair(StrEnum):
    """What was done, by the name of its metric."""

    EXPIRED = "UploadsExpired"
    RESENT = "LostEventsResent"
    RESTORED = "PhotographsRestored"
    REMOVED = "LostFilesRecorded"
    DELETED = "DeletionsFinished"
    COPIES_MADE = "CopiesMadeAgain"
    COPIES_REMOVED = "StrayCopiesRemoved"
    INDEXED = "RecordsIndexedAgain"
    UNINDEXED = "StrayDocumentsRemoved"
    REINDEXED = "IndexesRebuilt"
    RECOUNTED = "CountersCorrected"
    PURGED = "TrashEmptied"
    PASSED_OVER = "RecordsPassedOver"


Repairs = Counter[str]
# The sum of what was repaired, of which an alarm tells: uploads expire and the trash is emptied
# every day, and what was passed over was not repaired.
REPAIRED = "Repaired"
_USUAL = frozenset({Repair.EXPIRED, Repair.PURGED, Repair.PASSED_OVER})


def told(done: Repairs) -> dict[str, int]:
    """Return the metrics of what was done."""
    return {**done, REPAIRED: sum(n for name, n in done.items() if name not in _USUAL)}


class Saving:
    """Saves records unless they changed since they were read; ``done`` counts what was refused."""

    def __init__(self, catalogue: Catalogue, done: Repairs) -> None:
        self._catalogue = catalogue
        self._done = done
        self._refused = 0

    def is_saved(self, record: Image) -> bool:
        """Save what was made of a record; pass over one that the catalogue does not take.

        Raises
        ------
        CatalogueUnavailable
            It has taken none for some time.
        """
        try:
            self._catalogue.save(record, expected_rev=record.rev)
        except RevisionConflict:
            return False
        except CatalogueUnavailable as error:
            self._refused += 1
            if self._refused == MOST_REFUSED:
                raise
            self.pass_over(record.image_id, error)
            return False
        self._refused = 0
        return True

    def record(self, image_id: str) -> Image | None:
        """Return a record as it is now.

        Raises
        ------
        Unreadable
            What is stored is none, and was counted.
        """
        try:
            return self._catalogue.get(image_id)
        except (KeyError, ValueError) as error:
            self.pass_over(image_id, error)
            raise Unreadable from error

    def pass_over(self, image_id: str, error: Exception) -> None:
        """Count a record that can be neither read nor saved."""
        _logger.error("record %s is passed over: %s", image_id, error)
        self._done[Repair.PASSED_OVER] += 1


class Unreadable(Exception):
    """What is stored under an id is no record."""
