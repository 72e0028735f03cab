"""What a search engine must be able to do: take documents in, and retrieve.

Everything else (reading a text, weighing, fusing, cutting off, explaining, paging) is shared by
all engines and stands beside this module.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from chalicelib.attributes import extract, simplified
from chalicelib.images import (
    DESCRIBED,
    HUMAN_SOURCES,
    VECTOR_SIZE,
    Attribute,
    Image,
    Label,
    Source,
    State,
)
from chalicelib.reindexing import UNNOTED, Progress
from chalicelib.search.conditions import Condition, TextName, Time
from chalicelib.search.query import AlikePage, Query, Results, Suggestion

# Less probable labels are shown, counted and filtered by, but no text finds them.
SEARCHED_FROM = 0.3
# Each further text of labels counts the more probable ones once more.
LABEL_TEXTS: Mapping[TextName, float] = {
    "labels": SEARCHED_FROM,
    "labels_50": 0.5,
    "labels_75": 0.75,
}
TEXTS: tuple[TextName, ...] = ("caption", *LABEL_TEXTS, "name")
SEARCHABLE = DESCRIBED

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Keys: TypeAlias = npt.NDArray[np.int64]
PartName: TypeAlias = Literal["words", "labels", "name", "attributes", "meaning", "likely", "image"]


# What goes in -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """What the index holds of one record; ``deleted`` stands for a tombstone."""

    image_id: str
    rev: int
    owner: str
    deleted: bool = False
    state: State = State.CAPTIONED
    text: str = ""
    source: Source | None = None
    attributes: tuple[Attribute, ...] = ()
    labels: tuple[Label, ...] = ()
    albums: tuple[str, ...] = ()
    name: str = ""
    visual: bytes | None = None
    semantic: bytes | None = None
    space: str | None = None
    created_at: datetime | None = None
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Which revision of a photograph an index holds, and whether that is its removal."""

    image_id: str
    rev: int
    deleted: bool


def searched_labels(labels: Sequence[Label], least: float = SEARCHED_FROM) -> tuple[str, ...]:
    """Return the labels that a text finds: those that are probable enough."""
    return tuple(label.word for label in labels if label.probability >= least)


def texts_of(document: Document) -> Mapping[TextName, str]:
    """Return the texts of a document."""
    labels = {
        name: " ".join(searched_labels(document.labels, least))
        for name, least in LABEL_TEXTS.items()
    }
    return {"caption": document.text, **labels, "name": document.name}


def labels_of(image: Image) -> tuple[Label, ...]:
    """Return by what a photograph is found: its keywords, which are sure, and what is seen."""
    sure = {keyword.lower(): 1.0 for keyword in image.keywords}
    seen = {label.word: label.probability for label in image.labels}
    return tuple(Label(word, probability) for word, probability in (seen | sure).items())


def caption_in(text: str) -> str:
    """Return the caption in a document's text, of which each further line is a keyword."""
    return text.partition("\n")[0]


def document_of(image: Image) -> Document:
    """Return what the index should hold of ``image``: a removal unless it is searchable."""
    state = image.shown_state
    if state not in SEARCHABLE:
        return Document(image.image_id, image.rev, image.owner, deleted=True, state=state)
    caption = image.caption
    return Document(
        image_id=image.image_id,
        rev=image.rev,
        owner=image.owner,
        state=image.state,
        text="\n".join((caption.text if caption else "", *image.keywords)),
        source=caption.source if caption else None,
        attributes=_attributes(image),
        labels=labels_of(image),
        albums=image.albums,
        name=image.name.rpartition(".")[0] or image.name,
        visual=image.visual,
        semantic=image.semantic,
        space=image.vector_space if image.visual or image.semantic else None,
        created_at=image.created_at,
        taken_at=image.taken_at,
    )


def _attributes(image: Image) -> tuple[Attribute, ...]:
    # Attributes that a person gave stand in the record alone; what the caption beside them,
    # a person's too, says of its subjects is found as well. A model's caption adds nothing.
    caption, given = image.caption, tuple(map(simplified, image.attributes))
    if caption is None or not {caption.source, image.attributes_source} <= HUMAN_SOURCES:
        return given
    return tuple(dict.fromkeys((*given, *extract(caption.text))))


