"""One way through search: from a query to its answer, whatever engine retrieves."""

import json
from abc import ABC, abstractmethod
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from math import isfinite
from typing import Any, TypeAlias

from chalicelib.attributes.kinds import KINDS, Kind, in_words
from chalicelib.errors import InvalidField
from chalicelib.search.conditions import AllOf, Condition, HasAttribute, Holds
from chalicelib.search.duplicates import MatchPage, alike, collapsed
from chalicelib.search.plan import clause_condition, clauses_in, plan, visible_to
from chalicelib.search.port import Facet, Place, Retrieval, View, caption_in
from chalicelib.search.query import AlikePage, Clause, Hit, Query, Results, Suggestion, Unmet
from chalicelib.search.ranking import EngineOrder, FusedOrder, Order, bound_of, weighed
from chalicelib.search.spelling import edits, last_word, near_words, nearest_of
from chalicelib.search.text import (
    LONGEST_WORD,
    SHORTEST_WORD,
    Phrase,
    QueryText,
    clean,
    highlighted,
    stems,
)

_LOOKED_AT = 40  # words of which the counts are made exact
_TOLD = 10  # values that there are instead of one that there is not
_MAX_CHARS = 2_000
_ALIKE = "alike"  # cursors of groups, which are of no query
_MAX_WEIGHT = 1_000  # more than the idf of any word of any collection


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a page ended.

    Attributes
    ----------
    place
        Of the last match looked at: scores depend on photograph and query alone.
    weights
        The idf of the query's terms as its first page had it: it moves with the collection, and
        scores must not move between pages.
    bound
        The least score of a match, as the first page had it.
    looked
        As of `ranking.FusedOrder`, likewise.
    """

    place: Place
    weights: tuple[int, ...] = ()
    bound: float | None = None
    looked: float | None = None


class Searcher(ABC):
    """The port ``Searching`` on an engine, which only retrieves."""

    @abstractmethod
    def view(self, session: str = "") -> View:
        """Return the index's state for one query.

        Parameters
        ----------
        session
            Queries with the same of it should see the same copy of the index.
        """

    def search(self, query: Query) -> Results:
        """Answer a query; see `port.Searching.search`."""
        planned, anchor = plan(query), decoded(query)
        view = self.view(digest(query))
        weights, lists, others = (anchor.weights, {}, 0) if anchor else weighed(view, planned)
        if len(weights) != len(planned.weighed):
            raise wrong_cursor()
        alone = planned.alone(weights)
        order = (
            EngineOrder(view, planned, alone)
            if alone
            else FusedOrder(view, planned, weights, lists, anchor.looked if anchor else None)
        )
        bound = anchor.bound if anchor else bound_of(planned, order)
        if bound is not None:
            order.cut(bound)
        page = page_of(order, view, anchor.place if anchor else None, query)
        total, facets = order.counted()
        stemmed = planned.text.stems if planned.text else frozenset()
        return Results(
            hits=_hits(order, page, stemmed, explain=query.explain),
            total=total,
            facets=facets,
            cursor=page.last and encoded(query, Anchor(page.last, weights, bound, order.looked)),
            degraded=(*planned.degraded, *_incomparable(others), *view.degraded),
            unmet=() if total or anchor else unmet(view, query, planned.text),
        )

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""
        (found,) = self.view().retrieve([Retrieval(visible_to(owner))])
        return found.total

    def spaces(self, owner: str | None) -> Mapping[str, int]:
        """Return how many photographs have vectors of each space; see `port.Searching.spaces`."""
        asked = Retrieval(visible_to(owner), facets=(Facet("space"),), counts=False)
        (found,) = self.view().retrieve([asked])
        return dict(found.facets["space"])

    def suggest(self, owner: str | None, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what a beginning may become; see `port.Searching.suggest`."""
        start = last_word(clean(prefix))
        if not 1 <= len(start) <= LONGEST_WORD:
            return ()
        view, among = self.view(), visible_to(owner)
        facets = (*(Facet(kind.plural, start) for kind in KINDS), Facet("words", start, _LOOKED_AT))
        (found,) = view.retrieve([Retrieval(among, facets=facets, counts=False)])
        told = [
            Suggestion(kind.name, value, count)
            for kind in KINDS
            for value, count in found.facets[kind.plural]
        ]
        values = {one.value for one in told}
        words = (word for word, _ in found.facets["words"] if _is_telling(word, values))
        told += (
            Suggestion("word", word, count)
            for word, count in _counts(view, among, words).items()
            if count
        )
        return tuple(sorted(told, key=lambda one: (-one.count, one.value, one.kind))[:limit])

    def alike(self, owner: str | None, cursor: str | None, limit: int) -> AlikePage:
        """Return groups of near duplicates; see `port.Searching.alike`."""
        found = alike(self.view(), visible_to(owner), _begun(cursor), limit)
        groups = tuple(map(tuple, found.groups))
        return AlikePage(groups, found.examined, found.last and opaque([_ALIKE, *found.last]))

    def nearest(
        self, owner: str | None, words: Sequence[str], others: Sequence[str] = ()
    ) -> Mapping[str, str]:
        """Return what unknown words may have been meant as; see `port.Searching.nearest`."""
        view, among = self.view(), visible_to(owner)
        held = _counts(view, among, (word for word in words if stems(word) and edits(word)))
        corrections = {
            word: _correction(view, among, word) or nearest_of(word, others)
            for word, count in held.items()
            if not count
        }
        return {word: other for word, other in corrections.items() if other}


