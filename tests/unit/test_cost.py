"""What the stack costs, and the page that says so."""

import re
from pathlib import Path

import pytest

from benchmarks.cost.bills import Line, ingested, reconciled, searched, standing, stored, total
from benchmarks.cost.choices import visited
from benchmarks.cost.inputs import INPUTS
from benchmarks.cost.prices import PRICES
from benchmarks.cost.report import BARS, bars, report
from benchmarks.sizing import month
from chalicelib.api import pages

PRICE = re.compile(r"\$ ?\d|\d \$")
DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_is_what_the_command_prints() -> None:
    assert (DOCS / "cost.md").read_text("utf-8") == report()


def test_no_other_page_states_prices() -> None:
    pages = [DOCS.parent / "README.md", *DOCS.rglob("*.md")]
    stating = [page.name for page in pages if PRICE.search(page.read_text("utf-8"))]
    assert stating == ["cost.md"]


def test_a_thousand_searches_are_the_sum_of_their_requests() -> None:
    by_hand = (
        1_000 * 3.50 / 1e6  # API Gateway
        + 1_000 * 0.01 / 1e4  # CloudFront
        + 2_000 * 0.20 / 1e6  # the function and its authorizer
        + 1_000 * (0.0577 + 0.005) * 1.5 * 0.0000166667
        + 11_000 * 0.125 / 1e6  # records of the page, and the token
        + 1_000 * 0.0004 / 1_000  # the manifest
        + 1_000 * 2_000 / 1e9 * 0.50  # logs
        + 50 * 5.00 / 1e6  # traces: one request in twenty
    )
    bill = searched("embedded", 10_000)
    assert bill is not None
    assert total(bill) == pytest.approx(by_hand)


@pytest.mark.parametrize("name", BARS)
def test_every_bar_is_met_without_a_free_tier(name: str) -> None:
    assert total(bars()[name]) <= BARS[name]


def test_comparing_100_000_photographs_every_day_costs_a_tenth_of_keeping_them() -> None:
    assert total(reconciled(100_000)) <= total(stored("embedded", 100_000)) / 10


def test_a_visit_behind_cloudfront_calls_no_function() -> None:
    behind, bare = (visited(cdn=cdn, first=True) for cdn in (True, False))
    assert not [line for line in behind if line.price.startswith(("Lambda", "API"))]
    requests = 1_000 * (1 + 49)
    assert total(behind) == pytest.approx(
        requests * 0.01 / 1e4 + 1_000 * 0.10 / 1e6 + 1_000 * 0.0004 / 1e3
    )
    assert total(bare) > 3 * total(behind)


def test_the_gallery_has_as_many_files_as_are_counted() -> None:
    assert len([*pages.GALLERY.iterdir()]) == 1 + INPUTS.gallery_files.value


def test_four_nodes_bring_three_masters() -> None:
    assert month("r6g.large", 3, 0) == pytest.approx(3 * 0.167 * 730)
    assert month("r6g.large", 4, 10) == pytest.approx((4 * 0.167 + 3 * 0.128) * 730 + 1.22)


def test_an_idle_queue_is_polled_all_month() -> None:
    (requests,) = (line.quantity for line in standing() if line.price == "SQS, requests")
    assert requests == 5 * 3 * 60 * 730 + 2 * 1_460  # polls of 20 s, two requests of a pass


def test_only_the_embedded_engine_publishes_objects() -> None:
    def puts(engine: str) -> float:
        return sum(line.quantity for line in ingested(engine) if line.price == "S3, PUT")

    assert (puts("embedded"), puts("opensearch")) == (3_400, 3_000)


def test_no_function_holds_ten_million_photographs() -> None:
    assert searched("embedded", 10_000_000) is None
    assert searched("opensearch", 10_000_000)


def test_a_price_is_of_its_units_and_has_a_page_of_aws() -> None:
    assert Line("SQS, requests", 500_000).dollars == pytest.approx(0.20)
    hosts = ("https://aws.amazon.com/", "https://docs.aws.amazon.com/")
    assert all(price.page.startswith(hosts) for price in PRICES.values())
