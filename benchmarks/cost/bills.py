"""Bills of the deployed stack, from what was measured and the list prices.

A bill is a list of lines: so much of something that has a price.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.cost.inputs import EMBEDDED_MS, INPUTS, OPENSEARCH_MS
from benchmarks.cost.prices import HOURS, PRICES
from benchmarks.sizing import FORMS, cluster
from benchmarks.sizing import month as nodes_month

IMAGES = (10_000, 1_000_000, 10_000_000)
SMALL = IMAGES[0]  # one node of the smallest kind, as the template has it
ENGINES = ("embedded", "opensearch")
THOUSAND = 1_000
AS_BUILT = FORMS[1]
LAMBDA_MB = 10_240  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html


@dataclass(frozen=True, slots=True)
class Line:
    """So much of something that has a price."""

    price: str
    quantity: float

    @property
    def dollars(self) -> float:
        """What it costs."""
        return PRICES[self.price].of(self.quantity)


Bill = tuple[Line, ...]


def total(bill: Bill) -> float:
    """Return the dollars of a bill."""
    return sum(line.dollars for line in bill)


def standing() -> Bill:
    """Return a month of a stack that holds nothing and that nobody asks."""
    i = INPUTS
    polls = i.pollers.value * HOURS * 3_600 / i.poll_seconds.value
    passes = HOURS * i.passes.value
    walks = HOURS / 24 * i.walks.value
    return (
        Line("CloudWatch, alarms", i.alarms.value),
        Line("CloudWatch, logs", HOURS * i.log_bytes.value / 1e9),
        Line("SQS, requests", polls + 2 * passes),
        *_invocations(passes, i.schedule_ms.value, i.api_mb.value),
        Line("DynamoDB, reads", passes * 0.5),
        *_lambda(walks * i.walk_ms.value, i.api_mb.value),
        *_invocations(2 * walks, i.walk_ms.value / 2, i.indexer_mb.value),
        Line("S3, GET", 2 * passes),
        Line("S3, PUT", walks * i.walk_puts.value),
        Line("X-Ray, traces", 2 * walks),
        Line("ECR, storage", i.image_gb.value),
    )


def reconciled(images: int) -> Bill:
    """Return a month of comparing everything once a day."""
    i = INPUTS
    compared = images * i.walks.value * HOURS / 24
    return (
        Line("S3, PUT", compared * i.walk_lists.value),
        Line("DynamoDB, reads", compared * i.walk_reads.value),
        *_lambda(compared * i.compared_ms.value, i.api_mb.value),
        *_lambda(compared * i.compared_ms.value / 3, i.indexer_mb.value),
    )


def stored(engine: str, images: int) -> Bill:
    """Return a month of photographs and their records at rest; the domain's disk is its own."""
    i = INPUTS
    published = i.published_bytes.value if engine == "embedded" else 0
    item = i.item_bytes.value
    return (
        Line("S3, storage", images * (i.object_bytes.value + published) / 1e9),
        Line("DynamoDB, storage", images * (item + i.entries_bytes.value) / 1e9),
        Line("DynamoDB, point-in-time recovery", images * item / 1e9),
        *reconciled(images),
    )


def domain(engine: str, images: int) -> float:
    """Return the dollars of a month of the search domain: the template's, or a sized cluster."""
    if engine == "embedded":
        return 0.0
    if images <= SMALL:
        return nodes_month("t3.small", 1, INPUTS.domain_gb.value)
    return cluster(images, AS_BUILT).dollars


def ingested(engine: str) -> Bill:
    """Return 1,000 photographs, uploaded through the API and taken in within an hour."""
    i = INPUTS
    batches = THOUSAND / i.captioner_batch.value
    changes = i.indexer_batches.value
    puts = changes * i.publish_puts.value if engine == "embedded" else 0
    return (
        Line("API Gateway, REST", THOUSAND),
        *_requests(i.upload_ms.value, i.api_mb.value),
        *_invocations(
            batches, i.captioner_ms.value * i.captioner_batch.value, i.captioner_mb.value
        ),
        *_invocations(changes, i.indexer_ms.value, i.indexer_mb.value),
        Line("DynamoDB, writes", THOUSAND * i.writes.value),
        Line("DynamoDB, reads", THOUSAND * i.ingest_reads.value),
        Line("S3, PUT", THOUSAND * i.ingest_puts.value + puts),
        Line("S3, GET", THOUSAND * i.ingest_gets.value),
        Line("SQS, requests", THOUSAND + 2 * batches),
        Line("EventBridge, events", THOUSAND),
        Line("CloudWatch, logs", 2 * THOUSAND * i.log_bytes.value / 1e9),
        Line("CloudWatch, metrics", i.ingest_metrics.value / HOURS),
        Line("X-Ray, traces", THOUSAND * i.traced.value + batches + changes),
    )


def searched(engine: str, images: int) -> Bill | None:
    """Return 1,000 fused searches of one page each; None where no function has the memory."""
    i = INPUTS
    memory = api_mb(engine, images)
    if memory > LAMBDA_MB:
        return None
    answering = EMBEDDED_MS if engine == "embedded" else OPENSEARCH_MS
    return (
        Line("API Gateway, REST", THOUSAND),
        *_requests(i.request_ms.value + answering[images].value, memory),
        Line("DynamoDB, reads", THOUSAND * i.search_reads.value),
        Line("S3, GET", THOUSAND if engine == "embedded" else 0),
        Line("CloudWatch, logs", THOUSAND * i.log_bytes.value / 1e9),
        Line("X-Ray, traces", THOUSAND * i.traced.value),
    )


def api_mb(engine: str, images: int) -> float:
    """Return the API function's memory: the template's, or what the index takes at its peak."""
    i = INPUTS
    peak = i.process_mb.value + images * i.reader_bytes.value / 1e6
    return max(i.api_mb.value, peak) if engine == "embedded" else i.api_mb.value


def _requests(milliseconds: float, memory: float) -> Iterator[Line]:
    """Yield 1,000 requests of the API, each with its authorizer, whose answer is not kept."""
    yield Line("CloudFront, requests", THOUSAND)
    yield from _invocations(THOUSAND, milliseconds, memory)
    yield from _invocations(THOUSAND, INPUTS.authorizer_ms.value, INPUTS.api_mb.value)


def _invocations(count: float, milliseconds: float, memory: float) -> Iterator[Line]:
    yield Line("Lambda, invocations", count)
    yield from _lambda(count * milliseconds, memory)


def _lambda(milliseconds: float, memory: float) -> Iterator[Line]:
    yield Line("Lambda, x86_64", milliseconds / 1e3 * memory / 1_024)