def _incomparable(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"vectors: {count} photographs are not compared until they are captioned again",)


def _hits(
    order: Order, page: MatchPage, stemmed: frozenset[str], *, explain: bool
) -> tuple[Hit, ...]:
    stored = order.stored(page.places)
    told = order.explained(page.places) if explain else {}
    return tuple(
        Hit(
            image_id=stored[key].image_id,
            score=score,
            highlight=highlighted(caption_in(stored[key].text), stemmed) if stemmed else None,
            explanation=told.get(key, ()) if explain else None,
        )
        for (_, key), score in zip(page.places, order.scores(page.places), strict=True)
        if key in stored
    )


def _is_telling(word: str, values: set[str]) -> bool:
    """Return whether a word is suggested: it is none of an attribute's, and long enough."""
    return word not in values and len(word) >= SHORTEST_WORD and word.isalpha()


def _counts(view: View, among: Condition, words: Iterable[str]) -> dict[str, int]:
    """Return how many photographs hold each word in any of its forms."""
    asked = list(words)
    conditions = (AllOf((among, Holds(stems(word)))) for word in asked)
    found = view.retrieve([Retrieval(condition) for condition in conditions]) if asked else ()
    return {word: one.total for word, one in zip(asked, found, strict=True)}


def _correction(view: View, among: Condition, word: str) -> str | None:
    """Return the known word with the fewest edits from one, of equals the commonest."""
    near = near_words(word, view.words_like(among, word, edits(word)))
    counts = _counts(view, among, [other for _, other in near])
    # A word that finds nothing is not known after all.
    found = ((apart, -counts[other], other) for apart, other in near if counts[other])
    return min(found, default=(0, 0, None))[2]


# Why nothing was found ----------------------------------------------------------------------------


Asked: TypeAlias = Phrase | tuple[Kind, str] | Clause


def unmet(view: View, query: Query, text: QueryText | None) -> tuple[Unmet, ...]:
    """Return what of a query without matches no photograph of the owner's has."""
    asked: dict[Asked, Condition] = {}
    for phrase in text.required if text else ():
        asked[phrase] = Holds(phrase.stems)
    for clause in clauses_in(query.attributes):
        for kind in KINDS:
            for word in kind.normalised(clause):
                asked[kind, word] = HasAttribute(((kind.name, kind.kin(word)),))
        asked[clause] = clause_condition(clause)
    among = visible_to(query.owner)
    had = view.retrieve([Retrieval(AllOf((among, one))) for one in asked.values()]) if asked else ()
    missing = [one for one, found in zip(asked, had, strict=True) if not found.total]
    kinds = [one[0] for one in missing if isinstance(one, tuple)]
    known = _commonest(view, among, kinds)
    return tuple(_unmet(one, known) for one in missing if not (kinds and isinstance(one, Clause)))


