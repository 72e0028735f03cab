"""Requests that change something: every field that a client may send, and its range."""

import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from chalicelib.api.queries import (
    MAX_WORDS,
    Cursor,
    Limit,
    Owner,
    Request,
    SeparatedWords,
    Word,
    Words,
    literal,
    one_line,
    printable,
    separated,
    with_traits,
)
from chalicelib.attributes.kinds import COLOUR, TRAITS, Kind
from chalicelib.images import MAX_ALBUMS, MAX_ATTRIBUTES, Attribute, Garment, State
from chalicelib.wording import SHA256
from image_repo_formats import MAX_CAPTION_CHARS, MAX_KEYWORD_CHARS, MAX_KEYWORDS, MEDIA_TYPES
from image_repo_formats.captions import rank
from image_repo_formats.media_types import known_media_type

MAX_NAME_CHARS = 255
# Half of what an item of the catalogue may hold; the rest is for captions, keywords and what the
# captioner finds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_ATTRIBUTES_BYTES = 200_000
_OLDER_NAMES = {"colours": ("subject_colours",), "actions": ("subject_actions",)}


def file_name(name: str) -> str:
    """Return the name, if it is a photograph's: no way to a file, and no file of captions."""
    if "/" in name or name in {".", ".."}:
        raise ValueError("must be a file's name, without folders")
    if name != name.rstrip():
        raise ValueError("must not end with a blank")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise ValueError("must not hold control characters")
    if rank(name) is not None:
        raise ValueError("must be a photograph's: this is the name of a file of captions")
    return literal(printable(name))


def of_a_file(size: object) -> object:
    """Return the size, if it is not an empty file's."""
    if size == 0 and not isinstance(size, bool):
        raise ValueError("the file is empty")
    return size


def media_type(written: str) -> str:
    """Return the media type that was meant."""
    known = known_media_type(written)
    if known is None:
        raise ValueError(f"must be one of {', '.join(sorted(MEDIA_TYPES))}, or left out")
    return known


def of_an_album(name: str) -> str:
    """Return the name, if lists of names can hold it."""
    if "," in name:
        raise ValueError("must not hold a comma, which separates names")
    return name


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


def storable(attributes: list[AttributeInput]) -> list[AttributeInput]:
    """Return the attributes, if a record has room for them."""
    recorded = [one.attribute() for one in attributes]
    if len(_RECORDED.dump_json(recorded)) > MAX_ATTRIBUTES_BYTES:
        raise ValueError(f"must be at most {MAX_ATTRIBUTES_BYTES} bytes as JSON")
    return attributes


_RECORDED = TypeAdapter(list[Attribute])
Keyword = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_KEYWORD_CHARS),
    AfterValidator(printable),
]
Keywords = Annotated[list[Keyword], Field(max_length=MAX_KEYWORDS)]
KeywordList = Annotated[Keywords, BeforeValidator(separated, json_schema_input_type=Keywords | str)]
Album = Annotated[Keyword, AfterValidator(of_an_album)]
Albums = Annotated[list[Album], Field(max_length=MAX_ALBUMS)]
AlbumList = Annotated[Albums, BeforeValidator(separated, json_schema_input_type=Albums | str)]
AttributeList = Annotated[
    list[AttributeInput], Field(max_length=MAX_ATTRIBUTES), AfterValidator(storable)
]
CaptionText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CAPTION_CHARS),
    AfterValidator(one_line),
]

Sha256 = Annotated[str, StringConstraints(to_lower=True, pattern=SHA256)]


class NewImage(Request):
    """``POST /images``: a file to be uploaded, and what its uploader says of it.

    ``sha256`` says which content that is. Where a photograph of it is there already, ``duplicates``
    says whether that is reported, or the file stored once more. ``source`` is who wrote the
    caption, attributes and keywords.
    """

    name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MAX_NAME_CHARS),
        AfterValidator(file_name),
    ]
    content_type: Annotated[str, AfterValidator(media_type)] | None = None
    size: Annotated[int, BeforeValidator(of_a_file), Field(ge=1, description="bytes")]
    sha256: Sha256 | None = None
    source: Literal["user", "import"] = "user"
    duplicates: Literal["report", "store"] = "report"
    caption: CaptionText | None = None
    attributes: AttributeList | None = None
    keywords: KeywordList | None = None
    albums: AlbumList | None = None


class ImageEdit(Request):
    """``PATCH /images/{id}``: what a person may change."""

    caption: CaptionText | None = None
    attributes: AttributeList | None = None
    keywords: KeywordList | None = None
    albums: AlbumList | None = None

    @model_validator(mode="before")
    @classmethod
    def _something_is_set(cls, value: Any) -> Any:
        if isinstance(value, dict):
            if not value:
                raise ValueError("must hold 'caption', 'attributes', 'keywords' or 'albums'")
            nulls = [name for name in cls.model_fields if value.get(name, "") is None]
            if nulls:
                raise ValueError(f"'{nulls[0]}' must not be null")
        return value


def described_by(asked: NewImage | ImageEdit) -> dict[str, Any]:
    """Return what a request says of a photograph, as transitions take it; None says nothing."""
    lists = {name: getattr(asked, name) for name in ("attributes", "keywords", "albums")}
    return {"caption": asked.caption} | {
        name: None if given is None else tuple(map(_as_recorded, given))
        for name, given in lists.items()
    }


def _as_recorded(given: AttributeInput | str) -> Attribute | str:
    return given if isinstance(given, str) else given.attribute()


class Listing(Request):
    """``GET /images``."""

    state: State | None = None
    owner: Owner | None = None
    limit: Limit = 20
    cursor: Cursor | None = None


class TrashListing(Request):
    """``GET /trash``."""

    owner: Owner | None = None
    limit: Limit = 20
    cursor: Cursor | None = None


class Deletion(Request):
    """``DELETE /images/{id}``: into the trash, or ``permanent``, out of it too."""

    permanent: bool = False


class RebuildRequest(Request):
    """``POST /rebuild``: one page of the bucket goes through the captioner again."""

    after: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 500
    force: bool = False


class ReindexRequest(Request):
    """``POST /reindex``: the index is made anew, or the one before it is taken up again."""

    roll_back: bool = False


class ReconcileRequest(Request):
    """``POST /reconcile``: what changed less than so many minutes ago is left alone."""

    margin_minutes: Annotated[int, Field(ge=0, le=10_080)] = 60


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
    """``POST /imports``: a prefix under the owner's uploads, and which file of captions there.

    Without ``file`` the one that counts first, without ``encoding`` as its bytes tell.
    """

    prefix: Annotated[
        str, StringConstraints(min_length=1, max_length=900), AfterValidator(printable)
    ]
    file: (
        Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(printable)]
        | None
    ) = None
    encoding: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None


class NoParameters(Request):
    """A route that takes none."""
