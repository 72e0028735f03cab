"""A search index in plain dictionaries: slow, simple, and what the other engines must agree with.

Which photographs match, the facets and the totals are the embedded engine's; the order within
equal scores may differ.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from chalicelib.errors import SearchUnavailable
from chalicelib.search.analysis import stems
from chalicelib.search.asking import asked, commonest
from chalicelib.search.checking import check
from chalicelib.search.chosen import ALIKE
from chalicelib.search.cursor import Anchor, decoded, encoded
from chalicelib.search.highlight import highlighted
from chalicelib.search.likeness import stand_out
from chalicelib.search.memory_scoring import Held, Scored, has, held_of
from chalicelib.search.port import Document
from chalicelib.search.query import Filters, Hit, Query, Results
from chalicelib.search.relevance import bound_of
from chalicelib.search.spelling import meant, spoken
from chalicelib.search.suggestions import Kind, Suggestion, begun, best
from chalicelib.search.text import Words
from chalicelib.search.vectors import product, quantised

Place = tuple[float, str]  # -score, id: ascending is best first


class MemoryIndex:
    """A `SearchIndex` for tests of callers.

    Attributes
    ----------
    down
        While true, every call raises ``SearchUnavailable``.
    """

    def __init__(self) -> None:
        self.down = False
        self._held: dict[str, Held] = {}

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; see `SearchIndex.apply`."""
        self._answer()
        failed = []
        for document in documents:
            known = self._held.get(document.image_id)
            if known is None or known.document.rev < document.rev:
                try:
                    self._held[document.image_id] = held_of(document)
                except ValueError:
                    failed.append(document.image_id)
        return tuple(failed)

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""
        self._answer()
        return sum(1 for _ in self._living(owner))

    def suggest(self, owner: str | None, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what a beginning may become; see `Searching.suggest`."""
        self._answer()
        start = begun(prefix)
        living = [*self._living(owner)]
        counts = Counter(pair for held in living for pair in _told(held))
        finds = _stems_held(living)
        found = (
            Suggestion(kind, value, finds[stems(value)] if kind == "word" else count)
            for (kind, value), count in counts.items()
            if start and value.startswith(start)
        )
        return best(found, limit)

    def nearest(self, owner: str | None, words: Sequence[str]) -> Mapping[str, str]:
        """Return what unknown words may have been meant as; see `Searching.nearest`."""
        self._answer()
        living = [*self._living(owner)]
        known = {word for held in living for word in _spoken(held)}
        counts = _stems_held(living)
        unknown = [word for word in words if stems(word) and not counts[stems(word)]]
        near = {word: meant(word, known, lambda other: counts[stems(other)]) for word in unknown}
        return {word: other for word, other in near.items() if other}

    def search(self, query: Query) -> Results:
        """Answer a query; see `Searching.search`."""
        self._answer()
        check(query)
        parts = asked(query)
        anchor = decoded(query)
        among = [held for held in self._living(query.owner) if _allowed(held, query, parts.words)]
        scored = Scored(parts, [*self._living(None)], among, anchor.weights if anchor else ())
        best = max(scored.scores.values(), default=None)
        bound = anchor.bound if anchor else bound_of(query, parts, best)
        order = sorted(
            (-score, image_id)
            for image_id, score in scored.scores.items()
            if bound is None or score >= bound
        )
        after = None if anchor is None else (-anchor.score, anchor.trail[0])
        page, last = self._page(order, after, query)
        matches = [image_id for _, image_id in order]
        return Results(
            hits=tuple(self._hit(*place, scored, explain=query.explain) for place in page),
            total=len(order),
            facets={name: self._facet(name, matches) for name in query.facets},
            cursor=None
            if last is None
            else encoded(query, Anchor((last[1],), -last[0], "memory", 0, scored.weights, bound)),
            degraded=parts.degraded,
        )

    def _answer(self) -> None:
        if self.down:
            raise SearchUnavailable("the memory index was told to be down")

    def _living(self, owner: str | None) -> Iterable[Held]:
        for held in self._held.values():
            document = held.document
            if not document.deleted and owner in (None, document.owner):
                yield held

    def _page(
        self, order: Sequence[Place], after: Place | None, query: Query
    ) -> tuple[list[Place], Place | None]:
        """Return the places of a page, and the last of them where there are more."""
        vectors = [self._held[image_id].vectors.get("visual") for _, image_id in order]
        is_shown = stand_out(vectors, ()) if query.collapse else [True] * len(order)
        rest = [
            place
            for place, shown in zip(order, is_shown, strict=True)
            if shown and (after is None or place > after)
        ]
        page = rest[: query.limit]
        return page, page[-1] if len(rest) > query.limit else None

    def _hit(self, negative: float, image_id: str, scored: "Scored", *, explain: bool) -> Hit:
        words = scored.parts.words.ranked if scored.parts.words else ()
        wanted = {stem for run in words for stem in run.stems}
        text = self._held[image_id].document.text
        return Hit(
            image_id=image_id,
            score=-negative if scored.parts.parts else 1.0,
            highlight=highlighted(text, wanted) if wanted else None,
            explanation=scored.explained(image_id) if explain else None,
        )

    def _facet(self, name: str, matches: Iterable[str]) -> tuple[tuple[str, int], ...]:
        counted = Counter(value for match in matches for value in _values(name, self._held[match]))
        return commonest(counted)


def _stems_held(living: Iterable[Held]) -> Counter[tuple[str, ...]]:
    """Return how many documents hold each stem."""
    return Counter((stem,) for held in living for stem in {*held.stems, *held.seen})


def _spoken(held: Held) -> list[str]:
    return spoken(" ".join((held.document.text, *held.document.seen)))


def _told(held: Held) -> set[tuple[Kind, str]]:
    traits: tuple[tuple[Kind, str], ...] = (
        ("subject", "subjects"),
        ("colour", "colours"),
        ("action", "actions"),
    )
    found: set[tuple[Kind, str]] = {
        (kind, value) for kind, name in traits for value in _values(name, held)
    }
    return found | {("word", word) for word in _spoken(held)}


def _values(name: str, held: Held) -> set[str]:
    document = held.document
    match name:
        case "subjects":
            return {attribute.subject for attribute in held.attributes}
        case "colours":
            return {colour for attribute in held.attributes for colour in attribute.colours}
        case "actions":
            return {action for attribute in held.attributes for action in attribute.actions}
        case "labels":
            return {label.word for label in document.labels}
        case "state":
            return {document.state.value}
        case _:
            return {document.source.value} if document.source else set()


def _allowed(held: Held, query: Query, words: Words | None) -> bool:
    if held.document.image_id in query.exclude or not _passes(held.document, query.filters):
        return False
    if query.attributes is not None and not has(held, query.attributes):
        return False
    visual = held.vectors.get("visual")
    if visual and any(product(visual, quantised(other)) >= ALIKE for other in query.unlike):
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
        and set(filters.labels) <= {label.word for label in document.labels}
        and (
            filters.created_from is None
            or (created is not None and created >= filters.created_from)
        )
        and (filters.created_to is None or (created is not None and created < filters.created_to))
    )
