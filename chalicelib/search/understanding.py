"""Queries that a text of the search box may stand for, the likeliest first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from chalicelib.search.query import Mode, Query
from chalicelib.search.reading import Reading, read
from chalicelib.search.spelling import corrected


@dataclass(frozen=True, slots=True)
class Understood:
    """What was made of a text.

    Attributes
    ----------
    text
        As it was looked for, mistyped words replaced.
    corrected
        Those words, each with the one that was looked for instead.
    reading
        What the text says of subjects; None where it says nothing of any.
    applied
        Whether the matches are those of which the reading holds; else it is an offer, and the
        text was matched as words and meaning.
    """

    text: str | None = None
    corrected: Mapping[str, str] = field(default_factory=dict)
    reading: Reading | None = None
    applied: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """A query, and what it takes the text for."""

    query: Query
    understood: Understood


def spelt(query: Query, near: Mapping[str, str]) -> Query:
    """Return the query with its mistyped words replaced."""
    return query if query.text is None else replace(query, text=corrected(query.text, near))


def attempts(query: Query, near: Mapping[str, str], *, understand: bool) -> Iterator[Attempt]:
    """Yield what may be asked, to be tried in turn until something matches.

    Parameters
    ----------
    query
        Spelt, with its vectors.
    near
        Words that were replaced.
    understand
        Whether the text's reading may be a condition.
    """
    reading = read(query.text) if query.text else None
    understood = Understood(query.text, near, reading)
    if reading is not None and understand:
        yield Attempt(_conditioned(query, reading), replace(understood, applied=True))
    yield Attempt(query, understood)


def _conditioned(query: Query, reading: Reading) -> Query:
    """Ask for what the reading says; the text only ranks, or is what is left where words must hold.

    The condition says what is relevant, so that no score cuts it off.
    """
    by_words = query.mode is Mode.WORDS
    return replace(
        query,
        text=reading.rest if by_words else query.text,
        attributes=reading.condition(query.attributes),
        min_relevance=0.0 if query.min_relevance is None else query.min_relevance,
    )
