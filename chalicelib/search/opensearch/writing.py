"""Many documents at once, each with a fate of its own."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.errors import SearchUnavailable
from chalicelib.search.opensearch.calls import PASSING, Calls
from chalicelib.search.opensearch.documents import source_of
from chalicelib.search.opensearch.flavour import Flavour
from chalicelib.search.port import Document

BATCH = 500  # about a megabyte and a half with two vectors each
_CONFLICT = 409

Refresh = Literal["true", "wait_for", "false"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a write, where it did not simply succeed.

    Attributes
    ----------
    refused
        Ids of what can never be written as it is.
    put_off
        Ids of what the engine had no room for, again and again.
    """

    refused: tuple[str, ...] = ()
    put_off: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[str, ...]:
        """Return all ids, each once."""
        return tuple(dict.fromkeys(self.refused + self.put_off))


@dataclass(frozen=True, slots=True)
class _Item:
    """One document on its way into an index."""

    image_id: str
    rev: int
    source: Mapping[str, Any]

    @property
    def lines(self) -> Iterator[Mapping[str, Any]]:
        # External versions: what is held with this revision or a newer one stays.
        yield {"index": {"_id": self.image_id, "version": self.rev, "version_type": "external"}}
        yield self.source


class Writer:
    """Writes documents into indexes, in requests of ``BATCH``.

    Writing twice what was written changes nothing, so every doubt is settled by another try.
    """

    def __init__(self, calls: Calls, flavour: Flavour) -> None:
        self._calls = calls
        self._flavour = flavour

    def write(
        self, indexes: Sequence[str], documents: Sequence[Document], refresh: Refresh
    ) -> Outcome:
        """Write every document to every index.

        Raises
        ------
        SearchUnavailable
            Nothing was written.
        """
        items, refused = self._items(documents)
        put_off: list[str] = []
        written = False
        for index in indexes:
            for start in range(0, len(items), BATCH):
                batch = items[start : start + BATCH]
                try:
                    wrong, left = self._send(index, batch, refresh)
                except SearchUnavailable:
                    if not written:
                        raise
                    put_off += (item.image_id for item in items[start:])
                    break
                written = True
                refused += wrong
                put_off += left
        return Outcome(tuple(dict.fromkeys(refused)), tuple(dict.fromkeys(put_off)))

    def _items(self, documents: Sequence[Document]) -> tuple[list[_Item], list[str]]:
        items: list[_Item] = []
        refused: list[str] = []
        for document in documents:
            try:
                source = source_of(document, vectors=self._flavour.vectors)
            except ValueError as error:
                _logger.error("document %s refused: %s", document.image_id, error)
                refused.append(document.image_id)
            else:
                items.append(_Item(document.image_id, document.rev, source))
        return items, refused

    def _send(
        self, index: str, batch: Sequence[_Item], refresh: Refresh
    ) -> tuple[list[str], list[str]]:
        """Write a batch; return the ids that were refused, and those put off to the last.

        Raises
        ------
        SearchUnavailable
            The engine put everything off, or did not answer.
        """
        refused: list[str] = []
        left = list(batch)
        for failures in range(1, self._calls.pauses.tries + 1):
            told = list(zip(left, self._statuses(index, left, refresh), strict=True))
            refused += (item.image_id for item, status in told if _is_refused(status))
            left = [item for item, status in told if status in PASSING]
            if not left:
                break
            _logger.warning("OpenSearch put off %d of %d writes", len(left), len(batch))
            if failures < self._calls.pauses.tries:
                self._calls.pauses.wait(failures)
        if len(left) == len(batch):
            raise SearchUnavailable("the search engine put every write off")
        if refused:
            _logger.error("the search engine refused the documents %s", ", ".join(refused))
        return refused, [item.image_id for item in left]

    def _statuses(self, index: str, items: Sequence[_Item], refresh: Refresh) -> list[int]:
        body = [line for item in items for line in item.lines]
        params = {"refresh": refresh} if self._flavour.refreshed else {}
        answer = self._calls.make(
            lambda client: client.bulk(body=body, index=index, params=dict(params))
        )
        return [int(told["index"]["status"]) for told in answer["items"]]


def _is_refused(status: int) -> bool:
    # A conflict means that what is held is as new or newer: all is well.
    return status >= 300 and status != _CONFLICT and status not in PASSING
