"""Where the published index lies, whatever stores it."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from chalicelib.errors import SearchUnavailable


class SnapshotConflict(Exception):
    """Another snapshot was published since the one that was to be replaced."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole published index.

    Attributes
    ----------
    tag
        Names this very snapshot, as an ETag does.
    image
        Verified against the digest that was stored with it.
    """

    tag: str
    image: bytes


class SnapshotStore(Protocol):
    """Port. Adapters: ``memory``, ``s3``; one contract test for both.

    Every method raises ``SearchUnavailable`` where the store does not answer after retries.
    """

    def tag(self) -> str | None:
        """Return the current snapshot's tag, None where nothing was ever published."""

    def read(self) -> Snapshot | None:
        """Return the current snapshot, None where there is none.

        Raises
        ------
        SearchUnavailable
            It is damaged.
        """

    def write(self, image: bytes, *, replacing: str | None) -> str:
        """Publish an index and return its tag.

        Parameters
        ----------
        replacing
            Tag of the snapshot it was made from; None for the first.

        Raises
        ------
        SnapshotConflict
            The current snapshot is not ``replacing``; nothing was written.
        """


def digest(image: bytes) -> str:
    """Return what a store keeps beside an image."""
    return sha256(image).hexdigest()


def verified(tag: str, image: bytes, expected: str | None) -> Snapshot:
    """Return a snapshot whose bytes are those that were published.

    Raises
    ------
    SearchUnavailable
        They are not.
    """
    if digest(image) != expected:
        raise SearchUnavailable("the published search index is damaged; rebuild it")
    return Snapshot(tag, image)
