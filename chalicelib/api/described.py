"""Attributes as a client writes them, and the base of every request."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.api.fields import MAX_WORDS, Word, Words
from chalicelib.images import MAX_ATTRIBUTES, Attribute, Garment


class Request(BaseModel):
    """Base: an unknown field is an error."""

    # An error that is logged must not hold what a person wrote.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class GarmentInput(Request):
    """What a subject wears; its colours are the subject's too."""

    garment: Word
    colours: Words = Field([])


class AttributeInput(Request):
    """One subject with its own colours and actions, and what it wears."""

    subject: Word
    colours: Words = Field([])
    actions: Words = Field([])
    garments: Annotated[list[GarmentInput], Field(max_length=MAX_WORDS)] = Field([])

    def attribute(self) -> Attribute:
        """Return the record's form, as it was written."""
        worn = [colour for garment in self.garments for colour in garment.colours]
        return Attribute(
            self.subject,
            tuple(dict.fromkeys((*self.colours, *worn))),
            tuple(self.actions),
            tuple(Garment(one.garment, tuple(one.colours)) for one in self.garments),
        )


AttributeList = Annotated[list[AttributeInput], Field(max_length=MAX_ATTRIBUTES)]
