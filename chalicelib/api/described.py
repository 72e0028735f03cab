"""Attributes as a client writes them, and the base of every request."""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from chalicelib.api.fields import MAX_WORDS, SeparatedWords, Word, Words
from chalicelib.images import MAX_ATTRIBUTES, Attribute, Garment


class Request(BaseModel):
    """Base: an unknown field is an error."""

    # An error that is logged must not hold what a person wrote.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _named(*names: str) -> Any:
    return Field([], validation_alias=AliasChoices(*names))


class GarmentInput(Request):
    """What a subject wears; its colours are the subject's too."""

    garment: Word
    colours: Words = Field([])


class AttributeInput(Request):
    """One subject with its own colours and actions, and what it wears.

    ``subject_colours`` and ``subject_actions`` are older names of the two lists, which may be
    one string with commas.
    """

    subject: Word
    colours: SeparatedWords = _named("colours", "subject_colours")
    actions: SeparatedWords = _named("actions", "subject_actions")
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
