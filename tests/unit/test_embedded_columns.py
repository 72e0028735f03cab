"""What an index holds in memory follows each batch, and never differs from what the file says."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.images import Attribute
from chalicelib.search import Clause, Document, Query, Results
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.query import FACETS
from tests.corpora import VECTORS, corpora, queries

EVERYTHING = Query(None, text=None, visual=VECTORS[0], attributes=None, facets=FACETS)


def answer(index: EmbeddedIndex, query: Query) -> Results | str:
    try:
        return index.search(query)
    except InvalidField as refused:
        return refused.field


@settings(max_examples=80, deadline=None)
@given(st.lists(corpora(size=12), min_size=1, max_size=4), st.lists(queries(), max_size=4))
def test_an_index_that_follows_its_batches_answers_like_one_opened_afterwards(
    batches: list[list[Document]], asked: list[Query]
) -> None:
    index = EmbeddedIndex.at(None)
    everyone = [Query(None, attributes=Clause(), facets=FACETS), EVERYTHING, *asked]
    for batch in batches:
        for query in everyone:
            answer(index, query)  # so that all is held in memory before the next batch
        index.apply(batch)
    afresh = EmbeddedIndex.of(index.image())
    for query in everyone:
        assert answer(index, query) == answer(afresh, query)
    assert index.count(None) == afresh.count(None)


def test_a_photograph_edited_again_and_again_is_held_once() -> None:
    index = EmbeddedIndex.at(None)
    red = Document("a", 1, "ann", text="a dog", attributes=(Attribute("dog", ("red",)),))
    blue = replace(red, attributes=(Attribute("dog", ("blue",)), Attribute("boy")))
    index.apply([red])
    query = Query("ann", attributes=Clause("dog"), facets=("colours",))
    for rev in range(2, 60):
        index.apply([replace(blue if rev % 2 else red, rev=rev)])
        results = index.search(query)
        assert results.facets["colours"] == ((("blue" if rev % 2 else "red"), 1),)


def test_a_batch_that_is_given_up_changes_nothing_that_is_held() -> None:
    index = EmbeddedIndex.at(None)
    index.apply([Document("a", 1, "ann", text="a dog")])
    query = Query("ann", text="dog", facets=FACETS)
    before = index.search(query)
    try:
        with index.changing([Document("b", 1, "ann", text="a dog")]) as change:
            assert (len(change.entries), change.generation) == (1, 2)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert index.search(query) == before
    assert index.generation == 1
