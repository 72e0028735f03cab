"""Answers: what the API says, in the shape its OpenAPI document promises."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, WithJsonSchema

from chalicelib.api.entering import Entered
from chalicelib.api.queries import with_traits
from chalicelib.catalogue import Page
from chalicelib.images import Image, Source, State
from chalicelib.storage import Storage


class Answer(BaseModel):
    """Base of every answer."""

    # An error that is logged must not hold what a record says.
    model_config = ConfigDict(frozen=True, from_attributes=True, hide_input_in_errors=True)

    @property
    def etag(self) -> str | None:
        """The revision of what is answered, as ``If-Match`` may name it; None where it has none."""
        return None

    @property
    def is_new(self) -> bool:
        """Whether the request made what is answered."""
        return True


class CaptionAnswer(Answer):
    """A caption and its provenance."""

    text: str
    source: Source
    model: str | None
    confidence: float | None
    alternatives: list[str]


class GarmentAnswer(Answer):
    """What a subject wears, with its colours."""

    garment: str
    colours: list[str]


@with_traits(lambda _: (list[str], ...))
class _SubjectAnswer(Answer):
    subject: str


class AttributeAnswer(_SubjectAnswer):
    """One subject with what is bound to it; ``garments`` say which colours are of what."""

    garments: list[GarmentAnswer]


class LabelAnswer(Answer):
    """An everyday thing that the model sees, whatever the caption says; 0 to 1."""

    word: str
    probability: float


class PositionAnswer(Answer):
    """Where a photograph was taken, in degrees; south and west are below zero."""

    latitude: float
    longitude: float


# A camera's clock: no zone is known, which JSON Schema's "date-time" asks for.
LocalTime = Annotated[
    datetime, WithJsonSchema({"type": "string", "examples": ["2024-05-01T13:20:00"]})
]


class Links(Answer):
    """Paths of this API, relative to its base, and URLs of files good for an hour.

    ``display`` is at most 512 pixels wide and high, ``large`` 2,048; both are the same where the
    original is no larger than the former.
    """

    self: str
    similar: str
    display: str | None
    large: str | None
    original: str


class ImageAnswer(Answer):
    """One photograph; ``rev`` is its ETag.

    ``labels`` are the model's alone, the most probable first, ``keywords`` a person's. Where the
    model was too unsure to write a caption, ``caption`` is null and ``reason`` says so.
    ``placeholder`` is the average colour, ``#rrggbb``, to show until the picture is there.
    ``taken_at`` is by the camera's clock, without a zone; ``orientation`` is EXIF's; ``position``
    is there only where the deployment keeps it. ``trashed_at`` is null but in the trash, from where
    it can be restored for 30 days.
    """

    id: str
    owner: str
    name: str
    state: State
    rev: int
    caption: CaptionAnswer | None
    attributes: list[AttributeAnswer]
    attributes_source: Source | None
    labels: list[LabelAnswer]
    keywords: list[str]
    keywords_source: Source | None
    albums: list[str]
    content_type: str | None
    size: int | None
    width: int | None
    height: int | None
    placeholder: str | None
    sha256: str | None
    taken_at: LocalTime | None
    camera: str | None
    orientation: int | None
    position: PositionAnswer | None
    reason: str | None
    trashed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    links: Links

    @property
    def etag(self) -> str:
        """Its revision."""
        return f'"{self.rev}"'


class ImageList(Answer):
    """A page of photographs, newest first; in the trash, latest trashed first."""

    items: list[ImageAnswer]
    cursor: str | None


class Upload(Answer):
    """A form: POST ``fields`` and then the file, as ``file``, to ``url`` within 15 minutes."""

    url: str
    fields: dict[str, str]


class EnteredImage(Answer):
    """The record, and the form that uploads its file; null where the file is there.

    ``duplicate``: a photograph of this content, or this request's, was there with its file.
    """

    image: ImageAnswer
    upload: Upload | None
    duplicate: bool


class KnownImage(EnteredImage):
    """A record that was there."""

    @property
    def is_new(self) -> bool:
        """It was there."""
        return False


class Stats(Answer):
    """Counts of what the caller may see.

    ``complete`` is false while photographs from before counts were kept are being counted.
    """

    images: dict[State, int]
    total: int
    complete: bool
    searchable: int | None


class Health(Answer):
    """The service answers."""

    status: str
    version: str


class RebuildAnswer(Answer):
    """How far a rebuild has come; go on with ``after=cursor`` until it is null."""

    examined: int
    queued: int
    skipped: int
    cursor: str | None


class ImportLine(Answer):
    """A line of a file of captions that led to no caption, and why."""

    line: int
    reason: str


class ImportAnswer(Answer):
    """How an import stands.

    ``counts`` holds ``captioned`` lines, those ``kept`` out by a user's own caption or a file that
    counts first, those whose photograph is ``missing``, and ``problems``: lines that could not be
    read. ``form`` and ``encoding`` say how the file was read, once it was.
    """

    id: str
    owner: str
    key: str
    state: Literal["running", "finished", "failed"]
    reason: str | None
    form: Literal["lines", "table", "coco", "xmp"] | None
    encoding: str | None
    line: int
    counts: dict[str, int]
    problems: list[ImportLine]
    updated_at: datetime


class ReindexAnswer(Answer):
    """How a re-index stands, or a way back to the index before.

    ``records`` counts those of the catalogue, deleted ones too, that were read so far.
    """

    id: str
    roll_back: bool
    state: Literal["asked", "running", "finished", "failed"]
    records: int = 0
    reason: str | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None


class ReconcileAnswer(Answer):
    """How a pass of the reconciler stands.

    ``part`` says what it goes through, ``examined`` counts the records of the catalogue, deleted
    ones too, that were compared so far, ``repaired`` what was found and mended, by kind.
    """

    id: str
    state: Literal["asked", "running", "finished", "failed"]
    part: str | None = None
    examined: int = 0
    repaired: dict[str, int] = {}
    reason: str | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None


class FieldProblem(Answer):
    """One field and what was wrong with it."""

    field: str
    detail: str


class Problem(Answer):
    """RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[FieldProblem] | None = None


