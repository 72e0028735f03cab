"""Deleting for good: first the record, then the files, so that nothing is found if it is cut."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.catalogue import Catalogue, update
from chalicelib.display_copies import DisplayCopies
from chalicelib.images import Image, State
from chalicelib.storage import Storage
from chalicelib.transitions import deleted, file_removed, trashed


@dataclass(frozen=True, slots=True)
class Deletion:
    """What becomes of files whose photograph is deleted, or moved to the trash."""

    catalogue: Catalogue
    storage: Storage
    clock: Callable[[], datetime]

    def trashed(self, image: Image, now: datetime) -> Image:
        """Return the record in the trash, with the version of the file that is there with it."""
        found = self.storage.head(image.key)
        return trashed(image, now, version_id=found.version if found else None)

    def tombstone(self, image: Image, now: datetime) -> Image:
        """Return the tombstone, with the version of the file that is to be removed."""
        found = self.storage.head(image.key)
        return deleted(image, now, version_id=found.version_id if found else None)

    def remove_files(self, tombstone: Image) -> None:
        """Remove the files that a tombstone left, as often as is needed."""
        if tombstone.removed_at is None:
            self.storage.delete(tombstone.key)
            update(
                self.catalogue,
                tombstone.image_id,
                lambda stored: self._without_file(stored or tombstone),
            )
        DisplayCopies(self.catalogue, self.storage).sweep(tombstone.image_id)

    def _without_file(self, image: Image) -> Image:
        """Return the tombstone, which knows now that the file is gone.

        It is saved even so: a worker that looked at the bucket before the file was removed finds
        its record changed, and looks again. One that was quicker is undone, unless what it found
        was uploaded after the removal.
        """
        now = self.clock()
        if image.state is not State.DELETED and self.storage.head(image.key) is None:
            image = deleted(image, now)
        return file_removed(image, now)
