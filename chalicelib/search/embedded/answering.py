"""From a query to its answer, on one generation of the embedded index."""

from collections.abc import Mapping, Sequence
from functools import cache

import apsw

from chalicelib.search.asking import Asked, commonest
from chalicelib.search.chosen import ALIKE
from chalicelib.search.cursor import TRAIL, Anchor, encoded
from chalicelib.search.embedded.bits import below, flags, members
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.matching import Matching
from chalicelib.search.embedded.orders import Order, Place
from chalicelib.search.embedded.ranking import Ranking
from chalicelib.search.highlight import highlighted
from chalicelib.search.paging import Page, Walk, collapsed, plain
from chalicelib.search.query import Hit, Query, Results
from chalicelib.search.relevance import bound_of
from chalicelib.search.vectors import quantised

_TRAITS = {"subjects": "subject", "colours": "colour", "actions": "action", "labels": "label"}


class Answering:
    """Answers one query.

    Parameters
    ----------
    connection
        In a transaction.
    lineage
        Names the index whose copies number documents alike.
    asked
        The query's parts.
    anchor
        Where its last page ended, None for the first.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        columns: Columns,
        lineage: str,
        *,
        query: Query,
        asked: Asked,
        anchor: Anchor | None,
    ) -> None:
        self._connection = connection
        self._columns = columns
        self._lineage = lineage
        self._query = query
        self._asked = asked
        self._anchor = anchor

    def results(self) -> Results:
        """Return the answer."""
        query, anchor = self._query, self._anchor
        matching = cache(lambda: Matching(self._connection, self._columns))
        frozen = anchor.weights if anchor else ()
        ranking = Ranking(self._asked, self._columns, matching, frozen)
        found = ranking.order(self._among())
        bound = anchor.bound if anchor else bound_of(query, self._asked, found.best())
        if bound is not None:
            found = found.reaching(bound)
        page = self._page(found)
        return Results(
            hits=self._hits(page.matches, found),
            total=found.matches.bit_count(),
            facets=self._facets(found.matches),
            cursor=self._cursor(page, ranking.weights, bound),
            degraded=self._asked.degraded,
        )

    def _among(self) -> int:
        """Return the documents for which everything holds but the text."""
        columns, query = self._columns, self._query
        found = owned(columns, query.owner) & self._filtered()
        for image_id in query.exclude:
            found &= ~(1 << self._doc(image_id))
        for vector in query.unlike:
            found &= ~columns.visual.products(quantised(vector)).at_least(ALIKE)
        if query.attributes is not None:
            found &= columns.traits.matching(query.attributes, below(columns.size))
        if self._anchor is not None and self._anchor.lineage == self._lineage:
            found &= below(self._anchor.newest + 1)
        return found

    def _filtered(self) -> int:
        columns, filters = self._columns, self._query.filters
        found = below(columns.size)
        if filters.states:
            found &= _any(columns, "state", [state.value for state in filters.states])
        if filters.sources:
            found &= _any(columns, "source", [source.value for source in filters.sources])
        for label in filters.labels:
            found &= columns.traits.having("label", label)
        if filters.created_from is not None or filters.created_to is not None:
            found &= columns.created(filters.created_from, filters.created_to)
        return found

    def _page(self, found: Order) -> Page[Place, Place]:
        after, limit = self._after(found), self._query.limit
        rows = self._columns.visual
        walk = Walk(found.after, place=lambda place: place, likeness=lambda at: rows.row(at[1]))
        if self._query.collapse is None:
            return plain(walk, after, limit)
        earlier = () if after is None else map(rows.row, members(found.until(after)))
        return collapsed(walk, after, limit, (row for row in earlier if row is not None))

    def _after(self, found: Order) -> Place | None:
        """Return where the last page ended.

        Scores stand, by the weights that the cursor brings; only another index numbers its
        documents otherwise, and there the first of the last hits that still matches says it.
        """
        anchor = self._anchor
        if anchor is None:
            return None
        docs = [self._doc(image_id) for image_id in anchor.trail]
        if anchor.lineage == self._lineage:
            return (-anchor.score, docs[0])
        standing = (found.place_of(doc) for doc in docs)
        return next((place for place in standing if place), (-anchor.score, docs[0]))

    def _cursor(
        self, page: Page[Place, Place], weights: tuple[int, ...], bound: float | None
    ) -> str | None:
        if page.last is None:
            return None
        docs = [page.last[1], *(doc for _, doc in page.matches[::-1] if doc != page.last[1])]
        newest = self._columns.size - 1
        if self._anchor is not None and self._anchor.lineage == self._lineage:
            newest = self._anchor.newest
        return encoded(
            self._query,
            Anchor(
                trail=tuple(self._stored(doc)[0] for doc in docs[:TRAIL]),
                score=-page.last[0],
                lineage=self._lineage,
                newest=newest,
                weights=weights,
                bound=bound,
            ),
        )

    def _doc(self, image_id: str) -> int:
        """Return the number of a document, 0 (which none has) where it is unknown."""
        statement = "SELECT doc FROM document WHERE image_id = ?"
        row = self._connection.execute(statement, (image_id,)).fetchone()
        return 0 if row is None else int(row[0])

    def _stored(self, doc: int) -> tuple[str, str]:
        statement = "SELECT image_id, text FROM document WHERE doc = ?"
        image_id, text = self._connection.execute(statement, (doc,)).fetchall()[0]
        return str(image_id), str(text)

    def _hits(self, places: Sequence[Place], found: Order) -> tuple[Hit, ...]:
        stems = self._asked.words.stems if self._asked.words else set()
        hits = []
        for place in places:
            image_id, text = self._stored(place[1])
            hits.append(
                Hit(
                    image_id=image_id,
                    score=found.shown(place),
                    highlight=highlighted(text, stems) if stems else None,
                    explanation=found.explained(place[1]) if self._query.explain else None,
                )
            )
        return tuple(hits)

    def _facets(self, matches: int) -> Mapping[str, tuple[tuple[str, int], ...]]:
        columns, names = self._columns, self._query.facets
        if not names:
            return {}
        chosen = flags(matches, columns.size)
        counts: dict[str, Mapping[str, int]] = {}
        for name in names:
            if name in _TRAITS:
                counts[name] = columns.traits.counts(_TRAITS[name], matches, chosen)
            else:
                having = columns.values(name)
                counts[name] = {key: (docs & matches).bit_count() for key, docs in having.items()}
        return {name: commonest(found) for name, found in counts.items()}


def owned(columns: Columns, owner: str | None) -> int:
    """Return the living documents of an owner, or everyone's."""
    return columns.alive if owner is None else columns.having("owner", owner)


def _any(columns: Columns, kind: str, values: Sequence[str]) -> int:
    found = 0
    for value in values:
        found |= columns.having(kind, value)
    return found