class ContributionAnswer(Answer):
    """What one part of the query (words, labels, name, meaning, attributes, image) gave a match.

    ``score`` is the part's own, ``share`` what it adds to the match's score, ``terms`` what
    matched and what each adds to ``score``.
    """

    part: str
    score: float
    rank: int
    share: float
    terms: dict[str, float]


class HitAnswer(Answer):
    """One match.

    ``matched_labels`` are those of the image's labels and keywords, in lower case, that the text
    found; ``why`` says in words what ``explanation`` says in numbers.
    """

    image: ImageAnswer
    score: float
    highlight: str | None
    matched_labels: list[str]
    why: str | None
    explanation: list[ContributionAnswer] | None


class FacetValue(Answer):
    """A value and how many matches have it."""

    value: str
    count: int


@with_traits(lambda _: (list[str], ...))
class ClauseAnswer(Answer):
    """One subject with what is bound to it; None is any subject. ``told`` says it in words."""

    subject: str | None
    told: str


class ReadingAnswer(Answer):
    """What the text says of subjects, ``rest`` what is left of it.

    It ranks and excludes nothing; as ``attributes`` of a search it would.
    """

    clauses: list[ClauseAnswer]
    rest: str | None


class CorrectionAnswer(Answer):
    """The text that was looked for, and what mistyped words were taken for."""

    text: str
    words: dict[str, str]


class HintAnswer(Answer):
    """Why nothing was found, and a text that may find something."""

    message: str
    text: str | None = None


