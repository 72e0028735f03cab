"""The one way in which a stored record is changed."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.catalogue.port import Catalogue
from chalicelib.errors import RevisionConflict
from chalicelib.images import Image

MAX_TRIES = 8


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
