"""Writing many documents, each of which may fail by itself.

Writing twice changes nothing, so whatever is in doubt is written again.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Self

from chalicelib.errors import SearchUnavailable
from chalicelib.search.opensearch.client import RetryingClient
from chalicelib.search.opensearch.documents import source_of
from chalicelib.search.port import Document

BATCH = 500  # documents of a request: about a megabyte and a half with two vectors each
# The smallest nodes of Amazon OpenSearch Service take requests of 10 MiB ("Network quotas",
# https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html).
MAX_BYTES = 8_000_000
_MALFORMED, _CONFLICT = 400, 409

Refresh = Literal["true", "wait_for", "false"]

_logger = logging.getLogger(__name__)
_json = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Item:
    """One document of a bulk request."""

    image_id: str
    lines: bytes

    @classmethod
    def of(cls, document: Document) -> Self:
        # External versions: a document of the same revision or a newer one is kept.
        version = {"version": document.rev, "version_type": "external"}
        action = {"index": {"_id": document.image_id, **version}}
        lines = (_json(line) for line in (action, source_of(document)))
        return cls(document.image_id, "".join(f"{line}\n" for line in lines).encode())


def write(
    client: RetryingClient, index: str, documents: Sequence[Document], refresh: Refresh = "false"
) -> tuple[str, ...]:
    """Write documents to an index in requests of at most ``BATCH`` and ``MAX_BYTES``.

    Returns
    -------
    tuple[str, ...]
        Ids of those that can never be written, as they are.

    Raises
    ------
    SearchUnavailable
        Not all of the others were written at any try.
    """
    items, refused = _items(documents)
    for batch in _batches(items):
        refused += _send(client, index, batch, refresh)
    return tuple(refused)


def _items(documents: Sequence[Document]) -> tuple[list[_Item], list[str]]:
    """Return what can be written, and the ids of malformed documents."""
    items: list[_Item] = []
    refused: list[str] = []
    for document in documents:
        try:
            items.append(_Item.of(document))
        except ValueError as error:
            _logger.error("document %s is malformed: %s", document.image_id, error)
            refused.append(document.image_id)
    return items, refused


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    start, size = 0, 0
    for at, item in enumerate(items):
        if at - start == BATCH or size + len(item.lines) > MAX_BYTES:
            yield items[start:at]
            start, size = at, 0
        size += len(item.lines)
    if start < len(items):
        yield items[start:]


def _send(
    client: RetryingClient, index: str, batch: Sequence[_Item], refresh: Refresh
) -> list[str]:
    """Write a batch, retrying what the engine had no room for; return what it refused."""
    refused: list[str] = []
    left = list(batch)
    for failures in range(1, client.back_off.tries + 1):
        answered = list(zip(left, _statuses(client, index, left, refresh), strict=True))
        refused += (item.image_id for item, status in answered if status == _MALFORMED)
        left = [item for item, status in answered if not _is_settled(status)]
        if not left:
            break
        _logger.warning("OpenSearch did not take %d of %d writes", len(left), len(batch))
        if failures < client.back_off.tries:
            client.back_off.wait(failures)
    if refused:
        _logger.error("the search engine refused the documents %s", ", ".join(refused))
    if left:
        raise SearchUnavailable(f"the search engine did not take {len(left)} documents")
    return refused


def _statuses(
    client: RetryingClient, index: str, items: Sequence[_Item], refresh: Refresh
) -> list[int]:
    body = b"".join(item.lines for item in items)
    answer = client.call(
        lambda client: client.bulk(body=body, index=index, params={"refresh": refresh})
    )
    return [int(answered["index"]["status"]) for answered in answer["items"]]


def _is_settled(status: int) -> bool:
    """Tell whether another try would change nothing.

    A block of the index (403), or its absence (404), is no fault of the document's. A conflict:
    the index holds this revision or a newer one, as it should.
    """
    return status < 300 or status in {_CONFLICT, _MALFORMED}
