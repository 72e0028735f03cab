"""Attributes as a client writes them, and the base of every request."""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from chalicelib.api.fields import MAX_WORDS, SeparatedWords, Word, Words, with_traits
from chalicelib.attributes.kinds import COLOUR, TRAITS, Kind
from chalicelib.images import MAX_ATTRIBUTES, Attribute, Garment


class Request(BaseModel):
    """Base: an unknown field is an error."""

    # An error that is logged must not hold what a person wrote.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


_OLDER_NAMES = {"colours": ("subject_colours",), "actions": ("subject_actions",)}


def _list_of(kind: Kind) -> Any:
    names = AliasChoices(kind.field, *_OLDER_NAMES.get(kind.field, ()))
    return SeparatedWords, Field([], validation_alias=names)


class GarmentInput(Request):
    """What a subject wears; its colours are the subject's too."""

    garment: Word
    colours: Words = Field([])


@with_traits(_list_of)
class _SubjectInput(Request):
    subject: Word


class AttributeInput(_SubjectInput):
    """One subject with its own colours, actions and places, and what it wears.

    Each list may be one string with commas; ``subject_colours`` and ``subject_actions`` are older
    names of two of them.
    """

    garments: Annotated[list[GarmentInput], Field(max_length=MAX_WORDS)] = Field([])

    def attribute(self) -> Attribute:
        """Return the record's form, as it was written."""
        worn = [colour for garment in self.garments for colour in garment.colours]
        traits: dict[str, Any] = {kind.field: kind.values(self) for kind in TRAITS}
        traits[COLOUR.field] = tuple(dict.fromkeys((*COLOUR.values(self), *worn)))
        garments = tuple(Garment(one.garment, tuple(one.colours)) for one in self.garments)
        return Attribute(self.subject, garments=garments, **traits)


AttributeList = Annotated[list[AttributeInput], Field(max_length=MAX_ATTRIBUTES)]