def _unmet(one: Asked, known: Mapping[str, tuple[str, ...]]) -> Unmet:
    match one:
        case Phrase(raw=raw):
            return Unmet("phrase", raw)
        case Clause():
            return Unmet("clause", in_words(one))
        case (kind, word):
            return Unmet(kind.name, word, known[kind.name])


def _commonest(view: View, among: Condition, kinds: Sequence[Kind]) -> dict[str, tuple[str, ...]]:
    facets = tuple(Facet(kind.plural, size=_TOLD) for kind in dict.fromkeys(kinds))
    if not facets:
        return {}
    (found,) = view.retrieve([Retrieval(among, facets=facets, counts=False)])
    return {
        kind.name: tuple(value for value, _ in found.facets[kind.plural])
        for kind in dict.fromkeys(kinds)
    }


# Pages ------------------------------------------------------------------------------------------


def page_of(order: Order, view: View, after: Place | None, query: Query) -> MatchPage:
    """Return the next matches of a query."""
    if query.collapse is not None:
        return collapsed(order, view, after, query.limit)
    found = order.walk(after, query.limit + 1)
    places = found[: query.limit]
    return MatchPage(places, places[-1] if len(found) > query.limit else None)


def encoded(query: Query, anchor: Anchor) -> str:
    """Return the opaque cursor that continues ``query`` after ``anchor``."""
    content: list[object] = [*anchor.place, list(anchor.weights), anchor.bound, anchor.looked]
    return opaque([_checksum(query, content), *content])


def decoded(query: Query) -> Anchor | None:
    """Return where ``query`` goes on, None for its first page.

    Raises
    ------
    InvalidField
        The cursor is damaged, forged, or of another query.
    """
    if query.cursor is None:
        return None
    try:
        if len(query.cursor) > _MAX_CHARS:
            raise ValueError
        checksum, *content = transparent(query.cursor)
        score, key, weights, *bounds = content
        bound, looked = (None if one is None else float(one) for one in bounds)
        if checksum != _checksum(query, content) or not _are_weights(weights):
            raise ValueError
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise wrong_cursor() from error
    return Anchor((float(score), int(key)), tuple(weights), bound, looked)


def _begun(cursor: str | None) -> Place | None:
    """Return where a page of `Searcher.alike` begins; None at the beginning."""
    if cursor is None:
        return None
    try:
        kind, score, key = transparent(cursor)
        place = float(score), int(key)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise wrong_cursor() from error
    if kind != _ALIKE or not isfinite(place[0]):
        raise wrong_cursor()
    return place


def opaque(content: object) -> str:
    """Return what JSON can hold as letters, digits, ``-`` and ``_``."""
    packed = json.dumps(content, separators=(",", ":"))
    return urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def transparent(text: str) -> Any:
    """Return what `opaque` was given.

    Raises
    ------
    ValueError, RecursionError
        The text is none of its.
    """
    return json.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))


def wrong_cursor() -> InvalidField:
    """Return the error of a cursor that belongs elsewhere."""
    return InvalidField("cursor", "is not one that this query returned")


def _are_weights(weights: object) -> bool:
    return isinstance(weights, list) and all(
        isinstance(weight, int) and 0 < weight <= _MAX_WEIGHT for weight in weights
    )


def _checksum(query: Query, content: list[object]) -> str:
    """Return a digest of the page's place and of all that decides which hits there are.

    It keeps honest mistakes apart; a cursor gives no access that its query would not have.
    """
    return sha256(f"{digest(query)}{content!r}".encode()).hexdigest()[:20]


def digest(query: Query) -> str:
    """Return what a query and its further pages have in common."""
    asked = replace(query, cursor=None, limit=1, explain=False, facets=())
    return sha256(f"{asked!r}".encode("utf-8", "replace")).hexdigest()[:20]
