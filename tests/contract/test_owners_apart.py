"""Whatever one owner is answered is the same with and without another's photographs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.images import Label
from chalicelib.search import Document, Query, Results, SearchIndex
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.query import NEAR_DUPLICATES
from tests.corpora import VECTORS, corpora, queries
from tests.opensearch import empty_index, needs_opensearch
from tests.searching import document, told

QUERIES = st.builds(
    replace,
    queries(),
    owner=st.just("ann"),
    unlike=st.sampled_from([(), VECTORS[:1], VECTORS[1:3]]),
    min_relevance=st.sampled_from([None, 0.5, "auto"]),
    collapse=st.sampled_from([None, None, NEAR_DUPLICATES]),
    explain=st.booleans(),
    limit=st.sampled_from([2, 100]),
)
TYPED = ["d", "do", "bo", "re", "s", "café", "wal"]
MISTYPED = ["dgo", "bog", "runing", "shrit", "persom", "engone", "wals", "beech"]


@dataclass
class Rooms:
    """Two indexes of one engine, example after example: Ann's alone, and with everybody's."""

    alone: SearchIndex
    shared: SearchIndex
    rounds: Iterator[int] = field(default_factory=count)

    def take(self, hers: Sequence[Document], others: Sequence[Document]) -> None:
        """Let both hold these and nothing else that can be found."""
        newer = 10 * next(self.rounds)
        # Whose a photograph is never changes, nor which ids are hers.
        own = [replace(d, owner="ann", rev=d.rev + newer) for d in hers]
        foreign = [
            replace(d, image_id=f"foreign {d.image_id}", owner="bob", rev=d.rev + newer)
            for d in others
        ]
        gone = [
            replace(d, rev=newer, deleted=True)
            for d in (document(f"id-{n}", owner="ann") for n in range(40))
        ]
        foreign_gone = [replace(d, image_id=f"foreign {d.image_id}", owner="bob") for d in gone]
        assert self.alone.apply([*gone, *own]) == ()
        assert self.shared.apply([*gone, *foreign_gone, *own, *foreign]) == ()


@pytest.fixture(
    scope="module", params=["embedded", pytest.param("opensearch", marks=needs_opensearch)]
)
def rooms(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    if request.param == "embedded":
        yield Rooms(EmbeddedIndex(), EmbeddedIndex())
    else:
        with empty_index() as alone, empty_index() as shared:
            yield Rooms(alone, shared)


def answers(index: SearchIndex, query: Query) -> list[object]:
    """Return all that can be asked for: pages with their cursors, counts, words."""
    told: list[object] = [index.count("ann"), index.nearest("ann", MISTYPED)]
    told += [index.suggest("ann", start, 20) for start in TYPED]
    for _ in range(4):
        try:
            page = index.search(query)
        except InvalidField as refused:
            return [*told, refused.field]
        told.append(page)
        if page.cursor is None:
            break
        query = replace(query, cursor=page.cursor)
    return told


COMMON = [document(f"id-{n}", "a dog runs red shirt", visual=VECTORS[n % 8]) for n in range(12)]
RARE = [told("id-0", "a dog on a beach"), document("id-1", "a boy", labels=(Label("dog", 0.9),))]
EXPLAINED = Query("ann", text="dog boy", explain=True, limit=2, visual=VECTORS[2])


@pytest.mark.fault(24)
@pytest.mark.fault(43)
@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(hers=corpora(), others=corpora(most=40, size=40), query=QUERIES)
@example(hers=RARE, others=COMMON, query=EXPLAINED)
@example(hers=RARE, others=COMMON, query=replace(EXPLAINED, visual=None, limit=1))
def test_no_answer_tells_of_anothers_photographs(
    rooms: Rooms, hers: list[Document], others: list[Document], query: Query
) -> None:
    rooms.take(hers, others)
    for one, other in zip(answers(rooms.alone, query), answers(rooms.shared, query), strict=True):
        assert one == other


LETTERS = "abcdefghijklmnopqrstuvwxyz"
NEAR = [f"waterfal{a}{b}" for a in LETTERS for b in LETTERS]


@pytest.mark.fault(43)
@pytest.mark.parametrize("held", ["waterfalls", "zaterfallq"])
def test_a_correction_is_the_owners_own_word_however_many_others_have(
    rooms: Rooms, held: str
) -> None:
    """Others' words are as near, more than an engine looks at, and some have the same stem."""
    others = [
        document(f"id-{n}", " ".join(NEAR[at : at + 40])) for n, at in enumerate(range(0, 676, 40))
    ]
    rooms.take([document("id-0", f"a {held}")], others)
    assert rooms.alone.nearest("ann", ["waterfallz"]) == {"waterfallz": held}
    assert rooms.shared.nearest("ann", ["waterfallz"]) == {"waterfallz": held}


@pytest.mark.fault(43)
def test_likeness_is_told_exactly_however_many_vectors_others_have(rooms: Rooms) -> None:
    hers = [document(f"id-{n}", visual=VECTORS[n]) for n in range(8)]
    others = [document(f"id-{n}", visual=VECTORS[n % 8]) for n in range(40)]
    rooms.take(hers, others)
    query = Query("ann", visual=VECTORS[3], limit=100, unlike=VECTORS[:1], explain=True)
    found = rooms.shared.search(query)
    assert isinstance(found, Results) and found == rooms.alone.search(query)
