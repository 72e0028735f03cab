"""Copies for display: under which keys they are written, and when one may be removed.

A copy is stored before the record that names it is saved, and several workers may be at one
photograph at once, of which any may be killed. So a copy's key holds the revision at which its
record is to be saved. Once the record has come as far, a copy that it does not name is never named
any more, and whoever meets it may remove it: nobody can remove what a record names, or will name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalicelib.catalogue import Catalogue, update
from chalicelib.images import Image, Prepared
from chalicelib.names import DERIVED
from chalicelib.storage import Storage

# An earlier release's keys hold no revision, and all its records are saved.
_REVISION = re.compile(r"-r(\d+)(?:-large)?\.webp$")


@dataclass(frozen=True, slots=True)
class DisplayCopies:
    """The copies of all photographs."""

    catalogue: Catalogue
    storage: Storage

    def write(self, record: Image, sha256: str, prepared: Prepared) -> dict[str, str]:
        """Store what is to be shown of a file; return the record's fields that name it.

        They hold for the revision after ``record``'s alone. The hash of the content, hexadecimal,
        keeps apart two files that are prepared for the same revision.
        """
        stem = f"{_folder(record.image_id)}{sha256[:16]}-r{record.rev + 1}"
        copies = {"derivative_key": (f"{stem}.webp", prepared.display)}
        if prepared.large:
            copies["large_key"] = (f"{stem}-large.webp", prepared.large)
        for key, body in copies.values():
            self.storage.write(key, body, content_type="image/webp")
        return {field: key for field, (key, _) in copies.items()}

    def remove(self, keys: Iterable[str]) -> None:
        """Remove copies that a record named, or was to name, and no longer does."""
        for key in keys:
            self.storage.delete(key)

    def sweep(self, image_id: str) -> None:
        """Remove the copies of a photograph that its record will not name any more.

        Those for its next revision may be a worker's who is about to save it, or of one who was
        killed: the record is saved as it is, so that the former has to write them again.
        """
        # Listed before the record is read: what is found was written for that revision at latest.
        found = {copy.key for copy in self.storage.objects(_folder(image_id))}
        record = self.catalogue.get(image_id) if found else None
        if record is None:  # its removal, which leaves a tombstone, sweeps again
            return
        if any(_revision(key) > record.rev for key in found - record.copies):
            read = record
            record = update(self.catalogue, image_id, lambda held: replace(held or read)).after
        self.remove(sorted(found - record.copies))


def _folder(image_id: str) -> str:
    return f"{DERIVED}{image_id}/"


def _revision(key: str) -> int:
    found = _REVISION.search(key)
    return int(found[1]) if found else 0
