"""What the repository knows about one photograph.

Pure values: nothing here talks to AWS. The catalogue stores them; `chalicelib.transitions`
says how a record may change.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from image_repo_formats import MAX_KEYWORD_CHARS

MAX_ALBUMS = 50
MAX_ALTERNATIVES = 5
MAX_ATTRIBUTES = 32
VECTOR_SIZE = 256

_NAMESPACE = uuid5(NAMESPACE_URL, "image-repo")


class State(StrEnum):
    """How far the processing of a photograph has come."""

    PENDING = "pending"
    CAPTIONED = "captioned"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    EXPIRED = "expired"
    DELETED = "deleted"


class Source(StrEnum):
    """Who wrote a caption, attributes or keywords; ``file``: a person, into the file itself."""

    USER = "user"
    MODEL = "model"
    IMPORT = "import"
    FILE = "file"


HUMAN_SOURCES = frozenset({Source.USER, Source.IMPORT, Source.FILE})
DESCRIBED = frozenset({State.CAPTIONED, State.NEEDS_REVIEW})
"""The states of a file that the model could read."""
AWAITED = frozenset({State.PENDING, State.EXPIRED})
"""The states of a file of which nothing has been heard."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption and where it came from.

    Attributes
    ----------
    text
        At most ``image_repo_formats.MAX_CAPTION_CHARS`` characters.
    model, confidence
        ``name@version`` of the model and 0 to 1, where ``source`` is ``model``.
    alternatives
        Other captions, best first, at most ``MAX_ALTERNATIVES``: the beam's, the model's beside
        a person's, or those that a person replaced.
    """

    text: str
    source: Source
    model: str | None = None
    confidence: float | None = None
    alternatives: tuple[str, ...] = ()

    def with_alternatives(self, texts: Iterable[str]) -> "Caption":
        """Return the caption with the first ``MAX_ALTERNATIVES`` distinct texts beside it."""
        others = tuple(dict.fromkeys(text for text in texts if text != self.text))
        return replace(self, alternatives=others[:MAX_ALTERNATIVES])


@dataclass(frozen=True, slots=True)
class Garment:
    """What a subject wears, with its colours: "dress", {"pink"}."""

    garment: str
    colours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """One subject with its own colours, actions and places.

    Attributes
    ----------
    subject
        A noun: "girl".
    colours
        Those of the subject and of what it wears; ``garments`` tells which are worn.
    actions
        Base forms: "run".
    places
        Settings that it is in, on or at: "beach".
    """

    subject: str
    colours: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    garments: tuple[Garment, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """An everyday thing that the model sees, whatever the caption says: "fire engine", 0 to 1."""

    word: str
    probability: float


@dataclass(frozen=True, slots=True)
class Counted:
    """How the catalogue's counts have a record as it is stored.

    Attributes
    ----------
    state
        The state it is counted in; None where it does not exist or is hidden.
    epoch, at_epoch
        The number of the recount after whose beginning its state changed last, and the state that
        it was counted in at that beginning.
    """

    state: State | None = None
    epoch: int = 0
    at_epoch: State | None = None

    def moved(self, state: State | None, epoch: int) -> "Counted":
        """Return it counted in another state, at a time when the last recount is ``epoch``."""
        return Counted(state, epoch, self.when_began(epoch))

    def when_began(self, epoch: int) -> State | None:
        """Return the state it was counted in when the recount ``epoch``, the last, began."""
        return self.at_epoch if self.epoch == epoch else self.state


@dataclass(frozen=True, slots=True)
class Entry:
    """What ``POST /images`` was asked for a photograph, as hashes.

    Attributes
    ----------
    request
        Of the last request that described it, of which a late copy must change nothing.
    announced
        Of the content, size and type it was entered with; None where it came another way.
    """

    request: str
    announced: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """One photograph's record, the item of the catalogue.

    Attributes
    ----------
    image_id
        UUIDv5 of bucket and key (`image_id_of`).
    rev
        Counts the writes; the search index's external version.
    version_id, sequencer
        S3's version and the padded sequencer of the newest event applied.
    content_type, width, height, size, sha256
        Of the original file; width and height in pixels after EXIF orientation. While it is awaited
        they are what its uploader announced.
    placeholder
        The average colour of the upright photograph, ``#rrggbb``.
    taken_at, camera, orientation
        What the file says of its taking: by the camera's own clock, without a zone; maker and
        model; EXIF's number of how the pixels are to be turned, 1 to 8.
    position
        Latitude and longitude in degrees; kept only where the deployment asks for it.
    derivative_key, large_key
        Keys of the metadata-free copies for display, a small and a large one; the latter is None
        where the original is no larger than the former.
    reason
        Why the state is ``failed``, ``expired`` or ``needs_review``, for a person.
    labels
        What the model sees, the most probable first: a source beside caption and attributes.
    keywords, keywords_source
        What a person files it under, in their order and case; the source is None where nobody
        said anything.
    albums
        What a person put it into, by their names.
    visual, semantic
        Unit vectors of ``VECTOR_SIZE`` float16 numbers, as bytes.
    space
        Of the vectors: the ``name@version`` of the first model whose can be compared with them;
        None where that was not noted.
    former_visual, former_space
        The file's visual vector of the model before, where this one's cannot be compared with it.
    processed_by
        ``name@version`` of the model that described the file or whose decoder refused it; None
        while neither has happened, so that the file is tried again.
    entry
        How it was asked for, where that was through the API.
    form_until
        Until when the newest upload form is good; None where a file has come, or needed no form.
    trashed_at
        Since when it is in the trash; None where it is not. It is hidden there, and keeps all else.
    trashed_version
        S3's version of the file that its key held then, None where that held none: only another
        one takes it out of the trash.
    removed_at
        Of a tombstone: when the file was gone from the bucket, too, and while it may come back;
        None where only the record was deleted.
    counted
        Whoever changes a record leaves it alone; None where the record was not read.
    """

    image_id: str
    owner: str
    bucket: str
    key: str
    state: State = State.PENDING
    rev: int = 0
    version_id: str | None = None
    sequencer: str | None = None
    content_type: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    placeholder: str | None = None
    sha256: str | None = None
    derivative_key: str | None = None
    large_key: str | None = None
    caption: Caption | None = None
    attributes: tuple[Attribute, ...] = ()
    attributes_source: Source | None = None
    labels: tuple[Label, ...] = ()
    keywords: tuple[str, ...] = ()
    keywords_source: Source | None = None
    albums: tuple[str, ...] = ()
    reason: str | None = None
    visual: bytes | None = None
    semantic: bytes | None = None
    space: str | None = None
    former_visual: bytes | None = None
    former_space: str | None = None
    processed_by: str | None = None
    entry: Entry | None = None
    form_until: datetime | None = None
    trashed_at: datetime | None = None
    trashed_version: str | None = None
    removed_at: datetime | None = None
    taken_at: datetime | None = None
    camera: str | None = None
    orientation: int | None = None
    position: tuple[float, float] | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    counted: Counted | None = field(default=None, compare=False, repr=False)

    @property
    def is_hidden(self) -> bool:
        """Whether there is no such photograph for anyone: it is deleted, or in the trash."""
        return self.state is State.DELETED or self.trashed_at is not None

    @property
    def shown_state(self) -> State:
        """The state that is told of it: in the trash it is as good as deleted."""
        return State.DELETED if self.is_hidden else self.state

    @property
    def counts_as(self) -> State | None:
        """The state it is to be counted in; None where it is hidden."""
        return None if self.is_hidden else self.state

    @property
    def vector_space(self) -> str | None:
        """The space of the vectors: the model's own where nothing else was noted."""
        return self.space or self.processed_by

    def visual_in(self, space: str) -> bytes | None:
        """Return the visual vector of a space, None where there is none."""
        if self.vector_space == space:
            return self.visual
        return self.former_visual if self.former_space == space else None

    @property
    def copies(self) -> frozenset[str]:
        """The keys of its copies for display."""
        return frozenset(filter(None, (self.derivative_key, self.large_key)))

    @property
    def name(self) -> str:
        """The file's name, without its folders."""
        return self.key.rsplit("/", 1)[-1]

    def is_visible_to(self, owner: str | None) -> bool:
        """Tell whether an owner sees it; None is an administrator, who sees everyone's."""
        return not self.is_hidden and owner in (None, self.owner)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the decoder and the model make of a file.

    Attributes
    ----------
    captions, confidence
        The model's, best first, and 0 to 1 of the best; there may be none.
    visual, semantic
        Vectors as in `Image`; None where they could not be computed.
    display, large
        Metadata-free WebPs to show; ``large`` is None where the original is no larger.
    labels
        Everyday things and their probabilities, the most probable first.
    withheld
        Whether the captions are too unsure to be shown, or kept anywhere.
    embedded_caption, keywords
        What a person wrote into the file.
    placeholder, taken_at, camera, orientation, position, space
        As in `Image`.
    """

    captions: tuple[str, ...]
    confidence: float | None
    needs_review: bool
    visual: bytes | None
    semantic: bytes | None
    width: int
    height: int
    content_type: str
    display: bytes
    labels: tuple[tuple[str, float], ...] = ()
    withheld: bool = False
    embedded_caption: str | None = None
    keywords: tuple[str, ...] = ()
    large: bytes | None = None
    placeholder: str | None = None
    taken_at: datetime | None = None
    camera: str | None = None
    orientation: int | None = None
    position: tuple[float, float] | None = None
    space: str | None = None


@dataclass(frozen=True, slots=True)
class ModelRun:
    """The work of one model (``name@version``) on one file; what is not known of it is None."""

    model: str
    size: int | None
    sha256: str | None


def fitting(said: Iterable[str], count: int) -> tuple[str, ...]:
    """Return keywords, or names of albums, as records keep them.

    Once each whatever their case, none longer than ``image_repo_formats.MAX_KEYWORD_CHARS``,
    the first ``count``.
    """
    once: dict[str, str] = {}
    for name in said:
        if len(name) <= MAX_KEYWORD_CHARS:
            once.setdefault(name.casefold(), name)
    return tuple(once.values())[:count]


def image_id_of(bucket: str, key: str) -> str:
    """Return the id that every event on this key, decoded, meets."""
    return str(uuid5(_NAMESPACE, f"{bucket}/{key}"))
