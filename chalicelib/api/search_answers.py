"""Answers of searches, in the shape the API's OpenAPI document promises."""

from chalicelib.api.answers import Answer, ImageAnswer, image_answers
from chalicelib.api.fields import with_traits
from chalicelib.api.searching import Found
from chalicelib.images import Image
from chalicelib.search import Hit
from chalicelib.search.interpret import Interpretation
from chalicelib.search.port import SEARCHED_FROM
from chalicelib.search.text import stems
from chalicelib.storage import Storage


class ContributionAnswer(Answer):
    """What one part of the query (words, labels, meaning, attributes, image) gave a match.

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

    ``matched_labels`` are those of the image's labels that the text found.
    """

    image: ImageAnswer
    score: float
    highlight: str | None
    matched_labels: list[str]
    explanation: list[ContributionAnswer] | None


class FacetValue(Answer):
    """A value and how many matches have it."""

    value: str
    count: int


@with_traits(lambda _: (list[str], ...))
class ClauseAnswer(Answer):
    """One subject with what is bound to it; None is any subject."""

    subject: str | None


class ReadingAnswer(Answer):
    """What the text says of subjects, ``rest`` what is left of it.

    ``applied``: all matches are such; else it is an offer.
    """

    clauses: list[ClauseAnswer]
    rest: str | None
    applied: bool


class CorrectionAnswer(Answer):
    """The text that was looked for, and what mistyped words were taken for."""

    text: str
    words: dict[str, str]


class SearchAnswer(Answer):
    """A page of matches, best first, and what was made of the text."""

    hits: list[HitAnswer]
    total: int
    facets: dict[str, list[FacetValue]]
    cursor: str | None
    degraded: list[str]
    reading: ReadingAnswer | None
    corrected: CorrectionAnswer | None


class SuggestionAnswer(Answer):
    """A value, and how many photographs have it."""

    kind: str
    value: str
    count: int


class Suggestions(Answer):
    """What the last word may become, the commonest first."""

    suggestions: list[SuggestionAnswer]


def search_answer(found: Found, storage: Storage) -> SearchAnswer:
    """Return what the API says of a search."""
    results = found.results
    images = image_answers([image for _, image in found.hits], storage)
    return SearchAnswer(
        hits=[
            HitAnswer(
                image=answer,
                score=hit.score,
                highlight=hit.highlight,
                matched_labels=_matched(image, found),
                explanation=_explained(hit),
            )
            for (hit, image), answer in zip(found.hits, images, strict=True)
        ],
        total=results.total,
        facets={
            name: [FacetValue(value=value, count=count) for value, count in counts]
            for name, counts in results.facets.items()
        },
        cursor=results.cursor,
        degraded=list(results.degraded),
        reading=_reading(found.interpretation),
        corrected=_corrected(found.interpretation),
    )


def _matched(image: Image, found: Found) -> list[str]:
    searched = [label.word for label in image.labels if label.probability >= SEARCHED_FROM]
    return [word for word in searched if word in found.labels or found.stems & {*stems(word)}]


def _reading(made: Interpretation) -> ReadingAnswer | None:
    reading = made.reading
    if reading is None:
        return None
    clauses = [ClauseAnswer.model_validate(clause) for clause in reading.clauses]
    return ReadingAnswer(clauses=clauses, rest=reading.rest, applied=made.applied)


def _corrected(made: Interpretation) -> CorrectionAnswer | None:
    if made.text is None or not made.corrected:
        return None
    return CorrectionAnswer(text=made.text, words=dict(made.corrected))


def _explained(hit: Hit) -> list[ContributionAnswer] | None:
    if hit.explanation is None:
        return None
    return [ContributionAnswer.model_validate(part) for part in hit.explanation]
