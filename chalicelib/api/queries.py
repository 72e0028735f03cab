"""Requests that search: every field that a client may send, and its range.

The kinds of fields come first, those of other requests among them.
"""

import base64
import binascii
import math
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    PlainValidator,
    StringConstraints,
    Tag,
    create_model,
    model_validator,
)

from chalicelib.attributes.kinds import KINDS, TRAITS, Kind
from chalicelib.images import Source, State
from chalicelib.search.query import (
    AUTO,
    FACETS,
    MAX_CLAUSES,
    MAX_LIMIT,
    MAX_SUGGESTIONS,
    MAX_TEXT_CHARS,
    MAX_UNLIKE,
    MAX_WEIGHT,
    Direction,
    Mode,
    Sort,
)
from chalicelib.search.tuned import WEIGHTS
from chalicelib.wording import OWNER

MAX_WORD_CHARS = 64
MAX_WORDS = 16
_CLOCK = "must be a day, as 2024-05-01, or a time without a zone, as 2024-05-01T13:20:00"
if TYPE_CHECKING:
    FacetName = str
else:
    FacetName = Literal[FACETS]
_Model = TypeVar("_Model", bound=BaseModel)


class Request(BaseModel):
    """Base: an unknown field is an error."""

    # An error that is logged must not hold what a person wrote.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


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
    """Return the text composed, if it holds no control character or half of a surrogate pair."""
    text = unicodedata.normalize("NFC", text)
    if any(ord(character) < 32 or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not hold control characters")
    return text


def literal(text: str) -> str:
    """Return the text, which becomes a part of a key, if an upload form leaves it as it is.

    S3 puts the name of the uploaded file wherever a form says ``${filename}``, and ``$`` begins
    what a form's policy replaces or escapes:
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    if "${" in text or "$$" in text:
        raise ValueError("must hold neither '${' nor '$$', which upload forms replace")
    return text


def one_line(text: str) -> str:
    """Return the text with its line breaks and tabs as spaces."""
    return printable(text.replace("\r\n", "\n").replace("\n", " ").replace("\t", " "))


def separated(value: object) -> object:
    """Return what commas separate as a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def in_utc(value: Any) -> datetime:
    """Return a time; without a zone it is meant in UTC."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError("must be a day or a time, as 2024-05-01T13:20:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def taken_from(value: Any) -> datetime:
    """Return a camera's local time; a day alone is meant from its beginning."""
    day = _day(value)
    if day is not None:
        return datetime.combine(day, datetime.min.time())
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(_CLOCK) from error
    if moment.tzinfo is not None:
        raise ValueError(f"{_CLOCK}: cameras know none")
    return moment


def taken_to(value: object) -> datetime:
    """Return a camera's local time, before which photographs were taken; a day alone is whole."""
    moment = taken_from(value)
    is_last = moment.date() == date.max
    return moment if _day(value) is None or is_last else moment + timedelta(days=1)


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


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
SeparatedWords = Annotated[Words, BeforeValidator(separated, json_schema_input_type=Words | str)]
LabelWords = Annotated[list[LabelWord], Field(max_length=MAX_WORDS)]
Labels = Annotated[LabelWords, BeforeValidator(separated, json_schema_input_type=LabelWords | str)]
QueryText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_CHARS),
    AfterValidator(one_line),
]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=8_000)]
Owner = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=OWNER),
    AfterValidator(literal),
]
Facets = Annotated[list[FacetName], Field(max_length=len(FACETS))]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Moment = Annotated[AwareDatetime, BeforeValidator(in_utc)]
TakenFrom = Annotated[datetime, PlainValidator(taken_from, json_schema_input_type=str)]
TakenTo = Annotated[datetime, PlainValidator(taken_to, json_schema_input_type=str)]
Fraction = Annotated[FiniteFloat, Field(ge=0, le=1)]
Weight = Annotated[FiniteFloat, Field(ge=0, le=MAX_WEIGHT)]
Relevance = Annotated[
    float | Literal["auto"],
    PlainValidator(relevance, json_schema_input_type=Fraction | Literal["auto"]),
]
IdList = Annotated[list[Word], Field(max_length=MAX_UNLIKE)]
ImageIds = Annotated[IdList, BeforeValidator(separated, json_schema_input_type=IdList | str)]


