"""What each route reads and writes of the catalogue's tables, at any number of photographs.

``python -m benchmarks.routes`` prints the table of docs/operations.md: a calculation from the bytes
of records that the code itself makes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final

from benchmarks.search.corpus import captions
from chalicelib.api.queries import SearchParameters
from chalicelib.api.requests import Listing, RebuildRequest
from chalicelib.catalogue.counts import COUNTED, PARTS, counter_of, number
from chalicelib.catalogue.dynamodb import item_of
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import MAX_ALTERNATIVES, Counted, Entry, Image, ModelRun, Prepared
from chalicelib.names import COUNTS_KEY, IMAGES_INDEXES, IMAGES_KEY
from chalicelib.transitions import captioned_by_model, pending

SIZES: Final = (100_000, 1_000_000)
OWNERS: Final = 100  # assumed, for what an administrator reads
LABELS: Final = 8  # assumed
TOKENS, TOKEN_BYTES = 100, 300  # assumed
# An average in single-digit milliseconds for most operations on one item:
# https://repost.aws/knowledge-center/dynamodb-high-latency
CALL_MS: Final = 10
PAGE_MS: Final = 50  # assumed for a page of a scan, which is 1 MB:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
PAGE: Final = 1 << 20
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
READ_UNIT, WRITE_UNIT = 4_096, 1_024
# Storage of an item or an entry, beside its bytes:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
STORED: Final = 100

_NOW: Final = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
_BYTES: Final = 2_987_654
_KEY: Final = "uploads/ann-miller/Qx3kP0aYb7Zc9d1e/IMG_20260102_030405.jpg"


def records() -> tuple[Image, Image]:
    """Return a photograph's record as it waits, and as the model describes it."""
    bucket = "image-repo-photographs"
    waiting = pending(
        bucket,
        _KEY,
        _NOW,
        content_type="image/jpeg",
        size=_BYTES,
        sha256="ab" * 32,
        form_until=_NOW,
    )
    waiting = replace(
        waiting,
        rev=1,
        entry=Entry("x" * 16, "x" * 16),
        counted=Counted(waiting.counts_as, epoch=1),
    )
    texts = tuple(captions(MAX_ALTERNATIVES))
    prepared = Prepared(
        captions=texts,
        confidence=0.731_234_567_890_123,
        needs_review=False,
        visual=bytes(512),
        semantic=bytes(512),
        width=4_032,
        height=3_024,
        content_type="image/jpeg",
        display=b"",
        placeholder="#8a7f70",
        labels=tuple(("fire engine", 0.912_345_678_901_234) for _ in range(LABELS)),
        taken_at=_NOW.replace(tzinfo=None, microsecond=0),
        camera="Panasonic DC-GH5M2",
        orientation=6,
    )
    event = ObjectEvent(
        waiting.bucket,
        _KEY,
        EventKind.CREATED,
        version_id="3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrH",
        sequencer="0055AED6DCD90281E5",
        size=_BYTES,
    )
    run = ModelRun("vgg16@0.8.0", _BYTES, "ab" * 32)
    stem = f"derived/{waiting.image_id}/{'ab' * 8}"
    copies = {"derivative_key": f"{stem}.webp", "large_key": f"{stem}-large.webp"}
    described = captioned_by_model(waiting, event, run, prepared, **copies, now=_NOW)
    counted = Counted(described.counts_as, epoch=1, at_epoch=waiting.counts_as)
    return waiting, replace(described, rev=2, counted=counted)


def bytes_of(item: Mapping[str, Any]) -> int:
    """Return an item's bytes as DynamoDB counts them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return ceil(len(held.strip("-.0") or "0") / 2) + 1
        case "B":
            return len(held)
        case "L":
            return 3 + sum(1 + _value_bytes(one) for one in held)
        case "M":
            return 3 + sum(len(name.encode()) + 1 + _value_bytes(v) for name, v in held.items())
    return 1


def counter() -> Mapping[str, Any]:
    """Return a counter's item after a recount."""
    names = [f"{prefix}{state}" for state in COUNTED for prefix in ("", "base_")]
    counts = {name: number(123_456) for name in (*names, "epoch", "late", "corrected")}
    return {COUNTS_KEY: {"S": counter_of("ann-miller", "")}, **counts}


def entries(record: Image) -> dict[str, int]:
    """Return the bytes of a record's entry in each index."""
    item = item_of(record)
    return {
        index: bytes_of({name: item[name] for name in {*keys, IMAGES_KEY}})
        for index, keys in IMAGES_INDEXES.items()
    }


