"""What one record of the stream says: a record of the catalogue before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from chalicelib.catalogue.dynamodb import image_of
from chalicelib.images import Image, State
from chalicelib.transitions import deleted


@dataclass(frozen=True, slots=True)
class Change:
    """One write to the catalogue.

    Attributes
    ----------
    number
        The stream record's sequence number, by which Lambda is told what to deliver again.
    before
        None where the record is new.
    after
        A tombstone where the item itself was removed.
    """

    number: str
    before: Image | None
    after: Image

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Read a stream record of view type NEW_AND_OLD_IMAGES.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is not one, or its item is no record of the catalogue.
        """
        stream = record["dynamodb"]
        old, new = stream.get("OldImage"), stream.get("NewImage")
        before = image_of(old) if old else None
        if new:
            after = image_of(new)
        elif before is not None:
            after = deleted(replace(before, rev=before.rev + 1), before.updated_at)
        else:
            raise ValueError("a stream record without images")
        return cls(str(stream["SequenceNumber"]), before, after)

    @property
    def enters(self) -> State | None:
        """Return the state this write brought the photograph into, None where it was in it."""
        return None if self.before and self.before.state is self.after.state else self.after.state
