"""The query model every engine answers, and what it answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from chalicelib.attributes.kinds import KINDS
from chalicelib.images import VECTOR_SIZE, Source, State

Floats: TypeAlias = npt.NDArray[np.float32]

MAX_TEXT_CHARS = 1_000
MAX_CLAUSES = 16
MAX_LIMIT = 100
MAX_FACET_VALUES = 100
MAX_MONTHS = 12 * 200  # cameras are younger
MAX_SUGGESTIONS = 20
MAX_DEPTH = 8  # of groups within groups
MAX_WEIGHT = 100
VECTOR_BYTES = 2 * VECTOR_SIZE
MONTHS = ("added_months", "taken_months")
FACETS = (*(kind.plural for kind in KINDS), "labels", "albums", "state", "source", *MONTHS)

NEAR_DUPLICATES: Literal["near_duplicates"] = "near_duplicates"
AUTO: Literal["auto"] = "auto"
MAX_UNLIKE = 10


class Mode(StrEnum):
    """What the text is matched with."""

    WORDS = "words"
    MEANING = "meaning"
    FUSED = "fused"


class Sort(StrEnum):
    """What orders the matches."""

    RELEVANCE = "relevance"
    ADDED = "added"
    TAKEN = "taken"


class Direction(StrEnum):
    """Which of the matches come first, where a time orders them; those without one are last."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Clause:
    """Colours, actions and places bound to one subject; None matches any subject.

    A photograph matches where one attribute of it has all of them. The fields are those of
    ``chalicelib.attributes.kinds``.
    """

    subject: str | None = None
    colours: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses, or groups of them, joined by one operator; ``not`` means none of them."""

    operator: Literal["and", "or", "not"]
    members: tuple["Clause | Group", ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """Exact conditions that do not change the score.

    ``created_from`` is included in the range, ``created_to`` is not; ``taken_from`` and
    ``taken_to`` likewise, by the camera's own clock, which has no zone. Of states and sources
    any will do; a photograph must have all of the labels and be in all of the albums.
    """

    states: tuple[State, ...] = ()
    sources: tuple[Source, ...] = ()
    labels: tuple[str, ...] = ()
    albums: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    taken_from: datetime | None = None
    taken_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of a fused ranking counts; 0 leaves a part out of the order.

    Attributes
    ----------
    trust
        What the words of a model's caption count where those of a person's count 1.
    labels
        What counts that the model sees the text's words, whatever the caption says.
    name
        What counts that the file is called so.
    likely
        What counts that captions of the picture would hold the text's words.
    """

    words: float
    meaning: float
    attributes: float
    image: float
    trust: float
    labels: float
    name: float
    likely: float


class LikelyWords(Protocol):
    """What words say of photographs by their visual vectors; the model's part of it.

    Its representation tells one from another of the same model.

    Attributes
    ----------
    words
        Those that the model knows.
    """

    @property
    def words(self) -> tuple[str, ...]: ...  # noqa: D102

    def probabilities(self, visual: Floats) -> Floats:
        """Return (n, words): that captions hold each, of visual vectors (n, 256)."""

    def shares(self, probabilities: Floats) -> Floats:
        """Return (n, words): what each adds to a score from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Query:
    """One search.

    Attributes
    ----------
    owner
        Whose photographs may be seen; None only for an administrator.
    text
        Words; ``"in quotes"`` a phrase that must occur, ``-word`` excludes. Of one or two words
        all must occur, of more than two two thirds.
    mode
        How the text is matched.
    attributes
        What must hold of the subjects; None for no condition.
    visual, semantic
        Unit query vectors of 256 float16 numbers as bytes; None where not asked for.
    space
        Of both: photographs whose vectors are of another are not compared; None compares all.
    likely
        What the text's words say of photographs by their visual vectors of the space.
    exclude
        Ids that never appear (the image that is being compared with others).
    unlike, unlike_spaces
        Visual vectors; what looks like one of them does not match. The space of each, as far as
        they are known.
    facets
        Names out of ``FACETS``, counted over all matches; the ``MAX_FACET_VALUES`` commonest, of
        ``MONTHS`` all ("2024-05").
    cursor
        From the last page of the same query.
    min_relevance
        0 to 1: the least share of the best match's score that a hit must have; ``"auto"`` ends
        the matches where this query's scores say that they stop being relevant.
    explain
        Whether hits say what each part gave them.
    collapse
        ``"near_duplicates"`` shows of photographs that look the same the best match only; total
        and facets count them all.
    weights
        Of the parts that are fused; None for those chosen by measurement.
    sort, direction
        The order of the matches; where nothing ranks, relevance is the newest added first.
    """

    owner: str | None
    text: str | None = None
    mode: Mode = Mode.WORDS
    attributes: Clause | Group | None = None
    visual: bytes | None = None
    semantic: bytes | None = None
    space: str | None = None
    likely: LikelyWords | None = None
    filters: Filters = field(default_factory=Filters)
    exclude: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    limit: int = 20
    cursor: str | None = None
    min_relevance: float | Literal["auto"] | None = None
    explain: bool = False
    unlike: tuple[bytes, ...] = ()
    unlike_spaces: tuple[str | None, ...] = ()
    collapse: Literal["near_duplicates"] | None = None
    weights: Weights | None = None
    sort: Sort = Sort.RELEVANCE
    direction: Direction = Direction.NEWEST


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one part of a query gave a hit.

    Attributes
    ----------
    part
        ``"words"``, ``"labels"``, ``"name"``, ``"meaning"``, ``"attributes"``, ``"likely"`` or
        ``"image"``.
    score
        The part's own: the summed idf of the words that a photograph's caption holds, or its
        labels, or of the attributes that it has; how probable its words are; a cosine.
    rank
        The hit's among the part's matches, the best is 1.
    share
        What the part adds to the hit's score.
    terms
        What matched, each with what it adds to the part's own score.
    """

    part: str
    score: float
    rank: int
    share: float
    terms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """One match, best first.

    Attributes
    ----------
    score
        Comparable within one answer only.
    highlight
        The caption as HTML-escaped text with ``<mark>`` around the matched words.
    explanation
        What each part of the query contributed, where asked for; the shares add up to the score.
    """

    image_id: str
    score: float
    highlight: str | None = None
    explanation: tuple[Contribution, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unmet:
    """Why nothing matches: what was asked for and no photograph of the owner's has.

    Attributes
    ----------
    kind
        "phrase", or an attribute's ("colour"); "clause" where each word is had by some, and no
        subject has all.
    value
        In words.
    known
        Values of the kind that there are, the commonest first.
    """

    kind: str
    value: str
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits.

    Attributes
    ----------
    total
        How many match in all; for a vector query, how many were ranked.
    facets
        For each facet asked for, the value and its count over all matches, most first; months the
        latest first.
    degraded
        Parts that were unavailable and left out, in words.
    unmet
        Where nothing matches.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    cursor: str | None = None
    degraded: tuple[str, ...] = ()
    unmet: tuple[Unmet, ...] = ()


@dataclass(frozen=True, slots=True)
class AlikePage:
    """Groups of near duplicates of a page of photographs.

    Attributes
    ----------
    groups
        Ids, the photograph that was added first at the front of each.
    examined
        How many photographs were compared with all.
    """

    groups: tuple[tuple[str, ...], ...]
    examined: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a beginning of a word may become.

    Attributes
    ----------
    kind
        Of an attribute ("subject", "colour", …), or "word" of captions and labels.
    count
        How many of the owner's photographs have it.
    """

    kind: str
    value: str
    count: int