@with_traits(lambda _: (Words, Field([])))
class ClauseInput(Request):
    """Colours, actions and places bound to one subject; at least one of the four."""

    subject: Word | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not any(kind.values(self) for kind in KINDS):
            raise ValueError(f"must name one of {', '.join(kind.name for kind in KINDS)}")
        return self


class GroupInput(Request):
    """Clauses joined by one operator."""

    model_config = ConfigDict(populate_by_name=True)

    all_of: Annotated[list["Condition"], Field(min_length=1, max_length=MAX_CLAUSES)] | None = (
        Field(None, alias="and")
    )
    any_of: Annotated[list["Condition"], Field(min_length=1, max_length=MAX_CLAUSES)] | None = (
        Field(None, alias="or")
    )
    none_of: "Condition | None" = Field(None, alias="not")

    @model_validator(mode="after")
    def _has_one_operator(self) -> Self:
        if sum(part is not None for part in (self.all_of, self.any_of, self.none_of)) != 1:
            raise ValueError("must hold exactly one of 'and', 'or', 'not'")
        return self


def _kind(value: object) -> str:
    names = set(value) if isinstance(value, dict) else set()
    is_group = isinstance(value, GroupInput) or names & {"and", "or", "not"}
    return "group" if is_group else "clause"


# Told apart before they are checked, so that an error names the client's own field.
Condition = Annotated[
    Annotated[GroupInput, Tag("group")] | Annotated[ClauseInput, Tag("clause")],
    Discriminator(_kind),
]


class FiltersInput(Request):
    """Exact conditions; a photograph has all of the ``labels``, and is in all of the ``albums``.

    ``taken_from`` and ``taken_to`` are a day, or a time by the camera's clock, without a zone; a
    day is meant whole.
    """

    states: list[State] = Field([])
    sources: list[Source] = Field([])
    labels: Labels = Field([])
    albums: SeparatedWords = Field([])
    created_from: Moment | None = None
    created_to: Moment | None = None
    taken_from: TakenFrom | None = None
    taken_to: TakenTo | None = None


class WeightsInput(Request):
    """How much each part of a fused ranking counts; what is not given counts as it was chosen.

    ``trust``: what the words of a model's caption count where a person's count 1. ``labels``:
    what counts that the model sees the words, whatever the caption says. ``likely``: what counts
    that captions of the picture would hold them.
    """

    words: Weight = WEIGHTS.words
    meaning: Weight = WEIGHTS.meaning
    attributes: Weight = WEIGHTS.attributes
    image: Weight = WEIGHTS.image
    trust: Weight = WEIGHTS.trust
    labels: Weight = WEIGHTS.labels
    name: Weight = WEIGHTS.name
    likely: Weight = WEIGHTS.likely


class SearchDocument(Request):
    """``POST /search``.

    Without ``mode`` a text is matched by words and meaning together. Without ``min_relevance``
    what meaning or likeness ranks ends where it stops being relevant; 0 shows everything.
    With ``sort`` what was found is ordered by time, where ``order`` is the newest first unless it
    says otherwise; what has no date is last.
    """

    text: QueryText | None = None
    mode: Mode | None = None
    attributes: Condition | None = None
    filters: FiltersInput = FiltersInput()
    facets: Facets = Field([])
    limit: Limit = 20
    cursor: Cursor | None = None
    min_relevance: Relevance | None = None
    explain: bool = False
    unlike: ImageIds = Field([])
    collapse: Literal["near_duplicates"] | None = None
    weights: WeightsInput | None = None
    sort: Sort = Sort.RELEVANCE
    order: Direction | None = None
    owner: Owner | None = None