def key_of(image_id: str) -> int:
    """Return the number that stands for a photograph in engines, cursors and rankings.

    63 bits of a digest: of a million photographs two share one with a chance of 1 in 18 million.
    """
    digest = hashlib.blake2b(image_id.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, a camera's local one as if it were UTC."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (known - _EPOCH) // timedelta(microseconds=1)


def month_of(moment: datetime) -> str:
    """Return the month of a moment, in UTC where it has a zone: "2024-05"."""
    known = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{known:%Y-%m}"


# What orders photographs -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """A condition that adds a whole number to the score where it holds.

    Attributes
    ----------
    name
        For a person.
    part
        Of the ranking that it belongs to.
    """

    name: str
    condition: Condition
    weight: int = 0
    part: PartName = "attributes"


@dataclass(frozen=True, slots=True)
class ByTime:
    """By when they were added, or taken; those of no known time are last.

    The score is in microseconds since 1970, negated where the oldest are first, and ``NO_TIME``
    where there is no time.
    """

    time: Time = "created"
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """By the summed weights of the terms that they have.

    Attributes
    ----------
    groups
        A photograph has a group where it has one of its terms.
    quorum
        How many groups it must have at least.
    shorter_first
        Whether a caption's `brevity` is added to the sum.
    """

    groups: tuple[tuple[Term, ...], ...]
    quorum: int = 1
    shorter_first: bool = False


@dataclass(frozen=True, slots=True)
class Nearest:
    """The ``count`` nearest by a vector; the score is the product of quantised vectors."""

    kind: Literal["visual", "semantic"]
    vector: bytes
    count: int


By: TypeAlias = ByTime | Terms | Nearest
# Less than any time's number (it is in the year 1684), negated or not; cursors and engines hold it
# as a whole number and as a fraction alike.
NO_TIME = -(2**53)
BREVITY = 16  # steps of length
BREVITY_WORDS = 3  # of a caption, to a step


def brevity(words: int) -> int:
    """Return how much shorter a caption of so many words is than the longest, in steps."""
    return BREVITY - 1 - min(BREVITY - 1, words // BREVITY_WORDS)


Place: TypeAlias = tuple[float, int]
"""Where a match stands in an order: its negated score and its key; ascending is best first."""


@dataclass(frozen=True, slots=True)
class Facet:
    """Values to be counted.

    Attributes
    ----------
    name
        One of ``query.FACETS``, "space", or "words": those of captions and labels as they are
        written.
    start
        Of the values.
    size
        So many of the commonest.
    latest_first
        Whether the last of the alphabet are wanted, and told first, instead of the commonest.
    """

    name: str
    start: str = ""
    size: int = 100
    latest_first: bool = False


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One question to an engine.

    Attributes
    ----------
    among
        What must hold of a match; what is deleted is none.
    by
        What scores and orders them; of equal scores the lower key comes first.
    size
        How many of the matches are wanted; they may be none where only the count is.
    after
        The place after which they begin.
    least
        The least score of a match.
    facets
        Counted over all matches, whatever ``size`` and ``after`` are.
    counts, stored
        Whether the total is wanted, and what is shown of the matches.
    sort
        What orders the matches and gives their scores, where ``by`` and ``least`` only choose them.
    """

    among: Condition
    by: By = field(default_factory=ByTime)
    size: int = 0
    after: Place | None = None
    least: float | None = None
    facets: tuple[Facet, ...] = ()
    counts: bool = True
    stored: bool = False
    sort: ByTime | None = None

    @property
    def order(self) -> By:
        """What orders the matches."""
        return self.sort or self.by


@dataclass(frozen=True, slots=True)
class Stored:
    """What is shown of a match.

    Attributes
    ----------
    visual
        Quantised.
    space
        That the vector is of; None where it was not asked for, or is not known.
    """

    image_id: str
    text: str
    visual: bytes | None = None
    space: str | None = None


@dataclass(frozen=True, slots=True)
class Retrieved:
    """An engine's answer.

    Attributes
    ----------
    keys, scores, human
        Of the matches, in their order: whether a person wrote the caption is the last.
    total
        How many match; 0 where ``counts`` was not asked.
    facets
        For each asked for, values and counts, most first, of equal ones in the alphabet's order,
        unless the facet says otherwise.
    stored
        By the matches' keys, where asked for, without vectors.
    """

    keys: Keys
    scores: npt.NDArray[np.float64]
    human: npt.NDArray[np.bool_]
    total: int = 0
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    stored: Mapping[int, Stored] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looks:
    """Visual vectors of some photographs.

    Attributes
    ----------
    known
        Of which of the photographs asked for there is one.
    vectors
        Theirs, quantised, (known, 256), in the order that was asked.
    """

    known: npt.NDArray[np.bool_]
    vectors: npt.NDArray[np.int8]


def looks_of(
    found: Mapping[int, tuple[bytes | None, str | None]], keys: Keys, space: str | None
) -> Looks:
    """Return the looks of photographs, by their keys, of vectors and the spaces of each."""
    looks = (found.get(key, (None, None)) for key in keys.tolist())
    held = [vector if space is None or own in (None, space) else None for vector, own in looks]
    vectors = np.frombuffer(b"".join(filter(None, held)), np.int8).reshape(-1, VECTOR_SIZE)
    return Looks(np.array([one is not None for one in held], np.bool_), vectors)


class View(Protocol):
    """One state of an index, for all that one query asks.

    Attributes
    ----------
    degraded
        What is amiss with it, in words.
    """

    degraded: tuple[str, ...]

    def retrieve(self, asked: Sequence[Retrieval]) -> Sequence[Retrieved]:
        """Answer several questions at once.

        Raises
        ------
        SearchUnavailable
            The engine is down: never a part of an answer instead.
        """

    def stored(self, keys: Sequence[int], *, visual: bool = False) -> Mapping[int, Stored]:
        """Return what is shown of photographs, by their keys; with their vectors if asked."""

    def looks(self, keys: Keys, space: str | None) -> Looks:
        """Return the visual vectors of photographs that can be compared in a space."""

    def words_like(self, among: Condition, word: str, edits: int) -> Sequence[str]:
        """Return words of captions and labels that may be so many edits from one.

        As they are written in what meets the condition: one of another's photographs would be told
        as a correction, since it may have the stem of a word that is held.
        """


# What others hold on to --------------------------------------------------------------------------


class Searching(Protocol):
    """What the API needs: to ask. Adapter: ``execution.Searcher``, for every engine."""

    def search(self, query: Query) -> Results:
        """Answer a query.

        Raises
        ------
        InvalidField
            ``cursor`` is forged or of another query, ``text`` cannot be understood.
        SearchUnavailable
            The engine is down: never an empty result instead.
        """

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""

    def spaces(self, owner: str | None) -> Mapping[str, int]:
        """Return how many photographs have vectors of each space, the commonest first."""

    def suggest(self, owner: str | None, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what the last word of ``prefix`` may become, the commonest first.

        Words of attributes in the form the index compares, and words of captions and labels as
        they are written, each with how many of the owner's photographs have it; nothing that no
        photograph of the owner's has. Nothing for an empty prefix.
        """

    def alike(self, owner: str | None, cursor: str | None, limit: int) -> AlikePage:
        """Return the groups of near duplicates of the next ``limit`` photographs.

        Each looks like the first of its group, the one that was added first, and is told with it
        alone; at most ``duplicates.MAX_ALIKE`` are in one.

        Raises
        ------
        InvalidField
            ``cursor`` is none of this.
        """

    def nearest(
        self, owner: str | None, words: Sequence[str], others: Sequence[str] = ()
    ) -> Mapping[str, str]:
        """Return for words that no photograph of the owner's holds the nearest known ones.

        Known are the owner's and, where none of them is near, ``others``, the commonest first.

        A word that is held in any form (its stem), or that has no known word within
        ``spelling.edits``, is left out. Of equally near words the commonest. A word that is
        not the owner's never appears.
        """


class HoldsRevisions(Protocol):
    """What the reconciler asks an index, which answers as of a second ago at most."""

    def held(self, after: str | None, limit: int) -> Sequence[Held]:
        """Return what is held of photographs, those after the one with an id, by their keys.

        Raises
        ------
        SearchUnavailable
            The engine is down, or there is no index.
        """

    def revisions(self, image_ids: Sequence[str]) -> Mapping[str, int]:
        """Return which revisions are held of some photographs; see `held`."""


class SearchIndex(Searching, HoldsRevisions, Protocol):
    """Port of an engine's index; one contract test for all."""

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents in any order; an older ``rev`` than the held one changes nothing.

        A removal keeps its ``rev``, so that an older write never brings a photograph back.

        Returns
        -------
        tuple[str, ...]
            Ids of those that can never be taken in, as they are.

        Raises
        ------
        SearchUnavailable
            Not all of the others were taken in; to try all again is right.
        """


class RebuildableIndex(HoldsRevisions, Protocol):
    """What the indexer writes to. Adapters: ``IndexWriter``, ``RebuildingIndex``."""

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents durably; see `SearchIndex.apply`."""

    def rebuild(self, progress: Progress = UNNOTED) -> int:
        """Build the index from the catalogue and exchange it for the live one, which is kept.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        SearchUnavailable
            Not everything was taken in; the live index stays.
        RevisionConflict
            Another run did the same meanwhile.
        """

    def roll_back(self, progress: Progress = UNNOTED) -> int:
        """Go back to the former index, brought up to date first.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        NotFound
            There is none that this release can read.
        SearchUnavailable, RevisionConflict
            As `rebuild` does; the newer index stays.
        """
