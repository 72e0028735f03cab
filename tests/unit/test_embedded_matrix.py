"""The nearest of many vectors are those that comparing all of them finds."""

import struct

import apsw
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.embedded.bits import packed
from chalicelib.search.embedded.matrix import Matrix, Products
from chalicelib.search.vectors import SCALE

# Around the ends of levels, below zero, and beyond what unit vectors can reach.
_VALUES = st.sampled_from([-65_536, -257, -256, -1, 0, 1, 255, 256, 511, 512, 65_535, 65_536]) | (
    st.integers(-70_000, 70_000)
)


def products(values: list[int], held: set[int]) -> Products:
    return Products(
        struct.pack(f"<{len(values)}i", *values), packed(held, len(values)), len(values)
    )


@settings(max_examples=300, deadline=None)
@given(
    values=st.lists(_VALUES, max_size=300),
    held=st.sets(st.integers(0, 299)),
    among=st.sets(st.integers(0, 299)),
    depth=st.integers(1, 80),
)
def test_the_nearest_are_the_highest_products(
    values: list[int], held: set[int], among: set[int], depth: int
) -> None:
    size = len(values)
    held, among = ({doc for doc in some if doc < size} for some in (held, among))
    found = products(values, held).nearest(packed(among, size), depth)
    ranked = sorted((-values[doc] / SCALE**2, doc) for doc in held & among)
    assert found == ranked[:depth]


@settings(max_examples=200, deadline=None)
@given(values=st.lists(_VALUES, max_size=100), least=st.integers(650, 70_000))
def test_whatever_reaches_a_bound_is_found(values: list[int], least: int) -> None:
    held = set(range(0, len(values), 2))
    found = products(values, held).at_least(least / SCALE**2)
    assert found == packed((doc for doc in held if values[doc] >= least), len(values))


def test_products_are_whole_and_exact() -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE vector (doc INTEGER PRIMARY KEY, visual BLOB)")
    rows = [bytes([value % 256]) * VECTOR_SIZE for value in (127, 1, -127)]
    connection.executemany("INSERT INTO vector VALUES (?, ?)", enumerate(rows))
    found = Matrix(connection, "visual", 3).products(rows[0])
    highest = 127 * 127 * VECTOR_SIZE
    expected = {0: highest, 1: 127 * VECTOR_SIZE, 2: -highest}
    assert found.cosines(range(3)) == {doc: value / SCALE**2 for doc, value in expected.items()}
