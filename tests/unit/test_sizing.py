"""The cluster that a number of photographs needs."""

from pathlib import Path

import pytest

from benchmarks.search.timing import append
from benchmarks.sizing import FORMS, NODES, cluster, measured, table


def test_what_must_be_near_fits_into_the_nodes_it_is_given() -> None:
    for images in (1_000, 10_000_000, 100_000_000):
        for form in FORMS:
            found = cluster(images, form, 2_000)
            cache = {node.name: node.cache for node in NODES}[found.node]
            assert found.hot <= found.nodes * cache
            assert found.nodes >= 2


def test_java_takes_half_of_a_small_node_and_no_more_than_it_can_use_of_a_large_one() -> None:
    small, large = NODES[0], NODES[-1]
    assert small.cache == 8 * 0.75 * 2**30
    assert large.cache == 97 * 0.75 * 2**30


def test_ten_times_as_many_need_ten_times_the_bytes_and_never_cost_less() -> None:
    for form in FORMS:
        few, many = (cluster(images, form, 2_000) for images in (10_000_000, 100_000_000))
        assert many.hot == pytest.approx(10 * few.hot)
        assert many.disk == pytest.approx(10 * few.disk)
        assert many.dollars > few.dollars


def test_fewer_bytes_of_a_vector_in_memory_cost_less() -> None:
    dollars = [cluster(100_000_000, form, 2_000).dollars for form in FORMS]
    assert dollars[0] > dollars[1] > dollars[2]


def test_measured_bytes_are_those_of_the_largest_index(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    for images, size in ((1_000_000, 1_900.0), (10_000, 3_000.0)):
        append(lines, "opensearch", images, [], {"bytes_per_image": size})
    append(lines, "opensearch", 20_000, [], {"documents_per_second": 2_500.0})
    append(lines, "embedded", 9_000_000, [], {"bytes_per_image": 1.0})
    assert measured([lines], "bytes_per_image") == 1_900.0
    assert measured([lines], "documents_per_second") == 2_500.0
    assert measured([], "bytes_per_image") is None
    assert "10,000,000" in table([10_000_000], 1_900, 2_500)
