"""What a bill is computed from: figures, and the command that printed each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SEARCH: Final = "`python -m benchmarks.search`"
_OPENSEARCH: Final = "`python -m benchmarks.opensearch`"
_ROUTES: Final = "`python -m benchmarks.routes`"
_ASSUMED: Final = "assumed"


@dataclass(frozen=True, slots=True)
class Input:
    """A figure, and where it comes from: a command, the template, or an assumption."""

    value: float
    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """All figures that do not grow with the photographs."""

    captioner_ms: Input = Input(
        570,
        "ms of the captioner for a photograph",
        "`python -m benchmarks.captioner`: 91; `python -m benchmarks.copies`: 68; the rest assumed "
        "for download, small copy and writes",
    )
    writes: Input = Input(21, "write units of a photograph", _ROUTES)
    item_bytes: Input = Input(2_946, "bytes of a record as stored", _ROUTES)
    published_bytes: Input = Input(
        870, "bytes of a photograph in the published index", f"{_SEARCH}: 791; a tenth for changes"
    )
    reader_bytes: Input = Input(
        1_850, "bytes of a photograph in a reader's memory at its peak", _SEARCH
    )
    indexer_ms: Input = Input(
        100, "ms of the indexer for a batch", f"{_SEARCH}: 8; the rest assumed for S3"
    )
    publish_puts: Input = Input(2, "objects that a batch publishes", _SEARCH)
    api_mb: Input = Input(1_536, "MB of the API's functions", "`infra/api.py`")
    captioner_mb: Input = Input(3_008, "MB of the captioner", "`infra/pipeline.py`")
    captioner_batch: Input = Input(10, "photographs of a captioner's batch", "`infra/pipeline.py`")
    indexer_mb: Input = Input(2_048, "MB of the indexer", "`infra/search.py`")
    alarms: Input = Input(11, "alarms", "`infra/observability.py`")
    traced: Input = Input(0.05, "of the API's requests are traced", "`infra/tracing.py`")
    domain_gb: Input = Input(10, "GB of the smallest domain's disk", "`infra/engines.py`")
    pollers: Input = Input(
        5,
        "pollers of the queue",
        "[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html)",
    )
    poll_seconds: Input = Input(20, "seconds that a poll of an empty queue waits", "as above")
    entries_bytes: Input = Input(
        1_100,
        "bytes of a record's five index entries as stored",
        _ROUTES,
    )
    ingest_reads: Input = Input(
        7, "read units of a photograph taken in", f"{_ROUTES}: 2.5 for its entry; the rest assumed"
    )
    ingest_puts: Input = Input(3, "objects written for a photograph", "original and display copies")
    ingest_gets: Input = Input(
        2, "objects read for it", "original, and whether captions lie beside it"
    )
    ingest_metrics: Input = Input(5, "metrics written in the hour of an import", "the handlers")
    indexer_batches: Input = Input(
        200, "batches of the stream for 1,000 photographs", "assumed: one a second, 5 captioners"
    )
    search_reads: Input = Input(
        11, "read units of a search", "a page of 20 records at a half, and the token"
    )
    request_ms: Input = Input(
        54, "ms of a search beside the engine", "assumed: parsing, reading the page, signing links"
    )
    upload_ms: Input = Input(50, "ms of the API for an upload's form", _ASSUMED)
    authorizer_ms: Input = Input(5, "ms of the authorizer, before each request", _ASSUMED)
    gallery_files: Input = Input(49, "files of the gallery beside the page", "`chalicelib/gallery`")
    file_ms: Input = Input(5, "ms of the API for one of them, with `cdn=no`", _ASSUMED)
    firewall_rules: Input = Input(3, "rules of the stack's own firewall", "`infra/firewall.py`")
    passes: Input = Input(2, "passes over what waits in an hour", "`app.py`")
    schedule_ms: Input = Input(2_000, "ms of a pass where nothing waits", "assumed: cold")
    walks: Input = Input(1, "passes through everything in a day", "`chalicelib/reconciling`")
    walk_ms: Input = Input(
        4_000, "ms of a pass through nothing, and again of the indexer", "assumed: cold"
    )
    walk_puts: Input = Input(10, "listings and writes of a pass through nothing", "4 and 6")
    walk_lists: Input = Input(
        0.006,
        "listings of a pass for a photograph",
        "`chalicelib/reconciling`: its file and two copies, twice, a thousand at once",
    )
    walk_reads: Input = Input(
        1.07, "read units of a pass for a photograph", "two scans of its record, one consistent"
    )
    compared_ms: Input = Input(
        1, "ms of a pass for a photograph, a third of it again of the indexer", _ASSUMED
    )
    process_mb: Input = Input(200, "MB of a process without an index", _ASSUMED)
    log_bytes: Input = Input(2_000, "bytes logged by a request or a photograph", _ASSUMED)
    object_bytes: Input = Input(3.2e6, "bytes of a photograph and its display copies", _ASSUMED)
    image_gb: Input = Input(0.5, "GB of the captioner's image", _ASSUMED)


INPUTS: Final = Inputs()

# Milliseconds of the engine for a fused search at p95, by photographs.
EMBEDDED_MS: Final[Mapping[int, Input]] = {
    10_000: Input(3.7, "ms of the embedded engine, 10,000", _SEARCH),
    1_000_000: Input(95, "ms of the embedded engine, 1,000,000", f"{_SEARCH}, extrapolated"),
}
OPENSEARCH_MS: Final[Mapping[int, Input]] = {
    10_000: Input(25, "ms of OpenSearch, 10,000", f"{_OPENSEARCH}, the client's clock"),
    1_000_000: Input(48, "ms of OpenSearch, 1,000,000", f"{_OPENSEARCH}, the client's clock"),
    10_000_000: Input(66, "ms of OpenSearch, 10,000,000", "extrapolated from these two"),
}
