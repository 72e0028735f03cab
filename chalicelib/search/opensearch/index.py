"""The search port on OpenSearch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from chalicelib.errors import SearchUnavailable
from chalicelib.search.asking import Asked, asked
from chalicelib.search.checking import check
from chalicelib.search.cursor import TRAIL, Anchor, decoded, encoded
from chalicelib.search.highlight import highlighted
from chalicelib.search.opensearch.asking import Searches
from chalicelib.search.opensearch.calls import Calls, unavailable
from chalicelib.search.opensearch.conditions import conditions, owned
from chalicelib.search.opensearch.flavour import DOMAIN, Flavour
from chalicelib.search.opensearch.listed import Listed
from chalicelib.search.opensearch.ranking import ByWords, Newest, Order, Ranked
from chalicelib.search.opensearch.register import Places, Register
from chalicelib.search.opensearch.schema import VERSION, definition, template
from chalicelib.search.opensearch.writing import Outcome, Refresh, Writer
from chalicelib.search.port import Document
from chalicelib.search.query import Hit, Query, Results

Json = Mapping[str, Any]

PREFIX = "image-repo"


class OpenSearchIndex:
    """A `SearchIndex` on OpenSearch, and what an exchange of its index needs.

    Parameters
    ----------
    calls
        Of a client.
    register
        Which index is live.
    flavour
        What the service can do.
    prefix
        Of all names in the cluster.
    refresh
        What a write waits for: by default until it is searchable.
    """

    def __init__(
        self,
        calls: Calls,
        register: Register,
        *,
        flavour: Flavour = DOMAIN,
        prefix: str = PREFIX,
        refresh: Refresh = "wait_for",
    ) -> None:
        self.register = register
        self._calls = calls
        self._flavour = flavour
        self._prefix = prefix
        self._refresh = refresh
        self._searches = Searches(calls, register)
        self._writer = Writer(calls, flavour)

    def search(self, query: Query) -> Results:
        """Answer a query; see `Searching.search`."""
        check(query)
        parts = asked(query)
        anchor = decoded(query)
        found = self._order(query, parts).page(anchor, query.limit + 1)
        return Results(
            hits=_hits(found, query, parts),
            total=found.total,
            facets=found.facets,
            cursor=_cursor(query, found),
            degraded=parts.degraded,
        )

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""
        return self._searches.count({"bool": {"filter": owned(owner)}})

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; see `SearchIndex.apply`."""
        places = self.register.read()
        if places.live is None:
            raise SearchUnavailable("there is no search index to write to")
        return self.write(places.written, documents, self._refresh).failed

    def write(
        self, indexes: Sequence[str], documents: Sequence[Document], refresh: Refresh = "false"
    ) -> Outcome:
        """Write to named indexes; see `Writer.write`."""
        try:
            return self._writer.write(indexes, documents, refresh)
        except OpenSearchException as error:
            raise unavailable(error) from error

    def prepare(self) -> None:
        """Make an empty index live where there is none."""
        places = self.register.read()
        if places.live is None:
            self.register.write(Places(live=self.begin(places).building))

    def begin(self, places: Places) -> Places:
        """Make another index and register it as being built; what was built before is dropped.

        Raises
        ------
        SearchUnavailable
            Another began at the same time.
        """
        shape = definition(self._flavour)
        try:
            if self._flavour.templates:
                self._tell_template()
            if places.building is not None:
                self.register.write(replace(places, building=None))
                self.drop(places.building)
            return self.register.begin(replace(places, building=None), shape)
        except OpenSearchException as error:
            raise unavailable(error) from error

    def is_current(self, name: str) -> bool:
        """Tell whether an index has the fields of this version."""
        told = self._managed(lambda client: client.indices.get_mapping(index=name))
        held: Json = told[name]["mappings"]
        return bool(held.get("_meta", {}).get("version") == VERSION)

    def refresh(self, name: str) -> None:
        """Let everything written to an index be found."""
        if self._flavour.refreshed:
            self._managed(lambda client: client.indices.refresh(index=name))

    def drop(self, name: str) -> None:
        """Delete an index, if it is there."""
        missing = {"ignore_unavailable": "true"}
        self._managed(lambda client: client.indices.delete(index=name, params=dict(missing)))

    def _tell_template(self) -> None:
        # For an index that somebody makes by hand, or that a write to a lost one makes.
        shape = template(self._prefix, self._flavour)
        self._managed(
            lambda client: client.indices.put_index_template(name=self._prefix, body=shape)
        )

    def _managed(self, call: Callable[[OpenSearch], Any]) -> Any:
        try:
            return self._calls.make(call)
        except OpenSearchException as error:
            raise unavailable(error) from error

    def _order(self, query: Query, parts: Asked) -> Order:
        among = conditions(query, parts.words)
        alike = sha256(repr(replace(query, cursor=None)).encode("utf-8", "replace")).hexdigest()
        if parts.vectors:
            return Listed(self._searches, query, parts, among, alike)
        if parts.words is not None and parts.ranks_words:
            return ByWords(self._searches, query, parts.words, among, alike)
        return Newest(self._searches, query, among, alike)


def _hits(found: Ranked, query: Query, parts: Asked) -> tuple[Hit, ...]:
    ranked = parts.words.ranked if parts.words else ()
    stems = {stem for run in ranked for stem in run.stems}
    return tuple(
        Hit(
            image_id=image_id,
            score=-negative if parts.parts else 1.0,
            highlight=highlighted(found.texts.get(image_id, ""), stems) if stems else None,
            explanation=found.explanations.get(image_id, ()) if query.explain else None,
        )
        for negative, image_id in found.places[: query.limit]
    )


def _cursor(query: Query, found: Ranked) -> str | None:
    if len(found.places) <= query.limit:
        return None
    last = found.places[max(0, query.limit - TRAIL) : query.limit][::-1]
    return encoded(query, Anchor(tuple(i for _, i in last), -last[0][0], "opensearch", 0))
