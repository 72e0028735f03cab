"""What a text is taken for: its mistyped words corrected, and its meaning as a vector.

Both may differ a moment later, when words are added or the encoder fails. The pages of an answer
go together, so that a cursor says what the first page took the text for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.encoder import Encoder
from chalicelib.errors import EncoderUnavailable
from chalicelib.search.execution import opaque, transparent, wrong_cursor
from chalicelib.search.port import Searching
from chalicelib.search.query import Mode, Query
from chalicelib.search.spelling import corrected, unsure
from chalicelib.search.text import parse

_SILENT = "meaning: the encoder did not answer"


@dataclass(frozen=True, slots=True)
class Understood:
    """A query whose text is what it is taken for.

    Attributes
    ----------
    corrections
        Words of the text and what they were replaced by.
    is_degraded
        Whether its meaning is left out, since the encoder does not answer.
    """

    query: Query
    corrections: Mapping[str, str]
    is_degraded: bool

    @property
    def degraded(self) -> tuple[str, ...]:
        """What was left out, in words."""
        return (_SILENT,) if self.is_degraded else ()

    def cursor(self, engines: str | None) -> str | None:
        """Return the cursor that goes on after a page that ended at the engine's ``engines``."""
        if engines is None or not (self.corrections or self.is_degraded):
            return engines
        return f"{engines}.{opaque([dict(self.corrections), self.is_degraded])}"


@dataclass(frozen=True, slots=True)
class Understanding:
    """Takes texts for what was meant, as the index and the encoder know words."""

    index: Searching
    encoder: Encoder

    def of(self, query: Query) -> Understood:
        """Return a query with its text understood, as on the first page of its answer.

        Raises
        ------
        EncoderUnavailable
            It asks for meaning alone, or goes on from a page that meaning ordered.
        InvalidField
            The cursor is damaged.
        """
        goes_on = query.cursor is not None
        cursor, corrections, is_degraded = _taken_apart(query.cursor)
        if not goes_on:
            corrections = self._corrections(query)
        if query.text and corrections:
            query = replace(query, text=corrected(parse(query.text), corrections))
        query = replace(query, cursor=cursor)
        text = _meaning(query)
        if text is None or is_degraded:
            return Understood(replace(query, mode=Mode.WORDS), corrections, is_degraded)
        try:
            return Understood(self._with_meaning(query, text), corrections, False)
        except EncoderUnavailable:
            if query.mode is Mode.MEANING or goes_on:
                raise
            return Understood(replace(query, mode=Mode.WORDS), corrections, True)

    def _corrections(self, query: Query) -> Mapping[str, str]:
        doubtful = unsure(parse(query.text)) if query.text else ()
        if not doubtful:
            return {}
        return self.index.nearest(query.owner, doubtful, self._words_of_meaning())

    def _words_of_meaning(self) -> Sequence[str]:
        try:
            return self.encoder.words()
        except EncoderUnavailable:
            return ()

    def _with_meaning(self, query: Query, text: str) -> Query:
        telling = parse(query.text).telling if query.text else ()
        vector = self.encoder.text(text, telling)
        if query.space not in (None, vector.space):
            raise EncoderUnavailable("another model is being deployed; try again in a minute")
        return replace(query, semantic=vector.numbers, space=vector.space, likely=vector.likely)


def _meaning(query: Query) -> str | None:
    if query.text is None or query.mode is Mode.WORDS:
        return None
    return parse(query.text).meaning


def _taken_apart(cursor: str | None) -> tuple[str | None, Mapping[str, str], bool]:
    """Return the engine's cursor, the corrections, and whether the first page was degraded."""
    engines, dot, said = (cursor or "").partition(".")
    if not dot:
        return cursor, {}, False
    try:
        corrections, is_degraded = transparent(said)
        pairs = {str(word): str(other) for word, other in corrections.items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise wrong_cursor() from error
    return engines, pairs, bool(is_degraded)
