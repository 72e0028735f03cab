"""Where the published index lies, whatever stores it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from chalicelib.errors import SearchUnavailable


class ManifestConflict(Exception):
    """Another manifest was published since the one that was to be replaced."""


class UnusableIndex(SearchUnavailable):
    """What is published cannot be read; the catalogue makes it anew."""


class DamagedIndex(UnusableIndex):
    """A published object is not what was published."""


class MissingPart(DamagedIndex):
    """A part that a manifest names is not there."""


class OutdatedIndex(UnusableIndex):
    """Another version of this program published it, in a format that this one cannot read."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published object.

    Attributes
    ----------
    tag
        Names this very state of it, as an ETag does.
    content
        Verified against the digest that was stored with it.
    """

    tag: str
    content: bytes


class IndexStore(Protocol):
    """Port. Adapter: ``s3_store``; one contract test for it and the tests' own.

    One manifest, which is replaced, and parts, which are written once. Every method raises
    ``SearchUnavailable`` where the store does not answer after retries.
    """

    def tag(self) -> str | None:
        """Return the current manifest's tag, None where nothing was ever published."""

    def manifest(self) -> Published | None:
        """Return the current manifest, None where there is none.

        Raises
        ------
        DamagedIndex
            It is damaged.
        """

    def publish(self, manifest: bytes, *, replacing: str | None) -> str:
        """Replace the manifest and return its tag.

        Parameters
        ----------
        replacing
            Tag of the manifest it was made from; None for the first.

        Raises
        ------
        ManifestConflict
            The current manifest is not ``replacing``; nothing was written.
        """

    def add(self, name: str, content: bytes) -> None:
        """Write a part, before the manifest that names it."""

    def part(self, name: str) -> bytes:
        """Return a part as it is; whoever asks knows its digest.

        Raises
        ------
        MissingPart
            There is none of this name.
        """

    def parts(self) -> Iterable[tuple[str, datetime]]:
        """Yield the names of all parts, and when they were written."""

    def remove(self, names: Sequence[str]) -> None:
        """Remove parts; those that are not there are no error."""


def digest(content: bytes) -> str:
    """Return what a store or a manifest keeps beside an object."""
    return sha256(content).hexdigest()


def verified(content: bytes, expected: str | None, what: str) -> bytes:
    """Return bytes that are those that were published.

    Raises
    ------
    DamagedIndex
        They are not.
    """
    if digest(content) != expected:
        raise DamagedIndex(f"{what} of the published search index is damaged; rebuild it")
    return content
