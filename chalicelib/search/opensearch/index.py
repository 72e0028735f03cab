"""The search port on OpenSearch."""

from collections.abc import Callable, Mapping, Sequence

from chalicelib.errors import SearchUnavailable
from chalicelib.names import DOMAIN
from chalicelib.search.conditions import Among, Condition
from chalicelib.search.execution import Searcher
from chalicelib.search.opensearch.aliases import AliasRegistry
from chalicelib.search.opensearch.bulk import Refresh, write
from chalicelib.search.opensearch.client import RETRYABLE, RetryingClient
from chalicelib.search.opensearch.queries import (
    Json,
    held_of,
    look_of,
    query_of,
    retrieved,
    search_of,
    stored_of,
    values_of,
    words_like,
)
from chalicelib.search.opensearch.schema import REFRESH_INTERVAL
from chalicelib.search.port import (
    Document,
    Held,
    Keys,
    Looks,
    Retrieval,
    Retrieved,
    Stored,
    key_of,
    looks_of,
)

_NOT_FOUND = 404
_MISSING = "there is no search index yet: it is built from the catalogue; try again in a minute"


class OpenSearchIndex(Searcher):
    """A `SearchIndex` on OpenSearch.

    Parameters
    ----------
    client
        Of the cluster.
    prefix
        Of all names in the cluster.
    catalogue
        The name of the table that is indexed.
    refresh
        What a write waits for: by default until it can be found.
    on_outdated
        Called where there is no index, or when photographs are shown from one of another release's
        mapping, or of another table: starts a re-index.
    """

    def __init__(
        self,
        client: RetryingClient,
        *,
        prefix: str = DOMAIN,
        catalogue: str = "",
        refresh: Refresh = "wait_for",
        on_outdated: Callable[[], None] = lambda: None,
    ) -> None:
        self.client = client
        self.aliases = AliasRegistry(client, prefix, catalogue)
        self._prefix = prefix
        self._refresh = refresh
        self._on_outdated = on_outdated

    def view(self, session: str = "") -> "IndexView":
        """Return the live index; see `Searcher.view`."""
        return IndexView(
            self.client, self._prefix, session, self.aliases.is_current, self._on_outdated
        )

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; see `SearchIndex.apply`."""
        aliases = self.aliases.read()
        if aliases.live is None:
            raise SearchUnavailable(_MISSING)
        refused = write(self.client, aliases.live, documents, self._refresh)
        if aliases.building is not None:  # nobody searches it, so nothing waits for its refresh
            refused += write(self.client, aliases.building, documents)
        return tuple(dict.fromkeys(refused))

    def size(self, name: str) -> int:
        """Return how many documents an index holds, removals too, of those that can be found."""
        return int(self.client.call(lambda client: client.count(index=name))["count"])

    def held(self, after: str | None, limit: int) -> Sequence[Held]:
        """Return what the live index holds; see `HoldsRevisions.held`."""
        return self._held({"match_all": {}}, limit, after)

    def revisions(self, image_ids: Sequence[str]) -> Mapping[str, int]:
        """Return which revisions the live index holds; see `HoldsRevisions.revisions`."""
        found = self._held({"ids": {"values": [*image_ids]}}, len(image_ids))
        return {held.image_id: held.rev for held in found}

    def _held(self, query: Json, limit: int, after: str | None = None) -> Sequence[Held]:
        body = {
            "query": query,
            "size": limit,
            "sort": [{"key": "asc"}],
            "version": True,
            "_source": False,
            "docvalue_fields": ["deleted"],
            "track_total_hits": False,
            **({"search_after": [key_of(after)]} if after else {}),
        }
        whole = {"allow_partial_search_results": "false"}
        answer = self.client.call(
            lambda client: client.search(index=self._prefix, body=body, params=whole)
        )
        return [held_of(hit) for hit in answer["hits"]["hits"]]

    def refresh(self, name: str) -> None:
        """Let what was written to an index be found, and from now on by itself."""
        interval = {"index": {"refresh_interval": REFRESH_INTERVAL}}
        self.client.call(lambda client: client.indices.put_settings(index=name, body=interval))
        self.client.call(lambda client: client.indices.refresh(index=name))

    def drop(self, name: str) -> None:
        """Delete an index, if it is there."""
        missing = {"ignore_unavailable": "true"}
        self.client.call(lambda client: client.indices.delete(index=name, params=dict(missing)))


class IndexView:
    """The port's ``View``: searches of the live index, all of them answered wholly or none.

    Parameters
    ----------
    index
        The live index's alias.
    session
        Searches with the same one see the same copy: copies that were refreshed at other moments
        hold other documents.
    is_current, on_outdated
        Whether an index is as this release makes it; called where it is not, or there is none.
    """

    degraded: tuple[str, ...] = ()

    def __init__(
        self,
        client: RetryingClient,
        index: str,
        session: str,
        is_current: Callable[[str], bool],
        on_outdated: Callable[[], None],
    ) -> None:
        self._client = client
        self._index = index
        self._is_current = is_current
        self._on_outdated = on_outdated
        # A shard that does not answer fails the search: half an answer would look like a whole.
        self._header: Json = {"allow_partial_search_results": False} | (
            {"preference": session} if session else {}
        )

    def retrieve(self, asked: Sequence[Retrieval]) -> Sequence[Retrieved]:
        """Answer several questions at once; see `View.retrieve`."""
        answers = self._search([search_of(one) for one in asked])
        for one, answer in zip(asked, answers, strict=True):
            if one.stored:
                self._check_release(answer["hits"]["hits"])
        return [retrieved(one, answer) for one, answer in zip(asked, answers, strict=True)]

    def stored(self, keys: Sequence[int], *, visual: bool = False) -> Mapping[int, Stored]:
        """Return what is shown of photographs; see `View.stored`."""
        fields = ["key", "likeness", "space"] if visual else ["key"]
        body = {
            "query": query_of(Among(tuple(keys))),
            "size": len(keys),
            "docvalue_fields": fields,
            "track_total_hits": False,
        }
        hits = self._search([body])[0]["hits"]["hits"]
        self._check_release(hits)
        return {hit["fields"]["key"][0]: stored_of(hit) for hit in hits}

    def looks(self, keys: Keys, space: str | None) -> Looks:
        """Return visual vectors; see `View.looks`."""
        if not len(keys):
            return looks_of({}, keys, space)
        body = {
            "query": query_of(Among(tuple(keys.tolist()))),
            "size": len(keys),
            "docvalue_fields": ["key", "likeness", "space"],
            "_source": False,
            "stored_fields": "_none_",
            "track_total_hits": False,
        }
        hits = self._search([body])[0]["hits"]["hits"]
        return looks_of({hit["fields"]["key"][0]: look_of(hit) for hit in hits}, keys, space)

    def words_like(self, among: Condition, word: str, edits: int) -> Sequence[str]:
        """Return words that may be so many edits from one; see `View.words_like`."""
        (answer,) = self._search([words_like(among, word, edits)])
        return [value for value, _ in values_of(answer, "words")]

    def _check_release(self, hits: Sequence[Json]) -> None:
        if not all(self._is_current(hit["_index"]) for hit in hits):
            self._on_outdated()

    def _search(self, bodies: Sequence[Json]) -> list[Json]:
        if not bodies:
            return []
        lines = [line for body in bodies for line in (self._header, body)]
        answer = self._client.call(lambda client: client.msearch(body=lines, index=self._index))
        return [self._checked(one) for one in answer["responses"]]

    def _checked(self, answer: Json) -> Json:
        """Return a search's answer.

        Raises
        ------
        SearchUnavailable
            There is no index, or the search failed.
        """
        if "error" not in answer:
            return answer
        status = int(answer["status"])
        if status == _NOT_FOUND:
            self._on_outdated()
            raise SearchUnavailable(_MISSING)
        kind = answer["error"].get("type", "error")
        retry = "; try again" if status in RETRYABLE else ""
        raise SearchUnavailable(f"the search engine failed: {kind} {status}{retry}")
