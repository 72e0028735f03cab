"""A search index in plain dictionaries: slow, simple, and what the other engines must agree with.

Which photographs match, the facets and the totals are the embedded engine's; the order within
equal scores may differ.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.attributes import normalised
from chalicelib.errors import SearchUnavailable
from chalicelib.images import Attribute
from chalicelib.search.analysis import stems
from chalicelib.search.asking import Asked, asked, commonest
from chalicelib.search.checking import check
from chalicelib.search.clauses import terms_of
from chalicelib.search.cursor import Anchor, decoded, encoded
from chalicelib.search.fusion import DEPTH, fused
from chalicelib.search.highlight import highlighted
from chalicelib.search.port import Document
from chalicelib.search.query import Clause, Filters, Group, Hit, Query, Results
from chalicelib.search.text import Run, Words
from chalicelib.search.vectors import product, quantised


@dataclass(frozen=True, slots=True)
class _Held:
    document: Document
    stems: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    vectors: Mapping[str, bytes]

    def holds(self, run: Run) -> bool:
        length = len(run.stems)
        places = range(len(self.stems) - length + 1)
        return any(self.stems[at : at + length] == run.stems for at in places)


class MemoryIndex:
    """A `SearchIndex` for tests of callers.

    Attributes
    ----------
    down
        While true, every call raises ``SearchUnavailable``.
    """

    def __init__(self) -> None:
        self.down = False
        self._held: dict[str, _Held] = {}

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; see `SearchIndex.apply`."""
        self._answer()
        failed = []
        for document in documents:
            known = self._held.get(document.image_id)
            if known is None or known.document.rev < document.rev:
                try:
                    self._held[document.image_id] = _held(document)
                except ValueError:
                    failed.append(document.image_id)
        return tuple(failed)

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""
        self._answer()
        return sum(1 for _ in self._living(owner))

    def search(self, query: Query) -> Results:
        """Answer a query; see `Searching.search`."""
        self._answer()
        check(query)
        parts = asked(query)
        anchor = decoded(query)
        among = [held for held in self._living(query.owner) if _allowed(held, query, parts.words)]
        scores = _relevant(_scores(among, parts), query.min_relevance, parts)
        order = sorted((-score, image_id) for image_id, score in scores.items())
        rest = [place for place in order if anchor is None or place > self._place(anchor, scores)]
        page = rest[: query.limit]
        ends = len(rest) <= query.limit
        last = None if ends else Anchor((page[-1][1],), -page[-1][0], "memory", 0)
        return Results(
            hits=tuple(self._hit(*place, parts) for place in page),
            total=len(scores),
            facets={name: self._facet(name, scores) for name in query.facets},
            cursor=None if last is None else encoded(query, last),
            degraded=parts.degraded,
        )

    def _answer(self) -> None:
        if self.down:
            raise SearchUnavailable("the memory index was told to be down")

    def _living(self, owner: str | None) -> Iterable[_Held]:
        for held in self._held.values():
            document = held.document
            if not document.deleted and owner in (None, document.owner):
                yield held

    @staticmethod
    def _place(anchor: Anchor, scores: Mapping[str, float]) -> tuple[float, str]:
        (last,) = anchor.trail
        return (-scores.get(last, anchor.score), last)

    def _hit(self, negative: float, image_id: str, parts: Asked) -> Hit:
        words = parts.words.ranked if parts.words else ()
        wanted = {stem for run in words for stem in run.stems}
        text = self._held[image_id].document.text
        return Hit(
            image_id=image_id,
            score=-negative if parts.parts else 1.0,
            highlight=highlighted(text, wanted) if wanted else None,
        )

    def _facet(self, name: str, matches: Iterable[str]) -> tuple[tuple[str, int], ...]:
        counted = Counter(value for match in matches for value in _values(name, self._held[match]))
        return commonest(counted)


def _held(document: Document) -> _Held:
    vectors = {"visual": document.visual, "semantic": document.semantic}
    return _Held(
        document=document,
        stems=stems(document.text),
        attributes=tuple(normalised(attribute) for attribute in document.attributes),
        vectors={kind: quantised(vector) for kind, vector in vectors.items() if vector is not None},
    )


def _values(name: str, held: _Held) -> set[str]:
    document = held.document
    match name:
        case "subjects":
            return {attribute.subject for attribute in held.attributes}
        case "colours":
            return {colour for attribute in held.attributes for colour in attribute.colours}
        case "actions":
            return {action for attribute in held.attributes for action in attribute.actions}
        case "state":
            return {document.state.value}
        case _:
            return {document.source.value} if document.source else set()


def _allowed(held: _Held, query: Query, words: Words | None) -> bool:
    if held.document.image_id in query.exclude or not _passes(held.document, query.filters):
        return False
    if query.attributes is not None and not _has(held, query.attributes):
        return False
    return words is None or (
        all(held.holds(run) for run in words.required)
        and not any(held.holds(run) for run in words.excluded)
    )


def _passes(document: Document, filters: Filters) -> bool:
    created = document.created_at
    return (
        (not filters.states or document.state in filters.states)
        and (not filters.sources or document.source in filters.sources)
        and (
            filters.created_from is None
            or (created is not None and created >= filters.created_from)
        )
        and (filters.created_to is None or (created is not None and created < filters.created_to))
    )


def _has(held: _Held, condition: Clause | Group) -> bool:
    if isinstance(condition, Clause):
        terms = terms_of(condition)
        return any(terms.match(attribute) for attribute in held.attributes)
    found = [_has(held, member) for member in condition.members]
    if condition.operator == "and":
        return all(found)
    return any(found) if condition.operator == "or" else not any(found)


def _scores(among: Sequence[_Held], parts: Asked) -> dict[str, float]:
    rankings: list[dict[str, float]] = []
    if parts.words is not None and parts.ranks_words:
        rankings.append(_by_words(among, parts.words))
    rankings += [_by_vector(among, kind, vector) for kind, vector in parts.vectors.items()]
    if not rankings:
        return {held.document.image_id: _time(held.document) for held in among}
    if len(rankings) == 1:
        return rankings[0]
    return fused(
        sorted((-score, image_id) for image_id, score in found.items()) for found in rankings
    )


def _by_words(among: Sequence[_Held], words: Words) -> dict[str, float]:
    """Score by the share of the wanted words, and of those in the caption."""
    found = {}
    for held in among:
        hits = sum(held.holds(run) for run in words.wanted)
        if hits >= words.quorum:
            found[held.document.image_id] = hits + 1 / (1 + len(held.stems))
    return found


def _by_vector(among: Sequence[_Held], kind: str, vector: bytes) -> dict[str, float]:
    found = [
        (product(held.vectors[kind], vector), held.document.image_id)
        for held in among
        if kind in held.vectors
    ]
    return {image_id: score for score, image_id in sorted(found, reverse=True)[:DEPTH]}


def _relevant(
    scores: dict[str, float], share: float | str | None, parts: Asked
) -> dict[str, float]:
    if not isinstance(share, float) or not scores or not parts.parts:
        return scores
    bound = max(scores.values()) * share
    return {image_id: score for image_id, score in scores.items() if score >= bound}


def _time(document: Document) -> float:
    return document.created_at.timestamp() if document.created_at else 0.0
