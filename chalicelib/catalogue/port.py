"""What a catalogue can do, whatever stores it, and the one way in which a record is changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from chalicelib.errors import RevisionConflict
from chalicelib.images import Image, State

MAX_TRIES = 8


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, newest first, and the opaque cursor of the next ones; None at the end."""

    items: tuple[Image, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records stand in each state, hidden ones left out.

    ``is_complete`` is false until what was there before counts were kept has been counted.
    """

    states: Mapping[State, int]
    is_complete: bool


class Catalogue(Protocol):
    """Port. Adapter: ``dynamodb``; tests have one in memory, and one contract test for both."""

    def get(self, image_id: str) -> Image | None:
        """Return the record (a tombstone too), read consistently.

        Raises
        ------
        ValueError
            What is stored is no record.
        """

    def get_many(self, image_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, Image]:
        """Return those of the records that exist and can be read, by id.

        Read without ``consistent``, at half the price, they may be as they were up to a second ago.
        """

    def save(self, image: Image, *, expected_rev: int) -> Image:
        """Store ``image`` at ``expected_rev + 1``, if the stored one is at ``expected_rev``.

        ``expected_rev`` 0 means that no record exists yet.

        Raises
        ------
        RevisionConflict
            Another write came first.
        CatalogueUnavailable
            Throttled or unreachable after retries.
        """

    def list(
        self, owner: str | None, *, state: State | None, limit: int, cursor: str | None
    ) -> Page:
        """Return an owner's records (None: everyone's) that are not hidden, newest first.

        A record that cannot be read is left out, and logged.

        Raises
        ------
        InvalidField
            ``cursor`` is forged, stale or of another listing.
        """

    def trash(self, owner: str | None, *, limit: int, cursor: str | None) -> Page:
        """Return an owner's records (None: everyone's) in the trash, latest trashed first.

        Raises
        ------
        InvalidField
            As for `list`.
        """

    def with_content(self, owner: str, sha256: str) -> tuple[Image, ...]:
        """Return an owner's records of this content that are not hidden, the oldest first.

        What was saved a moment ago may be missing; the oldest hundred are enough.
        """

    def scan(self, after: str | None = None, *, consistent: bool = True) -> Iterator[Image]:
        """Yield every record, tombstones too, or those after the one with an id.

        The order is the catalogue's own. A record that cannot be read is left out, and logged.
        Without ``consistent`` see `get_many`.
        """

    def counts(self, owner: str | None) -> Counts:
        """Count an owner's records (None: everyone's)."""


@dataclass(frozen=True, slots=True)
class Update:
    """A record before and after a change; the very same one where nothing was to be saved."""

    before: Image | None
    after: Image


def update(
    catalogue: Catalogue, image_id: str, transition: Callable[[Image | None], Image]
) -> Update:
    """Save what a transition makes of a record, at the revision that was read.

    Where another write comes first, the record is read and the transition applied again,
    ``MAX_TRIES`` times in all.

    Parameters
    ----------
    transition
        Given the record, None where there is none; nothing is saved where it returns what it
        was given, or raises.

    Raises
    ------
    RevisionConflict
        The record changes faster than it can be saved.
    """
    for _ in range(MAX_TRIES):
        before = catalogue.get(image_id)
        after = transition(before)
        if after is before:
            return Update(before, after)
        try:
            return Update(before, catalogue.save(after, expected_rev=before.rev if before else 0))
        except RevisionConflict:
            continue
    raise RevisionConflict("the photograph changes faster than it can be saved; try again")
