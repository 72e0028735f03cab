"""The page that shows what the stack costs: ``docs/cost.md``."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields

from benchmarks import sizing
from benchmarks.cost.bills import (
    ENGINES,
    IMAGES,
    SMALL,
    Bill,
    api_mb,
    domain,
    ingested,
    searched,
    standing,
    stored,
    total,
)
from benchmarks.cost.inputs import EMBEDDED_MS, INPUTS, OPENSEARCH_MS, Input
from benchmarks.cost.prices import INFRACOST, PRICES, READ_ON, REGION, Price

# Of an empty stack's month with the embedded engine, and of a thousand of each at SMALL.
BARS = {"idle, a month": 1.50, "1,000 photographs": 0.08, "1,000 searches": 0.01}

_HEAD = f"""# What it costs

`python -m benchmarks.cost` prints this page: a calculation from figures that were measured, or
assumed where that is said, and one table of list prices ({REGION}, looked up on {READ_ON}). No
other page states prices, and the stack was never billed. Left out are free tiers, taxes and data
that leaves AWS, which for originals that are shown often can be more than all of this.
"""
_BELOW = """
*Empty*: alarms, pollers, schedule and image of a stack that holds nothing. *Kept*:
photographs, records, their point-in-time recovery, the published index, and the reconciler's daily
pass through all of them. The domain is the template's at 10,000 photographs, and the
cluster of `benchmarks.sizing` beyond. Searches are fused ones of one page; photographs come through
the API and within one hour.
"""
_DASHBOARD = f"""
No free tier is counted. Idle, alarms and pollers are nearly all of it: an alarm on several metrics
is billed for each of them, so that fewer alarms would watch less, and Lambda keeps its pollers on
the queue whether there are messages or not.

The dashboard (`-c dashboard=yes`) is not there unless asked for: it adds
${PRICES["CloudWatch, dashboard"].of(1):.2f} a month, or nothing while the account has no more than
[three](https://aws.amazon.com/cloudwatch/pricing/). Of the API's requests
{INPUTS.traced.value * 100:.0f} % are traced (`infra/tracing.py`); of events, by Lambda's
[own rule](https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html), the first of every
second and 5 % of the others.
"""
_UNVERIFIED = """
*Price list*: AWS's own, as the tests of Infracost recorded it. *Not verified*: AWS's page fills in
its numbers by script, and neither a page of AWS's nor its list was found that states this one. It
is the figure that others report.
"""


def report() -> str:
    """Return the page."""
    return "\n".join(
        (
            _HEAD,
            "## All of it\n",
            *_table(_HEADING, _rows()),
            _BELOW,
            _memory(),
            "## Bars\n",
            *_table(("embedded engine", "dollars", "bar", ""), _bars()),
            _DASHBOARD,
            "## Where it goes\n",
            *_table(("embedded engine, 10,000 photographs", *BARS), _breakdown()),
            "\n## Clusters\n",
            *_table(("photographs", "vectors", "data nodes", "a month"), _clusters()),
            "\n## Figures\n",
            *_table(("", "", "from"), map(_told, _inputs())),
            "\n## Prices\n",
            *_table(("", "dollars", "for", "page", "stated by"), _prices()),
            _UNVERIFIED,
        )
    )


_HEADING = (
    "engine",
    "photographs",
    "empty, a month",
    "domain, a month",
    "kept, a month",
    "in all, a month",
    "1,000 photographs taken in",
    "1,000 searches",
)


def _rows() -> Iterator[Sequence[str]]:
    for engine in ENGINES:
        for images in IMAGES:
            month = (
                total(standing()),
                domain(engine, images),
                total(stored(engine, images)),
            )
            search = searched(engine, images)
            yield (
                engine,
                f"{images:,}",
                *(f"${dollars:,.2f}" for dollars in (*month, sum(month))),
                f"${total(ingested(engine)):.4f}",
                f"${total(search):.4f}" if search else "no function has the memory",
            )


def _memory() -> str:
    most = api_mb("embedded", IMAGES[1])
    return (
        "The embedded engine is for up to 300,000 photographs\n"
        f"([scaling](scaling.md#where-it-ends)): at {IMAGES[1]:,} the API's function would need\n"
        f"{most:,.0f} MB, which its row counts.\n"
    )


def bars() -> dict[str, Bill]:
    """Return the bill that each of ``BARS`` is for."""
    small = searched("embedded", SMALL)
    assert small is not None
    return dict(zip(BARS, (standing(), ingested("embedded"), small), strict=True))


def _bars() -> Iterator[Sequence[str]]:
    for name, bill in bars().items():
        dollars, bar = total(bill), BARS[name]
        yield name, f"${dollars:.4f}", f"${bar:.2f}", _judged(dollars, bar)


def _judged(dollars: float, bar: float) -> str:
    return "met" if dollars <= bar else "**not met**"


def _breakdown() -> Iterator[Sequence[str]]:
    columns = [_by_price(bill) for bill in bars().values()]
    for price in PRICES:
        if any(price in column for column in columns):
            cells = (f"${column[price]:.4f}" if price in column else "" for column in columns)
            yield (price, *cells)


def _by_price(bill: Bill) -> Mapping[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for line in bill:
        found[line.price] += line.dollars
    return found


def _clusters() -> Iterator[Sequence[str]]:
    for images in sizing.IMAGES:
        for form in sizing.FORMS:
            one = sizing.cluster(images, form)
            yield f"{images:,}", form.name, f"{one.nodes} × {one.node}", f"${one.dollars:,.0f}"


def _inputs() -> Iterator[Input]:
    yield from (getattr(INPUTS, field.name) for field in fields(INPUTS))
    yield from (*EMBEDDED_MS.values(), *OPENSEARCH_MS.values())


def _told(one: Input) -> Sequence[str]:
    return one.what, f"{one.value:,g}" if one.value < 1e6 else f"{one.value:,.0f}", one.source


def _prices() -> Iterator[Sequence[str]]:
    for name, price in PRICES.items():
        dollars = f"{price.dollars:.10f}".rstrip("0").rstrip(".")
        unit = price.unit if price.units == 1 else f"{price.units:,} {price.unit}"
        yield name, dollars, unit, f"[page]({price.page})", _stated(price)


def _stated(price: Price) -> str:
    if price.stated.startswith(INFRACOST):
        return f"[price list]({price.stated})"
    return "the page" if price.stated else "not verified"


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield "|---" * len(heading) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
