"""OpenSearch as far as indexes are built, exchanged and written to; queries are not simulated.

What is searched is the documents of the live index, by the revisions that it holds.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opensearchpy.exceptions import ConnectionTimeout, NotFoundError, RequestError, TransportError

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.opensearch import OpenSearchIndex
from chalicelib.search.port import Document, View, key_of
from tests.simulation.scheduler import Scheduler
from tests.simulation.services import Service

Held = dict[str, tuple[int, bool]]
_CREATED, _CONFLICT, _THROTTLED = 201, 409, 429


@dataclass
class Index:
    """An index: revisions of documents and whether they are removals, those found and all."""

    aliases: set[str] = field(default_factory=set)
    meta: Mapping[str, str] = field(default_factory=dict)
    held: Held = field(default_factory=dict)
    found: Held = field(default_factory=dict)
    is_refreshed: bool = False

    def refresh(self) -> None:
        """Let all that it holds be found."""
        self.found = dict(self.held)


class Cluster(Service):
    """The cluster's indexes, by name.

    Rules are those of https://docs.opensearch.org/latest/api-reference/index-apis/alias/ and
    https://docs.opensearch.org/latest/api-reference/document-apis/bulk/.
    """

    name = "index"

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.indexes: dict[str, Index] = {}

    def refusal(self, operation: str, is_done: bool) -> Exception:
        """Return what the client raises, which tries nothing again."""
        if is_done:
            return ConnectionTimeout("TIMEOUT", operation, None)
        return TransportError(_THROTTLED, "es_rejected_execution_exception", {})

    # Indexes -------------------------------------------------------------------------------------

    def create(self, index: str, body: Any) -> None:
        if index in self.indexes:
            raise RequestError(400, "resource_already_exists_exception", {})
        self.indexes[index] = Index(set(body["aliases"]), body["mappings"]["_meta"])

    def delete(self, index: str, params: Any) -> None:
        self.indexes.pop(index, None)

    def refresh(self, index: str) -> None:
        self._named(index).refresh()

    def put_settings(self, index: str, body: Any) -> None:
        self._named(index).is_refreshed = body["index"]["refresh_interval"] != "-1"

    def get_mapping(self, index: str) -> Any:
        return {index: {"mappings": {"_meta": self._named(index).meta}}}

    def put_mapping(self, index: str, body: Any) -> None:
        self._named(index).meta = body["_meta"]

    def get_alias(self, index: str) -> Any:
        told: dict[str, Any] = {
            name: {alias: {} for alias in one.aliases} for name, one in self.indexes.items()
        }
        return {name: {"aliases": aliases} for name, aliases in told.items()}

    def update_aliases(self, body: Any) -> None:
        """Do all or nothing."""
        changes = [(kind, told) for action in body["actions"] for kind, told in action.items()]
        for kind, told in changes:
            if kind == "remove" and told["alias"] not in self._named(told["index"]).aliases:
                raise NotFoundError(404, "aliases_not_found_exception", {})
            self._named(told["index"])
        for kind, told in changes:
            aliases = self.indexes[told["index"]].aliases
            (aliases.discard if kind == "remove" else aliases.add)(told["alias"])

    # Documents -----------------------------------------------------------------------------------

    def bulk(self, body: bytes, index: str, params: Any) -> Any:
        """Store documents, each by itself; an index that is not there is made."""
        held = self.indexes.setdefault(index, Index(is_refreshed=True))
        lines = [json.loads(line) for line in body.splitlines()]
        statuses = [
            self._stored(held, action["index"], source)
            for action, source in zip(lines[::2], lines[1::2], strict=True)
        ]
        if held.is_refreshed:
            held.refresh()
        return {"items": [{"index": {"status": status}} for status in statuses]}

    def count(self, index: str) -> Any:
        return {"count": len(self._named(index).found)}

    def search(self, index: str, body: Any, params: Any) -> Any:
        """Return a page of which revisions are held, in the order of their keys."""
        found, query = self.live(index), body["query"]
        wanted = set(query["ids"]["values"]) if "ids" in query else found.keys()
        after = body.get("search_after", [-1])[0]
        names = sorted((n for n in wanted & found.keys() if key_of(n) > after), key=key_of)
        return {"hits": {"hits": [_hit(name, found[name]) for name in names[: body["size"]]]}}

    def live(self, alias: str) -> Held:
        """Return what can be found of the index that an alias stands for."""
        for one in self.indexes.values():
            if alias in one.aliases:
                return one.found
        raise NotFoundError(404, "index_not_found_exception", {})

    def _named(self, index: str) -> Index:
        if index not in self.indexes:
            raise NotFoundError(404, "index_not_found_exception", {})
        return self.indexes[index]

    def _stored(self, index: Index, action: Any, source: Any) -> int:
        name, rev = action["_id"], action["version"]
        if self._scheduler.happens("partial"):
            return _THROTTLED
        if name in index.held and index.held[name][0] >= rev:
            return _CONFLICT
        index.held[name] = (rev, source["deleted"])
        return _CREATED


def _hit(name: str, held: tuple[int, bool]) -> dict[str, Any]:
    rev, is_deleted = held
    return {"_id": name, "_version": rev, "fields": {"deleted": [is_deleted]}}


class SimulatedOpenSearch(OpenSearchIndex):
    """The adapter, whose queries are answered by the embedded engine.

    ``document`` returns what the catalogue had of a photograph at a revision.
    """

    def __init__(
        self, client: Any, document: Callable[[str, int], Document], **options: Any
    ) -> None:
        super().__init__(client, **options)
        self._document = document
        self._loaded: tuple[Held, EmbeddedIndex] = ({}, EmbeddedIndex())

    def view(self, session: str = "") -> View:  # type: ignore[override]
        """Return what the live index holds."""
        try:
            held = self.client.call(self._live)
        except SearchUnavailable as error:
            if isinstance(error.__cause__, NotFoundError):
                self._on_outdated()
            raise
        if held != self._loaded[0]:
            loaded = EmbeddedIndex()
            loaded.apply(self._documents(held))
            self._loaded = dict(held), loaded
        return self._loaded[1]

    def _live(self, client: Any) -> Held:
        found: Held = client.live(self._prefix)
        return found

    def _documents(self, held: Held) -> Sequence[Document]:
        return [self._document(n, rev) for n, (rev, is_deleted) in held.items() if not is_deleted]
