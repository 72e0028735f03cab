"""OpenSearch and the embedded engine give the same answers, scores included.

What may differ is the order of photographs with equal scores, and with ``collapse`` which of
several that look the same stands for them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from chalicelib.search.analysis import stems
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.search import Document, Hit, Query, Results, SearchIndex
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.opensearch import OpenSearchIndex
from chalicelib.search.query import NEAR_DUPLICATES
from tests.corpora import START, VECTORS, corpora, queries
from tests.opensearch import empty_index, needs_opensearch, shared_client

pytestmark = needs_opensearch

TOLERANCE = 1e-6

_ASKED = st.builds(
    replace,
    queries(),
    unlike=st.sampled_from([(), VECTORS[:1], VECTORS[1:3]]),
    min_relevance=st.sampled_from([None, 0.5, "auto"]),
    collapse=st.sampled_from([None, None, NEAR_DUPLICATES]),
    explain=st.booleans(),
)


@dataclass
class Pair:
    """Both engines, which were given the same documents, example after example."""

    cluster: OpenSearchIndex
    embedded: EmbeddedIndex = field(default_factory=EmbeddedIndex.at)
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


def score(hit: Hit) -> float:
    return hit.score


def agree(one: Results, other: Results, query: Query) -> None:
    assert (one.total, one.facets, one.degraded) == (other.total, other.facets, other.degraded)
    assert [hit.score for hit in one.hits] == sorted(map(score, one.hits), reverse=True)
    if query.collapse:
        return
    assert list(map(score, one.hits)) == pytest.approx(list(map(score, other.hits)), abs=TOLERANCE)
    told = {hit.image_id: hit for hit in other.hits}
    assert {hit.image_id for hit in one.hits} == set(told)
    for hit in one.hits:
        agree_on(hit, told[hit.image_id])


def agree_on(hit: Hit, other: Hit) -> None:
    assert hit.score == pytest.approx(other.score, abs=TOLERANCE)
    assert hit.highlight == other.highlight
    assert len(hit.explanation or ()) == len(other.explanation or ())
    for given_, wanted in zip(hit.explanation or (), other.explanation or (), strict=True):
        assert (given_.part, dict(given_.terms)) == (wanted.part, dict(wanted.terms))
        assert given_.score == pytest.approx(wanted.score, abs=TOLERANCE)
        assert given_.share == pytest.approx(wanted.share, abs=TOLERANCE)


@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(documents=corpora(), query=_ASKED)
def test_both_engines_answer_alike(pair: Pair, documents: list[Document], query: Query) -> None:
    pair.apply(documents)
    wanted = answer(pair.embedded, query)
    given_ = answer(pair.cluster, query)
    if isinstance(wanted, str) or isinstance(given_, str):
        assert given_ == wanted
    else:
        agree(given_, wanted, query)
    assert pair.cluster.count(query.owner) == pair.embedded.count(query.owner)


# Of words with letters beyond these SQLite's stemmer counts bytes, Lucene's counts letters.
_ENGLISH = [
    chr(code)
    for code in range(1, 0x0250)
    if all(stem.isascii() for stem in stems(chr(code)))
]  # fmt: skip
_OTHERS = [chr(code) for code in range(0x0250, 0x0530) if chr(code).isalpha()]  # to Cyrillic


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    texts=st.lists(st.text(st.sampled_from(_ENGLISH), max_size=40), min_size=20, max_size=40),
    others=st.lists(st.sampled_from(_OTHERS), max_size=50),
)
def test_both_engines_read_english_alike(pair: Pair, texts: list[str], others: list[str]) -> None:
    (index,) = pair.cluster.register.read().written
    asked = {"analyzer": "english", "text": [*texts, *others]}
    told = shared_client().indices.analyze(index=index, body=asked)["tokens"]
    wanted = [stem for text in asked["text"] for stem in stems(text)]
    assert [token["token"] for token in told] == wanted
