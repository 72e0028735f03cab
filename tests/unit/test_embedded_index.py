"""The embedded index: what it holds follows each batch, and comes back from its bytes."""

import random
import struct
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.attributes import normalised
from chalicelib.errors import InvalidField
from chalicelib.images import Attribute
from chalicelib.search import Clause, Document, Query, Results
from chalicelib.search.duplicates import cosines, rows
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment, segment_of
from chalicelib.search.plan import DEPTH
from chalicelib.search.query import FACETS
from chalicelib.search.text import quantised
from tests.corpora import VECTORS, corpora, queries

QUERY = Query("ann", text="dog")
EVERYTHING = (
    Query(None, attributes=Clause(), facets=FACETS),
    Query(None, visual=VECTORS[0], facets=FACETS),
)


def document(number: int, rev: int = 1) -> Document:
    return Document(f"id-{number}", rev, "ann", text=f"dog {number}")


def answer(index: EmbeddedIndex, query: Query) -> Results | str:
    try:
        return index.search(query)
    except InvalidField as refused:
        return refused.field


def opened(index: EmbeddedIndex) -> EmbeddedIndex:
    """Return the index that opens from another's bytes."""
    return EmbeddedIndex([Segment.decoded(index.segment().encoded())])


@settings(max_examples=60, deadline=None)
@given(st.lists(corpora(size=12), min_size=1, max_size=4), st.lists(queries(), max_size=4))
def test_an_index_that_follows_its_batches_answers_like_one_opened_afterwards(
    batches: list[list[Document]], asked: list[Query]
) -> None:
    index, everything = EmbeddedIndex(), [*EVERYTHING, *asked]
    for batch in batches:
        for query in everything:
            answer(index, query)  # so that all is remembered before the next batch
        index.apply(batch)
    afresh = opened(index)
    for query in everything:
        assert answer(index, query) == answer(afresh, query)
    assert index.count(None) == afresh.count(None)


@settings(max_examples=60, deadline=None)
@given(st.lists(corpora(size=12), min_size=1, max_size=4))
def test_segments_may_be_taken_in_in_any_order_and_twice(batches: list[list[Document]]) -> None:
    # Of one revision there is one document.
    known: dict[tuple[str, int], Document] = {}
    for batch in batches:
        for one in batch:
            known.setdefault((one.image_id, one.rev), one)
    segments = [segment_of(known[one.image_id, one.rev] for one in batch)[0] for batch in batches]
    shuffled = [*segments, *segments]
    random.Random(1).shuffle(shuffled)
    index, other = EmbeddedIndex(segments), EmbeddedIndex(shuffled)
    for query in EVERYTHING:
        assert answer(index, query) == answer(other, query)


def test_what_is_outdated_is_not_written_again() -> None:
    index = EmbeddedIndex()
    index.apply([document(number) for number in range(50)])
    index.apply([replace(document(number), rev=2, deleted=True) for number in range(40)])
    segment = index.segment()
    assert (index.size, len(segment.ids)) == (90, 50)
    assert len(segment.tables["caption"]["word"]) == 20
    index.apply([document(number) for number in range(50)])  # removals keep their revision
    assert index.count("ann") == opened(index).count("ann") == 10


@pytest.mark.parametrize("content", [b"", b"no segment at all", b"\x08" + bytes(7) + b"{}      "])
def test_what_is_no_segment_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no segment"):
        Segment.decoded(content)


def test_a_cut_segment_is_refused() -> None:
    whole = segment_of([document(1)])[0].encoded()
    with pytest.raises(ValueError, match="no segment"):
        Segment.decoded(whole[:-1])


def test_a_photograph_edited_again_and_again_is_held_once() -> None:
    index = EmbeddedIndex()
    red = Document("a", 1, "ann", text="a dog", attributes=(Attribute("dog", ("red",)),))
    blue = replace(red, attributes=(Attribute("dog", ("blue",)), Attribute("boy")))
    index.apply([red])
    query = Query("ann", attributes=Clause("dog"), facets=("colours",))
    for rev in range(2, 60):
        index.apply([replace(blue if rev % 2 else red, rev=rev)])
        results = index.search(query)
        assert results.facets["colours"] == ((("blue" if rev % 2 else "red"), 1),)


def test_explanations_say_what_each_part_gave() -> None:
    index = EmbeddedIndex()
    index.apply([document(1)])
    (hit,) = index.search(replace(QUERY, explain=True)).hits
    assert hit.explanation is not None
    (part,) = hit.explanation
    assert (part.part, part.score, part.rank, part.share) == ("words", hit.score, 1, hit.score)


def test_an_attribute_is_kept_in_the_forms_that_are_compared() -> None:
    index = EmbeddedIndex()
    given_words = Attribute("Dogs", ("scarlet",), ("running",), places=("the beaches",))
    index.apply([replace(document(1), attributes=(given_words,))])
    facets = index.search(replace(QUERY, facets=FACETS[:4])).facets
    kept = normalised(given_words)
    assert facets == {
        "subjects": ((kept.subject, 1),),
        "colours": ((kept.colours[0], 1),),
        "actions": ((kept.actions[0], 1),),
        "places": ((kept.places[0], 1),),
    }


@pytest.mark.parametrize("order", ["shuffled", "ascending"])
def test_the_nearest_are_all_found_whatever_order_they_lie_in(order: str) -> None:
    index, count = EmbeddedIndex(), 3_000
    shares = [number / count for number in range(count)]
    if order == "shuffled":
        random.Random(1).shuffle(shares)
    vectors = [struct.pack("<256e", share / 2, *[0.0] * 255) for share in shares]
    index.apply([replace(document(n), visual=vector) for n, vector in enumerate(vectors)])
    query = struct.pack("<256e", 0.5, *[0.0] * 255)
    results = index.search(Query("ann", visual=query, limit=100))
    compared = cosines(rows([quantised(query)]), rows([*map(quantised, vectors)]))[0]
    best = sorted(compared.tolist(), reverse=True)
    assert [hit.score for hit in results.hits] == pytest.approx(best[:100], abs=1e-6)
    assert results.total == DEPTH
