"""The embedded index's file: opened, shared, damaged, and counted with big integers."""

import multiprocessing
import os
import random
import signal
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.attributes import normalised
from chalicelib.errors import SearchUnavailable
from chalicelib.images import Attribute
from chalicelib.search import Document, Query
from chalicelib.search.embedded import EmbeddedIndex, schema
from chalicelib.search.embedded.bits import flags, lowest, members, packed
from chalicelib.search.embedded.sliced import Sliced
from chalicelib.search.fusion import DEPTH
from chalicelib.search.vectors import product, quantised

QUERY = Query("ann", text="dog")


def document(number: int, rev: int = 1) -> Document:
    return Document(f"id-{number}", rev, "ann", text=f"dog {number}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


def test_what_was_taken_in_is_there_when_the_file_is_opened_again(path: Path) -> None:
    index = EmbeddedIndex.at(path)
    index.apply([document(1)])
    index.close()
    assert EmbeddedIndex.at(path).count("ann") == 1


def test_other_readers_of_the_file_see_what_the_writer_takes_in(path: Path) -> None:
    writer, reader = EmbeddedIndex.at(path), EmbeddedIndex.at(path)
    writer.apply([document(1)])
    assert reader.search(QUERY).total == 1
    writer.apply([document(2), replace(document(1), rev=2, deleted=True)])
    assert [hit.image_id for hit in reader.search(QUERY).hits] == ["id-2"]


def test_a_copy_of_a_file_in_use_is_whole(path: Path) -> None:
    index = EmbeddedIndex.at(path)
    index.apply([document(number) for number in range(50)])
    copy = EmbeddedIndex.of(index.image())
    index.apply([document(99)])
    assert copy.search(QUERY).total == 50


def _write_until_killed(path: Path) -> None:
    index = EmbeddedIndex.at(path)
    for start in range(0, 100_000, 10):
        index.apply([document(number) for number in range(start, start + 10)])


def test_a_writer_killed_at_any_moment_leaves_whole_batches(path: Path) -> None:
    EmbeddedIndex.at(path).close()
    process = multiprocessing.get_context("spawn").Process(target=_write_until_killed, args=(path,))
    process.start()
    reader = EmbeddedIndex.at(path)
    while reader.count(None) < 50:
        assert process.is_alive()
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    after = EmbeddedIndex.at(path)
    total = after.count(None)
    assert total % 10 == 0
    assert after.search(QUERY).total == total
    after.apply([document(-1)])
    assert after.count(None) == total + 1


def test_a_file_that_another_writer_holds_is_unavailable_and_unharmed(path: Path) -> None:
    holder = schema.opened(path)
    index = EmbeddedIndex(schema.opened(path, busy_milliseconds=10))
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(SearchUnavailable):
        index.apply([document(1)])
    holder.execute("ROLLBACK")
    index.apply([document(1)])
    assert index.count("ann") == 1


def test_a_full_disk_takes_nothing_in_and_keeps_what_is_there(path: Path) -> None:
    connection = schema.opened(path)
    index = EmbeddedIndex(connection)
    index.apply([document(1)])
    pages = connection.pragma("page_count")
    connection.pragma("max_page_count", pages)
    with pytest.raises(SearchUnavailable):
        index.apply([document(number) for number in range(2, 2_000)])
    connection.pragma("max_page_count", 1_000_000)
    assert index.search(QUERY).total == 1
    index.apply([document(2)])
    assert index.search(QUERY).total == 2


@pytest.mark.parametrize("content", [b"not a database at all" * 400, b"SQLite format 3\0" * 300])
def test_what_is_no_index_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SearchUnavailable):
        EmbeddedIndex.at(path)
    with pytest.raises(SearchUnavailable):
        EmbeddedIndex.of(content)


def test_an_index_of_another_version_is_refused(path: Path) -> None:
    connection = schema.opened(path)
    connection.execute("UPDATE meta SET value = 99 WHERE key = 'version'")
    with pytest.raises(SearchUnavailable, match="version 99"):
        EmbeddedIndex.at(path)


