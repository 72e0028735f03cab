"""The cluster that a number of photographs needs."""

import pytest

from benchmarks.sizing import FORMS, NODES, cluster


def test_what_must_be_near_fits_into_the_nodes_it_is_given() -> None:
    for images in (1_000, 10_000_000, 100_000_000):
        for form in FORMS:
            found = cluster(images, form)
            cache = {node.name: node.cache for node in NODES}[found.node]
            assert found.hot <= found.nodes * cache
            assert found.nodes >= 2


def test_java_takes_half_of_a_small_node_and_no_more_than_it_can_use_of_a_large_one() -> None:
    small, large = NODES[0], NODES[-1]
    assert small.cache == 8 * 0.75 * 2**30
    assert large.cache == 97 * 0.75 * 2**30


def test_ten_times_as_many_need_ten_times_the_bytes_and_never_cost_less() -> None:
    for form in FORMS:
        few, many = (cluster(images, form) for images in (10_000_000, 100_000_000))
        assert many.hot == pytest.approx(10 * few.hot)
        assert many.disk == pytest.approx(10 * few.disk)
        assert many.dollars > few.dollars


def test_fewer_bytes_of_a_vector_in_memory_cost_less() -> None:
    dollars = [cluster(100_000_000, form).dollars for form in FORMS]
    assert dollars[0] > dollars[1] > dollars[2]
