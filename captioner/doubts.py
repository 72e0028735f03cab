"""Watch the model over many photographs: one that has nothing to say, or always the same."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.errors import RejectedImage
from chalicelib.images import Prepared

DOUBTFUL = "doubtful"


class Rates(Protocol):
    """Where the share of something is kept; its average is looked at."""

    def rate(self, what: str, is_so: bool) -> None:
        """Add one case, in which it is so or is not."""


@dataclass(slots=True)
class Doubts:
    """Prepare a file, and tell whether what the model says of it is doubtful.

    It is where it asks for review, and where it is what was said of the photograph before; a file
    that is refused counts as well. A few such there always are, as photographs taken one after the
    other; nearly all are so only where something is wrong.
    """

    prepare: Callable[[bytes], Prepared]
    rates: Rates
    _last: tuple[str, ...] = ()

    def __call__(self, data: bytes) -> Prepared:
        """As ``prepare``."""
        try:
            prepared = self.prepare(data)
        except RejectedImage:
            self.rates.rate(DOUBTFUL, True)
            raise
        said = prepared.captions[:1]
        self.rates.rate(DOUBTFUL, prepared.needs_review or said == self._last)
        self._last = said
        return prepared
