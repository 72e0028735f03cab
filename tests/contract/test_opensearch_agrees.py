"""OpenSearch and the embedded engine give equal answers: hits, order, scores and explanations."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.images import Label
from chalicelib.search import Document, Query, Results, SearchIndex
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.opensearch import OpenSearchIndex
from chalicelib.search.query import NEAR_DUPLICATES
from chalicelib.search.text import stems
from tests.corpora import START, VECTORS, corpora, queries
from tests.opensearch import empty_index, needs_opensearch, shared_client

pytestmark = needs_opensearch

_QUERIES = st.builds(
    replace,
    queries(),
    unlike=st.sampled_from([(), VECTORS[:1], VECTORS[1:3]]),
    min_relevance=st.sampled_from([None, 0.5, "auto"]),
    collapse=st.sampled_from([None, None, NEAR_DUPLICATES]),
    explain=st.booleans(),
    limit=st.sampled_from([2, 100]),
)


@dataclass
class Pair:
    """Both engines, which were given the same documents, example after example."""

    cluster: OpenSearchIndex
    embedded: EmbeddedIndex = field(default_factory=EmbeddedIndex)
    rounds: Iterator[int] = field(default_factory=count)

    def apply(self, documents: list[Document]) -> None:
        """Take in what an example brings as newer than all that came before."""
        newer = 10 * next(self.rounds)
        batch = [
            # When a photograph was made never changes.
            replace(document, rev=document.rev + newer, created_at=made(document.image_id))
            for document in documents
        ]
        assert self.cluster.apply(batch) == self.embedded.apply(batch) == ()


def made(image_id: str) -> datetime | None:
    number = int(image_id.removeprefix("id-"))
    return START + timedelta(hours=number % 7) if number % 5 else None


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with empty_index() as cluster:
        yield Pair(cluster)


def answer(index: SearchIndex, query: Query) -> Results | str:
    try:
        return index.search(query)
    except InvalidField as refused:
        return refused.field


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(documents=corpora(), query=_QUERIES)
def test_both_engines_answer_alike(pair: Pair, documents: list[Document], query: Query) -> None:
    pair.apply(documents)
    first = answer(pair.cluster, query)
    assert first == answer(pair.embedded, query)
    if isinstance(first, Results) and first.cursor:
        more = replace(query, cursor=first.cursor)
        assert answer(pair.cluster, more) == answer(pair.embedded, more)
    assert pair.cluster.count(query.owner) == pair.embedded.count(query.owner)


@settings(max_examples=50, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(text=st.text(max_size=300))
def test_an_index_holds_a_captions_stems_as_they_are(pair: Pair, text: str) -> None:
    index = pair.cluster.aliases.read().live
    asked = {"field": "caption", "text": " ".join(stems(text))}
    found = shared_client().indices.analyze(index=index, body=asked)["tokens"]
    assert [token["token"] for token in found] == [*stems(text)]


def test_no_phrase_matches_across_a_caption_and_its_labels(pair: Pair) -> None:
    labels = (Label("engine room", 0.9), Label("dog", 0.9))
    across = Document("id-100", 1_000_000, "eve", text="a fire", labels=labels)
    for index in (pair.cluster, pair.embedded):
        assert index.apply([across]) == ()
        for text, total in {'"fire engine"': 0, '"engine room"': 1, '"room dog"': 1}.items():
            assert index.search(Query("eve", text=text)).total == total
