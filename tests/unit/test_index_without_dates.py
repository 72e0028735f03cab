"""An index of a release that knew no dates of taking answers until it is rebuilt."""

from datetime import datetime

import pytest
from safetensors.numpy import load, save

from chalicelib.search import Filters, Query
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment, segment_of
from chalicelib.search.query import Sort
from chalicelib.search.replicated.manifest import Manifest, Part
from tests.searching import document, ids

NOON = datetime.fromisoformat("2024-05-01T12:00")
BY_TAKEN = Query("ann", sort=Sort.TAKEN)


def of_an_earlier_release() -> EmbeddedIndex:
    segment, _ = segment_of([document("a", taken_at=NOON), document("b", taken_at=NOON)])
    columns = load(segment.encoded())
    known = {name: column for name, column in columns.items() if not name.startswith("taken.")}
    return EmbeddedIndex([Segment.decoded(save(known))])


@pytest.mark.fault(35)
def test_it_orders_nothing_and_has_no_dates_and_takes_in_those_that_come() -> None:
    index = of_an_earlier_release()
    assert set(ids(index.search(BY_TAKEN))) == {"a", "b"}
    assert index.search(Query("ann", filters=Filters(taken_from=NOON))).total == 0
    index.apply([document("c", taken_at=NOON)])
    assert ids(index.search(BY_TAKEN))[0] == "c"
    assert ids(index.search(Query("ann", filters=Filters(taken_from=NOON)))) == ["c"]


def test_published_it_is_to_be_rebuilt() -> None:
    base = Part("base", "0" * 64, 1, 0, 1, 2)
    assert not Manifest("lineage", base, version=1).is_current("")
    assert Manifest("lineage", base).is_current("")