class CropBox(Request):
    """A part of the upright image, in fractions of its width and height."""

    x: Fraction
    y: Fraction
    width: Annotated[FiniteFloat, Field(gt=0, le=1)]
    height: Annotated[FiniteFloat, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def _lies_inside(self) -> Self:
        if self.x + self.width > 1.0001 or self.y + self.height > 1.0001:
            raise ValueError("must lie inside the image: x + width and y + height at most 1")
        return self

    @property
    def box(self) -> tuple[float, float, float, float]:
        """X, y, width, height."""
        return self.x, self.y, self.width, self.height


# RFC 4648, 4.
_BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
Base64 = Annotated[str, Field(pattern=_BASE64, json_schema_extra={"contentEncoding": "base64"})]


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be base64 text")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64") from error


class ImageSearch(SearchDocument):
    """``POST /search/image``: likeness, and all that ``POST /search`` can ask for."""

    image: Annotated[
        bytes,
        BeforeValidator(_decoded, json_schema_input_type=Base64),
        Field(
            min_length=1,
            description="base64 of a photograph of any kind, decoded at most 4 MB unless the "
            "deployment sets another limit",
        ),
    ]
    crop: CropBox | None = None


def _crop_of(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = value.split(",")
    if len(parts) != 4:
        raise ValueError("must be four numbers: x,y,width,height")
    return dict(zip(("x", "y", "width", "height"), parts, strict=True))


class SimilarQuery(Request):
    """``GET /images/{id}/similar``."""

    limit: Limit = 20
    cursor: Cursor | None = None
    crop: Annotated[CropBox | None, BeforeValidator(_crop_of)] = None
    min_relevance: Relevance | None = None
    explain: bool = False
    unlike: ImageIds = Field([])
    collapse: Literal["near_duplicates"] | None = None
    facets: Annotated[Facets, BeforeValidator(separated)] = Field([])


# The parameters of ``GET /search`` whose fields of the document have another name.
PARAMETERS = {"text": "q", "filters.states": "state"}


class SearchParameters(Request):
    """``GET /search``: one clause at most."""

    q: QueryText | None = None
    mode: Mode | None = None
    subject: Word | None = None
    colour: SeparatedWords = Field([])
    action: SeparatedWords = Field([])
    place: SeparatedWords = Field([])
    state: Annotated[list[State], BeforeValidator(separated)] = Field([])
    source: Annotated[list[Source], BeforeValidator(separated)] = Field([])
    label: Labels = Field([])
    album: SeparatedWords = Field([])
    created_from: Moment | None = None
    created_to: Moment | None = None
    taken_from: TakenFrom | None = None
    taken_to: TakenTo | None = None
    owner: Owner | None = None
    facets: Annotated[Facets, BeforeValidator(separated)] = Field([])
    limit: Limit = 20
    cursor: Cursor | None = None
    min_relevance: Relevance | None = None
    explain: bool = False
    unlike: ImageIds = Field([])
    collapse: Literal["near_duplicates"] | None = None
    sort: Sort = Sort.RELEVANCE
    order: Direction | None = None

    def document(self) -> SearchDocument:
        """Return the same search as ``POST /search`` takes it."""
        clause = {kind.field: getattr(self, kind.name) for kind in KINDS}
        ranges = ("created_from", "created_to", "taken_from", "taken_to")
        own = ("q", *(kind.name for kind in KINDS), "state", "source", "label", "album", *ranges)
        shared = set(SearchParameters.model_fields) - set(own)
        return SearchDocument(
            text=self.q,
            attributes=ClauseInput.model_validate(clause) if any(clause.values()) else None,
            filters=FiltersInput(
                states=self.state,
                sources=self.source,
                labels=self.label,
                albums=self.album,
                **{name: getattr(self, name) for name in ranges},
            ),
            **{name: getattr(self, name) for name in shared},
        )


class DuplicatesQuery(Request):
    """``GET /duplicates``: how many photographs are compared with all others at once."""

    limit: Limit = 100
    cursor: Cursor | None = None
    owner: Owner | None = None


class SuggestParameters(Request):
    """``GET /suggest``: what was typed so far; its last word is to be completed."""

    prefix: Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS)]
    limit: Annotated[int, Field(ge=1, le=MAX_SUGGESTIONS)] = 8