def written() -> int:
    """Return the write units of a photograph: entered, and then described.

    A transaction writes each item twice, and the indexes follow once it is through:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    An entry whose key changes is removed and written, any other left alone:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
    """
    waiting, described = records()
    before, after = item_of(waiting), item_of(described)
    counted = 2 * _units(bytes_of(counter()), WRITE_UNIT)
    moved = [
        keys
        for keys in IMAGES_INDEXES.values()
        if any(before[name] != after[name] for name in keys)
    ]
    entering = 2 * _units(bytes_of(before), WRITE_UNIT) + counted + len(IMAGES_INDEXES)
    return entering + 2 * _units(bytes_of(after), WRITE_UNIT) + counted + 2 * len(moved)


@dataclass(frozen=True, slots=True)
class Reads:
    """Read units and milliseconds of a request, beside those of API Gateway and the function."""

    units: float = 0
    ms: float = 0

    def __add__(self, other: "Reads") -> "Reads":
        return Reads(self.units + other.units, self.ms + other.ms)


def one() -> Reads:
    """Read a record."""
    return page(1)


def page(items: int) -> Reads:
    """Read records by their ids, consistently, each rounded up for itself."""
    each = _units(bytes_of(item_of(records()[1])), READ_UNIT)
    return Reads(items * each, CALL_MS * ceil(items / 100))


def found(items: int) -> Reads:
    """Read what a search found, eventually consistently."""
    read = page(items)
    return Reads(read.units / 2, read.ms)


def absent() -> Reads:
    """Read what is not there, which costs as much as the smallest record.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """
    return Reads(1, CALL_MS)


def by_content() -> Reads:
    """Read the index's entries of one content, eventually consistently."""
    return Reads(0.5, CALL_MS)


def listed(limit: int) -> Reads:
    """Read a page of an index, and one entry more, eventually consistently; then the records."""
    entry = max(entries(records()[1]).values())
    return Reads(_units((limit + 1) * entry, READ_UNIT) / 2, CALL_MS) + page(limit)


def scanned(items: int, size: int) -> Reads:
    """Read a whole table, consistently."""
    return Reads(_units(items * size, READ_UNIT), PAGE_MS * ceil(items * size / PAGE))


def routes(images: int) -> Iterator[tuple[str, str, Reads]]:
    """Yield each route, or what runs by itself, and what it reads of so many photographs."""
    shown, of_search = Listing().limit, SearchParameters().limit
    kept, size = bytes_of(counter()), bytes_of(item_of(records()[1]))
    redriven = RebuildRequest().limit
    listing = f"{shown} records, {shown + 1} entries"
    yield "`GET /images`, with or without `state`", listing, listed(shown)
    yield "`GET /images/{id}`, `PATCH`, `DELETE`", "1 record", one()
    yield "`GET`, `POST /search`, `/search/image`", f"{of_search} records", found(of_search)
    yield "`GET /images/{id}/similar`", f"{of_search + 1} records", one() + found(of_search)
    yield "`GET /images/{id}/attention`", "1 record", one()
    yield "`GET /duplicates`, a page with ten pairs", "20 records", found(20)
    yield "`POST /images`, a new one", "1 record twice, 1 entry", absent() + absent() + by_content()
    yield (
        "`POST /images`, one that is there",
        "as above, 1 record",
        absent() + by_content() + page(2),
    )
    yield "`GET /suggest`, `POST /imports`, `/reindex`", "none", Reads()
    yield "each request's token, kept for 15 s", "1 token", Reads(1, CALL_MS)
    yield f"`GET /tokens`, of {TOKENS}", f"{TOKENS} tokens", scanned(TOKENS, TOKEN_BYTES)
    yield "`GET /stats`", f"{PARTS + 1} counters", Reads(PARTS + 1, CALL_MS)
    counters = OWNERS * PARTS
    yield f"`GET /stats`, of {OWNERS} owners", f"{counters:,} counters", scanned(counters, kept)
    yield "`POST /recaption`, a page by state", "100 records, 101 entries", listed(100)
    yield "`POST /rebuild`, a page", f"{redriven} records", page(redriven)
    yield "import, a part of 500 lines", "1,000 records", page(1_000) + Reads(500, 500 * CALL_MS)
    yield "re-index, recount", "all records", scanned(images, size)


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| | reads | " + " | ".join(f"RCU, ms at {images:,}" for images in SIZES) + " |"
    yield "|---" * (2 + len(SIZES)) + "|"
    for (name, what, _), *at in zip(routes(0), *map(routes, SIZES), strict=True):
        cells = [f"{reads.units:,.1f}, {reads.ms:,.0f}" for _, _, reads in at]
        yield f"| {name} | {what} | {' | '.join(cells)} |"


def _units(size: int, unit: int) -> int:
    return ceil(size / unit)


def main() -> None:
    """Print the table and the bytes that it is computed from."""
    waiting, described = records()
    print(*table(), sep="\n")
    print(f"\nrecord {bytes_of(item_of(waiting))}, described {bytes_of(item_of(described))} bytes")
    print(f"entries {entries(described)}, counter {bytes_of(counter())} bytes")
    print(f"written: {written()} units a photograph")


if __name__ == "__main__":
    main()
