"""Another index takes the live one's place, by alias or without, while writes go on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from chalicelib.errors import NotFound, RevisionConflict, SearchUnavailable
from chalicelib.images import State
from chalicelib.search import Document, Query
from chalicelib.search.opensearch import OpenSearchIndex, RebuildingIndex, index_of
from chalicelib.search.opensearch.flavour import DOMAIN, Flavour
from chalicelib.search.opensearch.register import Places
from tests.opensearch import IMPATIENT, needs_opensearch, own_prefix, shared_client

pytestmark = needs_opensearch

WITHOUT_ALIASES = replace(DOMAIN, aliases=False, templates=False)


class Cut(Exception):
    """The reading of the catalogue ends, as at a kill."""


@dataclass
class Noted:
    """A progress that remembers."""

    stopped: tuple[int, str | None] = (0, None)

    def note(self, records: int, last: str | None) -> None:
        self.stopped = (records, last)


@dataclass
class Bench:
    """A catalogue, and the index that is made of it.

    Attributes
    ----------
    between
        Called after each record that a rebuild reads.
    """

    index: OpenSearchIndex
    catalogue: dict[str, Document] = field(default_factory=dict)
    between: Callable[[str], None] = lambda image_id: None

    @property
    def rebuilding(self) -> RebuildingIndex:
        return RebuildingIndex(self.index, self.everything)

    def everything(self, after: str | None) -> Iterable[Document]:
        for image_id in sorted(self.catalogue):
            if after is None or image_id > after:
                yield self.catalogue[image_id]
                self.between(image_id)

    def save(self, *documents: Document, deliver: bool = True) -> None:
        """Change the catalogue, and let the stream tell the index of it."""
        self.catalogue |= {document.image_id: document for document in documents}
        if deliver:
            assert self.rebuilding.apply(documents) == ()

    def found(self) -> dict[str, str]:
        texts = ("old", "new", "late")
        hits = {text: self.index.search(Query("ann", text=text, limit=100)).hits for text in texts}
        return {hit.image_id: text for text, found in hits.items() for hit in found}

    def indexes(self) -> set[str]:
        return set(shared_client().indices.get(index=f"{self.prefix}-*"))

    @property
    def prefix(self) -> str:
        return str(self.index.register.read().live).rsplit("-", 1)[0]


@pytest.fixture(params=[DOMAIN, WITHOUT_ALIASES], ids=["aliases", "document"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    flavour: Flavour = request.param
    with own_prefix() as prefix:
        yield Bench(index_of(shared_client(), flavour, IMPATIENT, prefix=prefix, refresh="true"))


def document(number: int, text: str = "old", rev: int = 1) -> Document:
    return Document(f"{number:03}", rev, "ann", text=text)


def removed(number: int, rev: int = 2) -> Document:
    return Document(f"{number:03}", rev, "ann", deleted=True, state=State.DELETED)


def test_the_first_batch_brings_the_whole_catalogue_with_it(bench: Bench) -> None:
    bench.save(*map(document, range(5)), deliver=False)
    with pytest.raises(SearchUnavailable, match="no search index"):
        bench.index.search(Query("ann", text="old"))
    bench.save(document(9))
    assert set(bench.found()) == {"000", "001", "002", "003", "004", "009"}


def test_what_is_written_while_an_index_is_made_is_in_it(bench: Bench) -> None:
    bench.save(*map(document, range(6)))
    told: set[str] = set()

    def meanwhile(image_id: str) -> None:
        if image_id == "002" and not told:
            told.add(image_id)
            bench.save(document(0, "new", 2), document(5, "new", 2), removed(1), document(7))
            assert bench.found()["005"] == "new"  # in the live index at once
            bench.save(document(4, "new", 2), deliver=False)  # told of only after the exchange

    bench.between = meanwhile
    live = bench.index.register.read().live
    assert bench.rebuilding.rebuild() == 6  # 007 is read as well, 001 is a removal now
    now = bench.index.register.read()
    assert now.live != live and now.previous == live and now.building is None
    assert bench.found() == {
        "000": "new", "002": "old", "003": "old", "004": "new", "005": "new", "007": "old",
    }  # fmt: skip
    bench.save(document(4, "new", 2), document(1, "late", 1))  # late deliveries change nothing
    assert "001" not in bench.found()


def test_going_back_loses_nothing_that_was_written_since(bench: Bench) -> None:
    bench.save(*map(document, range(4)))
    first = bench.index.register.read().live
    bench.rebuilding.rebuild()
    bench.save(document(0, "new", 2), removed(1), document(9))
    assert bench.rebuilding.roll_back() == 5
    now = bench.index.register.read()
    assert now.live == first
    assert bench.found() == {"000": "new", "002": "old", "003": "old", "009": "old"}
    bench.rebuilding.roll_back()  # and forth again
    assert bench.index.register.read().previous == first
    assert bench.found() == {"000": "new", "002": "old", "003": "old", "009": "old"}


def test_of_many_exchanges_the_live_index_and_the_one_before_it_stay(bench: Bench) -> None:
    bench.save(document(1))
    for _ in range(3):
        bench.rebuilding.rebuild()
    now = bench.index.register.read()
    assert bench.indexes() == {now.live, now.previous}


def test_a_cut_run_is_gone_on_with_where_it_stopped(bench: Bench) -> None:
    many = [document(number) for number in range(3)]
    bench.save(*many)
    bench.rebuilding.rebuild()
    noted = Noted()
    reached: list[str] = []

    def cut(image_id: str) -> None:
        reached.append(image_id)
        if image_id == "001":
            raise Cut

    bench.between = cut
    with pytest.raises(Cut):
        bench.rebuilding.rebuild(noted)
    building = bench.index.register.read().building
    assert building is not None
    bench.save(document(0, "new", 2))  # goes to both
    with pytest.raises(RevisionConflict):
        bench.rebuilding.roll_back()  # one index at a time
    bench.between = reached.append
    assert bench.index.write((building,), [document(1)]).failed == ()
    noted.stopped = (2, "001")  # as the journal has it where that was a whole batch
    assert bench.rebuilding.rebuild(noted) == 3
    assert reached == ["000", "001", "002"]
    assert bench.index.register.read().live == building
    assert bench.found() == {"000": "new", "001": "old", "002": "old"}


def test_a_way_back_that_was_cut_is_gone_on_with(bench: Bench) -> None:
    bench.save(*map(document, range(3)))
    first = bench.index.register.read().live
    bench.rebuilding.rebuild()

    def cut(image_id: str) -> None:
        raise Cut

    bench.between = cut
    with pytest.raises(Cut):
        bench.rebuilding.roll_back()
    bench.between = lambda image_id: None
    assert bench.rebuilding.roll_back() == 3
    assert bench.index.register.read().live == first


def test_there_is_no_way_back_from_the_first_index(bench: Bench) -> None:
    bench.save(document(1))
    with pytest.raises(NotFound, match="no former"):
        bench.rebuilding.roll_back()


def test_of_two_that_begin_at_once_one_does(bench: Bench) -> None:
    bench.save(document(1))
    seen = bench.index.register.read()
    bench.index.begin(seen)
    with pytest.raises(SearchUnavailable):
        bench.index.begin(seen)


def test_an_index_of_an_earlier_version_is_not_gone_on_with(bench: Bench) -> None:
    bench.save(document(1))
    begun = bench.index.begin(bench.index.register.read())
    mapping = {"_meta": {"version": 0}}
    shared_client().indices.put_mapping(index=begun.building, body=mapping)
    bench.rebuilding.rebuild()
    assert bench.found() == {"001": "old"}
    assert bench.index.is_current(str(bench.index.register.read().live))


def test_places_are_told_apart_by_their_numbers() -> None:
    assert Places().next("x") == "x-000001"
    assert Places(live="x-000009", previous="x-000010").next("x") == "x-000011"
    assert Places(live="x-000002", building="x-000001").goes_back
    assert not Places(live="x-000001", building="x-000002").goes_back
