"""Requests: every field that a client may send, and its range."""

import base64
import binascii
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    StringConstraints,
    Tag,
    model_validator,
)

from chalicelib.api.described import AttributeList, Request
from chalicelib.api.fields import (
    MAX_NAME_CHARS,
    CaptionText,
    ContentType,
    Cursor,
    FacetName,
    Fraction,
    Limit,
    Moment,
    Owner,
    QueryText,
    SeparatedWords,
    Word,
    Words,
    file_name,
    printable,
    separated,
)
from chalicelib.images import Source, State
from chalicelib.search.query import FACETS, MAX_CLAUSES, Mode


class NewImage(Request):
    """``POST /images``: a file to be uploaded, and what its uploader says of it."""

    name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MAX_NAME_CHARS),
        AfterValidator(file_name),
    ]
    content_type: ContentType
    size: Annotated[int, Field(ge=1, description="bytes")]
    caption: CaptionText | None = None
    attributes: AttributeList | None = None


class ImageEdit(Request):
    """``PATCH /images/{id}``: what a person may change."""

    caption: CaptionText | None = None
    attributes: AttributeList | None = None

    @model_validator(mode="before")
    @classmethod
    def _something_is_set(cls, value: Any) -> Any:
        if isinstance(value, dict):
            if not value:
                raise ValueError("must hold 'caption' or 'attributes'")
            nulls = [name for name in ("caption", "attributes") if value.get(name, "") is None]
            if nulls:
                raise ValueError(f"'{nulls[0]}' must not be null")
        return value


class Listing(Request):
    """``GET /images``."""

    state: State | None = None
    owner: Owner | None = None
    limit: Limit = 20
    cursor: Cursor | None = None


class ClauseInput(Request):
    """Colours and actions bound to one subject; at least one of the three."""

    subject: Word | None = None
    colours: Words = []
    actions: Words = []

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not (self.subject or self.colours or self.actions):
            raise ValueError("must name a subject, a colour or an action")
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
    """Exact conditions."""

    states: list[State] = []
    sources: list[Source] = []
    created_from: Moment | None = None
    created_to: Moment | None = None


class SearchDocument(Request):
    """``POST /search``."""

    text: QueryText | None = None
    mode: Mode = Mode.WORDS
    attributes: Condition | None = None
    filters: FiltersInput = FiltersInput()
    facets: Annotated[list[FacetName], Field(max_length=len(FACETS))] = []
    limit: Limit = 20
    cursor: Cursor | None = None
    min_relevance: Fraction | None = None
    explain: bool = False
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
        BeforeValidator(_decoded, json_schema_input_type=str),
        Field(min_length=1, description="base64 of a JPEG, PNG, WebP or GIF, at most 4 MB decoded"),
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


class SearchParameters(Request):
    """``GET /search``: one clause at most."""

    q: QueryText | None = None
    mode: Mode = Mode.WORDS
    subject: Word | None = None
    colour: SeparatedWords = []
    action: SeparatedWords = []
    state: Annotated[list[State], BeforeValidator(separated)] = []
    source: Annotated[list[Source], BeforeValidator(separated)] = []
    created_from: Moment | None = None
    created_to: Moment | None = None
    owner: Owner | None = None
    facets: Annotated[list[FacetName], BeforeValidator(separated)] = []
    limit: Limit = 20
    cursor: Cursor | None = None
    min_relevance: Fraction | None = None
    explain: bool = False

    def document(self) -> SearchDocument:
        """Return the same search as ``POST /search`` takes it."""
        clause = {"subject": self.subject, "colours": self.colour, "actions": self.action}
        shared = ("mode", "facets", "limit", "cursor", "min_relevance", "explain", "owner")
        return SearchDocument(
            text=self.q,
            attributes=ClauseInput.model_validate(clause) if any(clause.values()) else None,
            filters=FiltersInput(
                states=self.state,
                sources=self.source,
                created_from=self.created_from,
                created_to=self.created_to,
            ),
            **{name: getattr(self, name) for name in shared},
        )


class RebuildRequest(Request):
    """``POST /rebuild``: one page of the bucket goes through the captioner again."""

    after: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 500
    force: bool = False


class ReindexRequest(Request):
    """``POST /reindex``: the index is made anew, or the one before it is taken up again."""

    roll_back: bool = False


class RecaptionRequest(Request):
    """``POST /recaption``: chosen images, or a page of those in one state."""

    ids: Annotated[list[Word], Field(min_length=1, max_length=100)] | None = None
    state: State | None = None
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _names_what(self) -> Self:
        if (self.ids is None) == (self.state is None):
            raise ValueError("must hold exactly one of 'ids' and 'state'")
        return self


class ImportRequest(Request):
    """``POST /imports``: a prefix under the owner's uploads, with its ``descriptions.txt``."""

    prefix: Annotated[
        str, StringConstraints(min_length=1, max_length=900), AfterValidator(printable)
    ]


class NoParameters(Request):
    """A route that takes none."""