def test_a_truncated_copy_is_an_error_and_not_an_empty_answer() -> None:
    index = EmbeddedIndex.at(None)
    index.apply([document(number) for number in range(500)])
    with pytest.raises(SearchUnavailable):
        EmbeddedIndex.of(index.image()[:8_192]).search(QUERY)


def test_explanations_say_what_each_part_gave() -> None:
    index = EmbeddedIndex.at(None)
    index.apply([document(1)])
    (hit,) = index.search(replace(QUERY, explain=True)).hits
    assert hit.explanation is not None
    (part,) = hit.explanation
    assert (part.part, part.score, part.rank, part.share) == ("words", hit.score, 1, hit.score)


def test_the_engine_needs_no_numpy() -> None:
    script = (
        "import sys; import chalicelib.search.embedded; import chalicelib.attributes;"
        " sys.exit('numpy' in sys.modules)"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", script]) == 0


_SETS = st.sets(st.integers(0, 300))


@given(_SETS, st.integers(0, 400))
def test_a_set_of_bits_is_the_set_it_was_packed_from(numbers: set[int], count: int) -> None:
    bits = packed(numbers, 301)
    assert members(bits) == sorted(numbers)
    assert lowest(bits, count) == sorted(numbers)[:count]
    assert [at for at, flag in enumerate(flags(bits, 301)) if flag] == sorted(numbers)
    assert len(flags(bits, 301)) == 301


@given(_SETS, st.lists(st.tuples(st.integers(0, 70), _SETS), max_size=8), st.integers(0, 400))
def test_sliced_scores_are_the_sums_they_stand_for(
    matches: set[int], added: list[tuple[int, set[int]]], count: int
) -> None:
    scores = Sliced(packed(matches, 301))
    plain = dict.fromkeys(matches, 0)
    for weight, documents in added:
        scores.add(weight, packed(documents, 301))
        for one in documents & matches:
            plain[one] += weight
    order = sorted((-score, one) for one, score in plain.items())
    assert scores.best(count, scores.matches) == order[:count]
    for bound in {0, 1, count, *plain.values()}:
        lower, equal = scores.below(bound)
        assert members(lower) == sorted(one for one, score in plain.items() if score < bound)
        assert members(equal) == sorted(one for one, score in plain.items() if score == bound)


def test_an_attribute_is_kept_in_the_forms_that_are_compared() -> None:
    index = EmbeddedIndex.at(None)
    given_words = Attribute("Dogs", ("scarlet",), ("running",))
    index.apply([replace(document(1), attributes=(given_words,))])
    facets = index.search(replace(QUERY, facets=("subjects", "colours", "actions"))).facets
    kept = normalised(given_words)
    assert facets == {
        "subjects": ((kept.subject, 1),),
        "colours": ((kept.colours[0], 1),),
        "actions": ((kept.actions[0], 1),),
    }


@pytest.mark.parametrize("order", ["shuffled", "ascending", "periodic"])
def test_the_nearest_are_all_found_whatever_order_they_lie_in(order: str) -> None:
    index = EmbeddedIndex.at(None)
    count = 3_000
    shares = [number / count for number in range(count)]
    if order == "shuffled":
        random.Random(1).shuffle(shares)
    elif order == "periodic":  # every sixteenth, which a sample looks at, is high
        shares = [
            0.9 + share / 10 if at % 16 == 0 else share / 2 for at, share in enumerate(shares)
        ]
    vectors = [struct.pack("<256e", share / 2, *[0.0] * 255) for share in shares]
    documents = [replace(document(n), visual=vector) for n, vector in enumerate(vectors)]
    index.apply(documents)
    query = struct.pack("<256e", 0.5, *[0.0] * 255)
    results = index.search(Query("ann", visual=query, limit=100))
    best = sorted((product(quantised(one), quantised(query)) for one in vectors), reverse=True)
    assert [hit.score for hit in results.hits] == best[:100]
    assert results.total == DEPTH
