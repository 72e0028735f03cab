"""Kinds of fields that requests are made of, each with its range."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    FiniteFloat,
    PlainValidator,
    StringConstraints,
    create_model,
)

from chalicelib.attributes.kinds import TRAITS, Kind
from chalicelib.search.query import AUTO, FACETS, MAX_LIMIT, MAX_TEXT_CHARS, MAX_UNLIKE, MAX_WEIGHT
from image_repo_formats import MAX_CAPTION_CHARS

MAX_NAME_CHARS = 255
MAX_WORD_CHARS = 64
MAX_WORDS = 16
ContentType = Literal["image/jpeg", "image/png", "image/webp", "image/gif"]
if TYPE_CHECKING:
    FacetName = str
else:
    FacetName = Literal[FACETS]
_Model = TypeVar("_Model", bound=BaseModel)


def with_traits(field: Callable[[Kind], Any]) -> Callable[[type[_Model]], type[_Model]]:
    """Return a class decorator that gives a model a field for each kind bound to a subject.

    Parameters
    ----------
    field
        From a kind to the field's annotation and default.
    """

    def extended(model: type[_Model]) -> type[_Model]:
        fields: dict[str, Any] = {kind.field: field(kind) for kind in TRAITS}
        about: dict[str, Any] = {"__module__": model.__module__, "__doc__": model.__doc__}
        return create_model(model.__name__, __base__=model, **about, **fields)

    return extended


def printable(text: str) -> str:
    """Return the text, if nothing in it is a control character or half of a surrogate pair."""
    if any(ord(character) < 32 or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not hold control characters")
    return text


def one_line(text: str) -> str:
    """Return the text with its line breaks and tabs as spaces."""
    return printable(text.replace("\r\n", "\n").replace("\n", " ").replace("\t", " "))


def file_name(name: str) -> str:
    """Return the name, if it names a file and no way to one."""
    if "/" in name or name in {".", ".."}:
        raise ValueError("must be a file's name, without folders")
    return printable(name)


def separated(value: object) -> object:
    """Return what commas separate as a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def in_utc(value: object) -> object:
    """Return a time; without a zone it is meant in UTC."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value


def relevance(value: object) -> object:
    """Return "auto", or a number between 0 and 1, which may stand in a query string."""
    if value == AUTO:
        return value
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise ValueError(f"must be between 0 and 1, or '{AUTO}'")
    return number


Word = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_WORD_CHARS),
    AfterValidator(printable),
]
LabelWord = Annotated[Word, AfterValidator(str.lower)]
Words = Annotated[list[Word], Field(max_length=MAX_WORDS)]
SeparatedWords = Annotated[Words, BeforeValidator(separated)]
Labels = Annotated[list[LabelWord], Field(max_length=MAX_WORDS), BeforeValidator(separated)]
CaptionText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CAPTION_CHARS),
    AfterValidator(one_line),
]
QueryText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_CHARS),
    AfterValidator(one_line),
]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Owner = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^/#\x00-\x1f]+$")
]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Moment = Annotated[AwareDatetime, BeforeValidator(in_utc)]
Fraction = Annotated[FiniteFloat, Field(ge=0, le=1)]
Weight = Annotated[FiniteFloat, Field(ge=0, le=MAX_WEIGHT)]
Relevance = Annotated[
    float | Literal["auto"],
    PlainValidator(relevance, json_schema_input_type=Fraction | Literal["auto"]),
]
ImageIds = Annotated[list[Word], Field(max_length=MAX_UNLIKE), BeforeValidator(separated)]
