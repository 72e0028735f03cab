"""Counts are kept with the records, right under whatever writes, and mended while those go on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from chalicelib.catalogue.counts import counter_of
from chalicelib.catalogue.dynamodb import DynamoCatalogue, item_of
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.errors import CatalogueUnavailable, RevisionConflict
from chalicelib.images import Image, State
from chalicelib.names import RECOUNT_PROGRESS
from tests.memory.storage import MemoryStorage
from tests.recounting import Bench, Interrupted

OWNERS = ("ann", "bob")


def client() -> Any:
    return boto3.client(
        "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


@pytest.fixture
def bench() -> Iterator[Bench]:
    with mock_aws():
        yield Bench(client())


def move(catalogue: DynamoCatalogue, number: int, state: State) -> None:
    """Bring a photograph, new or known, into a state."""
    image_id, owner = f"id-{number}", OWNERS[number % 2]
    held = catalogue.get(image_id)
    image = held or Image(image_id, owner, "bucket", f"uploads/{owner}/{number}.jpg")
    catalogue.save(replace(image, state=state), expected_rev=held.rev if held else 0)


def fill(bench: Bench, count: int, state: State = State.PENDING) -> None:
    for number in range(count):
        move(bench.catalogue, number, state)


# Kept with the record ----------------------------------------------------------------------------


def test_counts_follow_a_record_from_state_to_state(bench: Bench) -> None:
    fill(bench, 4)
    move(bench.catalogue, 0, State.CAPTIONED)
    move(bench.catalogue, 1, State.FAILED)
    move(bench.catalogue, 2, State.DELETED)
    assert bench.kept() == {State.CAPTIONED: 1, State.FAILED: 1, State.PENDING: 1}
    assert bench.kept("ann") == {State.CAPTIONED: 1}
    assert bench.kept("bob") == {State.FAILED: 1, State.PENDING: 1}
    assert bench.kept("nobody") == {}


def test_a_write_that_is_refused_counts_nothing(bench: Bench) -> None:
    fill(bench, 1)
    held = bench.catalogue.get("id-0")
    assert held is not None
    bench.catalogue.save(replace(held, state=State.CAPTIONED), expected_rev=1)
    for _ in range(3):
        with pytest.raises(RevisionConflict):
            bench.writer().save(replace(held, state=State.FAILED), expected_rev=1)
    assert bench.kept() == {State.CAPTIONED: 1}


def test_an_edit_writes_no_counter(bench: Bench) -> None:
    fill(bench, 1, State.CAPTIONED)
    before = client().scan(TableName="counts")["Items"]
    move(bench.catalogue, 0, State.CAPTIONED)
    assert client().scan(TableName="counts")["Items"] == before


def test_a_record_that_was_not_read_is_counted_out_of_the_state_it_stood_in(bench: Bench) -> None:
    fill(bench, 1)
    plain = Image("id-0", "ann", "bucket", "uploads/ann/0.jpg", state=State.FAILED)
    bench.catalogue.save(plain, expected_rev=1)
    assert bench.kept() == {State.FAILED: 1}


def test_a_write_whose_answer_was_lost_counts_once_though_it_is_tried_again(bench: Bench) -> None:
    class Lossy:
        """A client that does what it is asked, and whose first answer is lost."""

        is_lost = False

        def __getattr__(self, operation: str) -> Any:
            return getattr(bench.client, operation)

        def transact_write_items(self, **asked: Any) -> Any:
            answer = bench.client.transact_write_items(**asked)
            if not self.is_lost:
                self.is_lost = True
                raise ReadTimeoutError(endpoint_url="https://dynamodb")
            return answer

    lossy: Any = Lossy()
    catalogue = DynamoCatalogue(lossy, "images", "counts")
    image = Image("id-0", "ann", "bucket", "uploads/ann/0.jpg")
    with pytest.raises(CatalogueUnavailable):
        catalogue.save(image, expected_rev=0)
    assert catalogue.save(image, expected_rev=0).rev == 1
    assert bench.kept() == {State.PENDING: 1}


# Mended ------------------------------------------------------------------------------------------


def test_records_from_before_there_were_counts_are_counted(bench: Bench) -> None:
    fill(bench, 20)
    bench.forget()
    assert not bench.catalogue.counts(None).is_complete
    move(bench.catalogue, 3, State.CAPTIONED)  # its counter is made by this write
    assert bench.recount() > 0
    assert bench.catalogue.counts("ann").is_complete
    assert bench.catalogue.counts(None).is_complete
    assert bench.kept() == bench.true() == {State.PENDING: 19, State.CAPTIONED: 1}
    assert bench.kept("ann") == bench.true("ann")


def test_records_that_an_earlier_recount_met_are_counted_as_they_stand(bench: Bench) -> None:
    fill(bench, 10)
    bench.recount()
    fill(bench, 6, State.CAPTIONED)  # which notes in each how the recount found it
    bench.forget()  # as a stack does that takes up the table of another one
    bench.catalogue = bench.writer()
    bench.recount()
    assert bench.kept() == bench.true() == {State.CAPTIONED: 6, State.PENDING: 4}


def test_wrong_counters_are_mended_and_right_ones_left_alone(bench: Bench) -> None:
    fill(bench, 10)
    assert bench.recount() == 0
    bench.spoil()
    assert bench.kept() != bench.true()
    assert bench.recount() > 0
    assert bench.kept() == bench.true()
    assert bench.recount() == 0


def test_counters_of_owners_who_have_nothing_left_are_mended_too(bench: Bench) -> None:
    fill(bench, 6)
    bench.spoil()
    for number in range(6):
        move(bench.catalogue, number, State.DELETED)
    assert bench.recount() > 0
    assert bench.kept() == {}


def test_a_recount_that_was_cut_off_resumes_and_counts_nothing_twice(bench: Bench) -> None:
    fill(bench, 12)
    bench.spoil()

    def cut(page: int) -> None:
        if page == 2:
            raise Interrupted

    progress = RecountProgress(bench.storage)
    for _ in range(2):
        with pytest.raises(Interrupted):
            bench.recount(before=cut)
        held = progress.read()
        assert held is not None
        move(bench.writer(), 0, State.CAPTIONED)
        move(bench.writer(), 11, State.FAILED)
    assert bench.recount() > 0
    assert bench.kept() == bench.true()
    assert progress.read() is None


def test_a_progress_that_cannot_be_read_is_as_good_as_none(bench: Bench) -> None:
    fill(bench, 3)
    bench.spoil()
    bench.storage.write(RECOUNT_PROGRESS, b"{", content_type="application/json")
    assert bench.recount(unless_running=True) > 0
    assert bench.kept() == bench.true()


def test_what_was_counted_of_another_table_counts_for_nothing(bench: Bench) -> None:
    """As of the one that this table was restored from."""
    fill(bench, 6)
    progress = RecountProgress(bench.storage)

    def cut(page: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        bench.recount(before=cut)
    held = progress.read()
    assert held is not None
    counted = {counter_of("ann", "id-0"): {State.FAILED: 50}}
    progress.write(replace(held, table="restored from", found=counted))
    bench.recount()
    assert bench.kept() == bench.true()


def test_late_words_of_a_recount_that_another_finished_do_not_keep_the_next_one_from_counting(
    bench: Bench,
) -> None:
    fill(bench, 6)
    progress, told = RecountProgress(bench.storage), []
    bench.recount(before=lambda page: told.append(progress.read()))
    assert told[0] is not None
    progress.write(told[0])
    bench.spoil()
    bench.recount()
    assert bench.kept() == bench.true()


def test_a_recount_that_ended_while_it_corrected_corrects_nothing_twice(bench: Bench) -> None:
    fill(bench, 12)
    bench.forget()

    class Ending(MemoryStorage):
        """A bucket in which the last step of a recount is never done."""

        def delete(self, key: str) -> None:
            raise Interrupted

    bench.storage = Ending()
    with pytest.raises(Interrupted):
        bench.recount()
    move(bench.writer(), 0, State.CAPTIONED)
    with pytest.raises(Interrupted):
        bench.recount()
    assert bench.kept() == bench.true()


def test_a_recount_that_nobody_asked_for_leaves_another_alone(bench: Bench) -> None:
    def asked_again(page: int) -> None:
        if page == 0:
            with pytest.raises(RevisionConflict, match="another"):
                bench.recount("automatic", unless_running=True)

    fill(bench, 2)
    bench.recount("asked", before=asked_again)
    bench.recount("automatic", unless_running=True)


def test_a_later_recount_takes_over_and_the_earlier_ends(bench: Bench) -> None:
    fill(bench, 9)
    bench.spoil()

    def overtaken(page: int) -> None:
        if page == 1:
            bench.storage.delete("index/recount.json")
            bench.recount("later")
            move(bench.writer(), 4, State.CAPTIONED)

    with pytest.raises(RevisionConflict, match="later"):
        bench.recount("earlier", before=overtaken)
    assert bench.kept() == bench.true()


def test_two_recounts_at_once_find_the_same_and_correct_once(bench: Bench) -> None:
    fill(bench, 12)
    bench.forget()

    def beside(page: int) -> None:
        if page == 1:
            move(bench.writer(), 5, State.CAPTIONED)
            bench.recount("second", size=2)
            move(bench.writer(), 6, State.CAPTIONED)

    bench.recount("first", before=beside)
    assert bench.kept() == bench.true()


def test_counters_that_another_recount_let_begin_late_are_not_corrected_unread(
    bench: Bench,
) -> None:
    fill(bench, 3)

    class Overtaken(MemoryStorage):
        """A bucket in which a recount is slow to keep that it has read all."""

        is_over = False

        def write(self, key: str, body: bytes, *, content_type: str) -> None:
            if key == RECOUNT_PROGRESS and b'"correcting"' in body and not self.is_over:
                self.is_over = True
                for number in range(10, 30):
                    move(bench.writer(), number, State.PENDING)
                bench.recount("second")
            super().write(key, body, content_type=content_type)

    bench.storage = Overtaken()
    bench.recount("first")
    assert bench.storage.is_over
    assert bench.kept() == bench.true()


def test_a_writer_that_has_met_the_counters_is_not_refused_again(bench: Bench) -> None:
    fill(bench, 4)
    bench.recount()
    fresh = bench.writer()
    move(bench.writer(), 101, State.PENDING)  # its counter is of an older epoch than the others
    states = (State.CAPTIONED, State.FAILED)
    for number in (0, 1, 101):
        move(fresh, number, State.NEEDS_REVIEW)
    asked: list[str] = []
    bench.client.meta.events.register(
        "before-call.dynamodb.TransactWriteItems", lambda **_: asked.append("write")
    )
    for state in states:
        for number in (0, 101, 1):
            move(fresh, number, state)
    assert len(asked) == 6


# Whatever is written, whenever -------------------------------------------------------------------

WRITES = st.lists(st.tuples(st.integers(0, 11), st.sampled_from([*State])), min_size=0, max_size=12)


@given(
    before=WRITES,
    during=st.lists(WRITES, min_size=6, max_size=6),
    after=WRITES,
    lost=st.sampled_from(["nothing", "all", "some"]),
    size=st.integers(1, 5),
)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],  # to shrink takes minutes
)
def test_counts_equal_the_records_whatever_is_written_during_a_recount(
    before: list[tuple[int, State]],
    during: list[list[tuple[int, State]]],
    after: list[tuple[int, State]],
    lost: str,
    size: int,
) -> None:
    with mock_aws():
        bench = Bench(client())
        stale = bench.writer()
        for number, state in before:
            move(bench.catalogue, number, state)
        if lost == "nothing":
            assert bench.kept() == bench.true()
        {"all": bench.forget, "some": bench.spoil}.get(lost, lambda: None)()

        def write(page: int) -> None:
            for number, state in during[page] if page < len(during) else ():
                move(stale if number % 3 else bench.writer(), number, state)

        bench.recount(before=write, size=size)
        assert bench.kept() == bench.true()
        for number, state in after:
            move(bench.catalogue, number, state)
        for owner in (None, *OWNERS):
            assert bench.kept(owner) == bench.true(owner)


# Bounded -----------------------------------------------------------------------------------------


def test_stats_read_no_record_though_there_are_two_thousand(bench: Bench) -> None:
    for number in range(2_000):
        owner = OWNERS[number % 2]
        image = Image(f"id-{number}", owner, "bucket", f"uploads/{owner}/{number}.jpg", rev=1)
        bench.client.put_item(TableName="images", Item=item_of(image))
    bench.recount(size=500)
    read: list[int] = []

    def note(parsed: Any, **_: Any) -> None:
        tables = parsed.get("Responses", {"all": parsed.get("Items", ())})
        read.append(sum(map(len, tables.values())))

    bench.client.meta.events.register("after-call.dynamodb.*", note)
    assert bench.kept() == {State.PENDING: 2_000}
    assert sum(read) == 2 * 16 + 1
    read.clear()
    assert bench.kept("ann") == {State.PENDING: 1_000}
    assert sum(read) == 16 + 1
