"""Which parts of a query rank, decided once for every engine."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.attributes import extract
from chalicelib.search.chosen import WEIGHTS
from chalicelib.search.query import (
    MAX_CLAUSES,
    MAX_FACET_VALUES,
    Clause,
    Mode,
    Query,
    Weights,
)
from chalicelib.search.text import Words, parse
from chalicelib.search.vectors import quantised

MEANING_LEFT_OUT = "meaning: the text has no vector, so only its words were matched"


PART_OF_VECTOR = {"visual": "image", "semantic": "meaning"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The ranking parts of a query.

    Attributes
    ----------
    words
        Of the text, where words are matched.
    vectors
        Quantised query vectors by kind, ``"visual"`` or ``"semantic"``.
    degraded
        What had to be left out.
    reading
        What the text says of its subjects, where that takes part in a fused ranking: clauses
        that need not hold, each of which speaks for a photograph.
    weights
        Of the parts.
    """

    words: Words | None
    vectors: Mapping[str, bytes]
    degraded: tuple[str, ...]
    reading: tuple[Clause, ...] = ()
    weights: Weights = WEIGHTS

    @property
    def ranks_words(self) -> bool:
        """False for a text that only excludes."""
        return self.words is not None and bool(self.words.ranked)

    @property
    def parts(self) -> int:
        """How many rankings there will be."""
        return len(self.vectors) + self.ranks_words + bool(self.reading)

    @property
    def kind(self) -> str:
        """What the scores are made of, for `relevance.bound_of`: words, text or image."""
        if not self.vectors:
            return "words"
        return "image" if self.parts == 1 and "visual" in self.vectors else "text"


def asked(query: Query) -> Asked:
    """Take a query's text and vectors apart by its mode.

    Raises
    ------
    InvalidField
        The text holds nothing to look for.
    """
    by_meaning = query.semantic is not None and (query.text is None or query.mode is not Mode.WORDS)
    by_words = query.text is not None and not (by_meaning and query.mode is Mode.MEANING)
    missed = query.text is not None and query.mode is not Mode.WORDS and not by_meaning
    vectors = {"visual": query.visual, "semantic": query.semantic if by_meaning else None}
    words = parse(query.text) if by_words and query.text is not None else None
    weights = query.weights or WEIGHTS
    is_fused = by_meaning and words is not None
    return Asked(
        words=replace(words, is_partial=True) if is_fused and words else words,
        vectors={kind: quantised(vector) for kind, vector in vectors.items() if vector},
        degraded=(MEANING_LEFT_OUT,) if missed else (),
        reading=read_clauses(query.text or "") if is_fused and weights.attributes else (),
        weights=weights,
    )


def read_clauses(text: str) -> tuple[Clause, ...]:
    """Return each subject of a text with all of its colours and actions."""
    found = (Clause(one.subject, one.colours, one.actions) for one in extract(text))
    return tuple(dict.fromkeys(found))[:MAX_CLAUSES]


def commonest(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return a facet's values with their counts, most first; values without a match left out."""
    found = [(value, count) for value, count in counts.items() if count]
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0]))[:MAX_FACET_VALUES])
