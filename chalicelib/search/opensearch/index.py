"""The search port on OpenSearch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from chalicelib.errors import SearchUnavailable
from chalicelib.search.opensearch.answering import Answering
from chalicelib.search.opensearch.asking import Searches
from chalicelib.search.opensearch.calls import Calls, unavailable
from chalicelib.search.opensearch.completing import Completing
from chalicelib.search.opensearch.conditions import owned
from chalicelib.search.opensearch.flavour import DOMAIN, Flavour
from chalicelib.search.opensearch.register import Places, Register
from chalicelib.search.opensearch.schema import REFRESH, VERSION, definition, template
from chalicelib.search.opensearch.writing import Outcome, Refresh, Writer
from chalicelib.search.port import Document
from chalicelib.search.query import Query, Results
from chalicelib.search.suggestions import Suggestion

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
        return Answering(self._searches, query, self._flavour).results()

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""
        return self._searches.count({"bool": {"filter": owned(owner)}})

    def suggest(self, owner: str | None, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what a beginning may become; see `Searching.suggest`."""
        return Completing(self._searches, owner).suggestions(prefix, limit)

    def nearest(self, owner: str | None, words: Sequence[str]) -> Mapping[str, str]:
        """Return what unknown words may have been meant as; see `Searching.nearest`."""
        return Completing(self._searches, owner).nearest(words)

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; see `SearchIndex.apply`."""
        places = self.register.read()
        if places.live is None:
            raise SearchUnavailable("there is no search index to write to")
        failed: list[str] = []
        if places.live is not None:
            failed += self.write((places.live,), documents, self._refresh).failed
        if places.building is not None:  # which is not searched, so that nothing waits for it
            failed += self.write((places.building,), documents).failed
        return tuple(dict.fromkeys(failed))

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
            begun = self.begin(places)
            self.settle(str(begun.building))
            self.register.write(Places(live=begun.building))

    def begin(self, places: Places) -> Places:
        """Make another index and register it as being built; what was built before is dropped.

        Raises
        ------
        SearchUnavailable
            Another began at the same time.
        """
        shape = definition(self._flavour, refreshed=not self._flavour.refreshed)
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

    def settle(self, name: str) -> None:
        """Let what was written to an index be found, and from now on by itself."""
        if self._flavour.refreshed:
            often = {"index": {"refresh_interval": REFRESH}}
            self._managed(lambda client: client.indices.put_settings(index=name, body=often))
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