class SearchAnswer(Answer):
    """A page of matches, best first, and what was made of the text.

    ``asked`` says in words which attribute clause all matches fulfil.
    """

    hits: list[HitAnswer]
    total: int
    asked: str | None
    facets: dict[str, list[FacetValue]]
    cursor: str | None
    degraded: list[str]
    reading: ReadingAnswer | None
    corrected: CorrectionAnswer | None
    hints: list[HintAnswer]


class WordAttention(Answer):
    """A word, and how much the model looks at each cell for it, by rows; the sum is 1."""

    word: str
    weights: list[float]


class CaptionAttention(Answer):
    """A caption, word by word, as the model reads it: in lower case, without punctuation."""

    text: str
    words: list[WordAttention]


class AttentionAnswer(Answer):
    """Where the model looks for the words of a caption and of its alternatives.

    The grid of ``rows`` and ``columns`` lies over the whole upright photograph.
    """

    rows: int
    columns: int
    captions: list[CaptionAttention]


class AlikeAnswer(Answer):
    """Photographs that look the same, the best first; ``identical``: all are the same file."""

    images: list[ImageAnswer]
    identical: bool


class DuplicatesAnswer(Answer):
    """Groups of photographs that look the same, of the next ``examined``; go on with ``cursor``."""

    groups: list[AlikeAnswer]
    examined: int
    cursor: str | None


class SuggestionAnswer(Answer):
    """A value, and how many photographs have it."""

    kind: str
    value: str
    count: int


class Suggestions(Answer):
    """What the last word may become, the commonest first."""

    suggestions: list[SuggestionAnswer]


class IdentityProvider(Answer):
    """Where a person signs in for the gallery: OAuth 2.0's authorization code with PKCE.

    ``sends`` says which of the tokens the API takes: where it has an audience of its own the
    access token, else the ID token, which is meant for the client.
    """

    issuer: str
    client_id: str
    scope: str
    audience: str | None
    sends: Literal["access_token", "id_token"]
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None
    revocation_endpoint: str | None


class SigningIn(Answer):
    """How callers say who they are: by a token, and by the provider where there is one."""

    provider: IdentityProvider | None


def image_answer(image: Image, storage: Storage) -> ImageAnswer:
    """Return what the API says of a record."""
    (answer,) = image_answers([image], storage)
    return answer


def entered_image(entered: Entered, storage: Storage) -> EnteredImage:
    """Return what the API says of a photograph that was entered."""
    form = entered.form
    kind = EnteredImage if entered.is_new else KnownImage
    return kind(
        image=image_answer(entered.image, storage),
        upload=form and Upload(url=form.url, fields=form.fields),
        duplicate=form is None,
    )


def image_list(page: Page, storage: Storage) -> ImageList:
    """Return what the API says of a page of records."""
    return ImageList(items=image_answers(page.items, storage), cursor=page.cursor)


def image_answers(images: Sequence[Image], storage: Storage) -> list[ImageAnswer]:
    """Return what the API says of records."""
    names = {image.key: image.name for image in images}
    shown: dict[str, str | None] = dict.fromkeys(key for image in images for key in image.copies)
    links = storage.presigned_gets({**shown, **names})
    return [
        ImageAnswer.model_validate(_fields(image, links) | {"name": names[image.key]})
        for image in images
    ]


def _fields(image: Image, links: Mapping[str, str]) -> dict[str, Any]:
    path = f"images/{image.image_id}"
    same = ImageAnswer.model_fields.keys() - {"id", "name", "links", "position"}
    where = dict(zip(("latitude", "longitude"), image.position or (), strict=False))
    return {name: getattr(image, name) for name in same} | {
        "id": image.image_id,
        "attributes": list(image.attributes),
        "labels": list(image.labels),
        "position": where or None,
        "links": Links(
            self=path,
            similar=f"{path}/similar",
            display=links.get(image.derivative_key or ""),
            large=links.get(image.large_key or image.derivative_key or ""),
            original=links[image.key],
        ),
    }
