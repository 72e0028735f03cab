"""Every catalogue keeps the same promises."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.catalogue import Catalogue
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.errors import InvalidField, RevisionConflict
from chalicelib.images import Attribute, Caption, Entry, Image, Source, State
from chalicelib.transitions import deleted, trashed, untrashed
from tests.images_table import counts_table, images_table
from tests.memory.catalogue import MemoryCatalogue

START = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["memory", "dynamodb"])
def catalogue(request: pytest.FixtureRequest) -> Iterator[Catalogue]:
    if request.param == "memory":
        yield MemoryCatalogue()
        return
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_table(**images_table("images"))
        client.create_table(**counts_table("counts"))
        yield DynamoCatalogue(client, "images", "counts")


def image(number: int = 0, owner: str = "ann", **more: Any) -> Image:
    moment = START + timedelta(seconds=number)
    plain = Image(f"id-{number:03}", owner, "bucket", f"uploads/{owner}/{number}.jpg")
    return replace(plain, **({"created_at": moment, "updated_at": moment} | more))


def test_a_saved_record_comes_back_whole(catalogue: Catalogue) -> None:
    whole = image(
        version_id="v1",
        sequencer="0055AED6DCD90281E5",
        content_type="image/jpeg",
        size=10,
        width=4,
        height=3,
        placeholder="#0a141e",
        sha256="ab" * 32,
        derivative_key="derived/x/display.webp",
        state=State.CAPTIONED,
        caption=Caption("a dog — “so”", Source.MODEL, "slim@1", 0.1 + 0.2, ("a brown dog",)),
        attributes=(Attribute("dog", ("brown",), ("run",)), Attribute("boy")),
        attributes_source=Source.MODEL,
        reason="so",
        visual=bytes(range(256)) * 2,
        semantic=b"\0" * 512,
        processed_by="slim@1",
    )
    stored = catalogue.save(whole, expected_rev=0)
    assert stored.rev == 1
    assert catalogue.get(whole.image_id) == stored


def test_an_unknown_record_is_none(catalogue: Catalogue) -> None:
    assert catalogue.get("nobody") is None


def test_a_write_on_another_revision_is_refused_and_changes_nothing(catalogue: Catalogue) -> None:
    first = catalogue.save(image(), expected_rev=0)
    second = catalogue.save(replace(first, reason="second"), expected_rev=1)
    for stale in (0, 1, 7):
        with pytest.raises(RevisionConflict):
            catalogue.save(replace(first, reason="stale"), expected_rev=stale)
    assert catalogue.get(first.image_id) == second


@pytest.mark.parametrize("owner", ["ann", None])
def test_a_listing_holds_whole_records(catalogue: Catalogue, owner: str | None) -> None:
    caption = Caption("a dog", Source.USER)
    described = image(state=State.CAPTIONED, caption=caption, visual=b"\0" * 512)
    stored = catalogue.save(described, expected_rev=0)
    assert catalogue.list(owner, state=None, limit=9, cursor=None).items == (stored,)
    assert catalogue.list(owner, state=State.CAPTIONED, limit=9, cursor=None).items == (stored,)


def test_listing_pages_newest_first_without_loss(catalogue: Catalogue) -> None:
    for number in range(7):
        catalogue.save(image(number), expected_rev=0)
    catalogue.save(image(99, owner="bob"), expected_rev=0)
    seen, cursor = [], None
    while True:
        page = catalogue.list("ann", state=None, limit=3, cursor=cursor)
        seen += [item.image_id for item in page.items]
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.items) == 3
    assert seen == [f"id-{number:03}" for number in reversed(range(7))]


def test_listing_by_state_and_for_everyone(catalogue: Catalogue) -> None:
    catalogue.save(image(1, state=State.FAILED), expected_rev=0)
    catalogue.save(image(2, state=State.CAPTIONED), expected_rev=0)
    catalogue.save(image(3, owner="bob", state=State.FAILED), expected_rev=0)
    of_ann = catalogue.list("ann", state=State.FAILED, limit=9, cursor=None)
    of_all = catalogue.list(None, state=State.FAILED, limit=9, cursor=None)
    assert [item.image_id for item in of_ann.items] == ["id-001"]
    assert [item.image_id for item in of_all.items] == ["id-003", "id-001"]
    everyone = catalogue.list(None, state=None, limit=9, cursor=None)
    assert [item.image_id for item in everyone.items] == ["id-003", "id-002", "id-001"]


@pytest.mark.fault(21)
def test_paging_goes_on_where_it_stood_while_records_come_and_go(catalogue: Catalogue) -> None:
    for number in range(4):
        catalogue.save(image(number), expected_rev=0)
    first = catalogue.list("ann", state=None, limit=2, cursor=None)
    catalogue.save(image(9), expected_rev=0)
    gone = catalogue.get("id-002")
    assert gone is not None
    catalogue.save(deleted(gone, START), expected_rev=1)
    second = catalogue.list("ann", state=None, limit=2, cursor=first.cursor)
    assert [item.image_id for item in second.items] == ["id-001", "id-000"]


@pytest.mark.fault(22)
def test_a_cursor_of_another_listing_or_a_forged_one_is_refused(catalogue: Catalogue) -> None:
    for number in range(3):
        catalogue.save(image(number), expected_rev=0)
    cursor = catalogue.list("ann", state=None, limit=1, cursor=None).cursor
    assert cursor
    for listing, wrong in (("bob", cursor), ("ann", cursor[:-2]), ("ann", "é"), ("ann", "AAAA")):
        with pytest.raises(InvalidField, match="cursor"):
            catalogue.list(listing, state=None, limit=1, cursor=wrong)


def test_a_tombstone_is_kept_but_neither_listed_nor_counted(catalogue: Catalogue) -> None:
    catalogue.save(image(1), expected_rev=0)
    living = catalogue.get("id-001")
    assert living is not None
    catalogue.save(deleted(living, START), expected_rev=1)
    kept = catalogue.get("id-001")
    assert kept is not None
    assert (kept.state, kept.owner, kept.rev) == (State.DELETED, "ann", 2)
    assert not catalogue.list("ann", state=None, limit=9, cursor=None).items
    assert not catalogue.list(None, state=None, limit=9, cursor=None).items
    assert sum(catalogue.counts("ann").states.values()) == 0
    assert [record.image_id for record in catalogue.scan()] == ["id-001"]


def test_what_is_in_the_trash_comes_back_whole_and_is_neither_listed_nor_counted(
    catalogue: Catalogue,
) -> None:
    said = Caption("a dog", Source.USER)
    whole = image(1, state=State.CAPTIONED, caption=said, sha256="aa", visual=b"\0" * 512)
    first = catalogue.save(whole, expected_rev=0)
    later = START + timedelta(days=1)
    there = catalogue.save(trashed(first, later, version_id="v1"), expected_rev=1)
    assert catalogue.get("id-001") == there
    assert (there.created_at, there.caption, there.trashed_at) == (first.created_at, said, later)
    assert [*catalogue.scan()] == [there]
    for owner in ("ann", None):
        for state in (None, State.CAPTIONED):
            assert not catalogue.list(owner, state=state, limit=9, cursor=None).items
        assert sum(catalogue.counts(owner).states.values()) == 0
        assert catalogue.trash(owner, limit=9, cursor=None).items == (there,)
    assert catalogue.with_content("ann", "aa") == ()
    back = catalogue.save(untrashed(there, later), expected_rev=2)
    assert back == replace(first, rev=3, updated_at=later)
    assert catalogue.trash("ann", limit=9, cursor=None).items == ()
    assert catalogue.list("ann", state=None, limit=9, cursor=None).items == (back,)
    assert catalogue.with_content("ann", "aa") == (back,)
    assert catalogue.counts("ann").states[State.CAPTIONED] == 1


def test_the_trash_pages_latest_trashed_first_and_is_an_owners_own(catalogue: Catalogue) -> None:
    for number, owner, day in ((1, "ann", 3), (2, "ann", 1), (3, "bob", 4), (4, "ann", 2)):
        stored = catalogue.save(image(number, owner=owner), expected_rev=0)
        catalogue.save(trashed(stored, START + timedelta(days=day)), expected_rev=1)
    gone = catalogue.save(image(5), expected_rev=0)
    gone = catalogue.save(trashed(gone, START), expected_rev=1)
    catalogue.save(deleted(gone, START), expected_rev=2)
    first = catalogue.trash("ann", limit=2, cursor=None)
    rest = catalogue.trash("ann", limit=2, cursor=first.cursor)
    found = [one.image_id for page in (first, rest) for one in page.items]
    assert (found, rest.cursor) == (["id-001", "id-004", "id-002"], None)
    everyone = catalogue.trash(None, limit=9, cursor=None).items
    assert [one.image_id for one in everyone] == ["id-003", "id-001", "id-004", "id-002"]
    with pytest.raises(InvalidField, match="cursor"):
        catalogue.trash("bob", limit=2, cursor=first.cursor)


def test_a_reading_of_everything_goes_on_where_it_stopped(catalogue: Catalogue) -> None:
    for number in range(7):
        catalogue.save(image(number), expected_rev=0)
    whole = [record.image_id for record in catalogue.scan()]
    assert len(whole) == 7
    for cut, last in enumerate(whole):
        rest = [record.image_id for record in catalogue.scan(after=last)]
        assert rest == whole[cut + 1 :]


def test_counts_are_an_owners_own(catalogue: Catalogue) -> None:
    catalogue.save(image(1, state=State.CAPTIONED), expected_rev=0)
    catalogue.save(image(2, state=State.FAILED), expected_rev=0)
    catalogue.save(image(3, owner="bob", state=State.FAILED), expected_rev=0)
    assert catalogue.counts("ann").states[State.FAILED] == 1
    assert catalogue.counts(None).states[State.FAILED] == 2
    assert catalogue.counts(None).states[State.CAPTIONED] == 1


def test_many_records_come_in_one_go_and_the_unknown_are_left_out(catalogue: Catalogue) -> None:
    for number in range(130):
        catalogue.save(image(number), expected_rev=0)
    wanted = [f"id-{number:03}" for number in range(130)]
    found = catalogue.get_many([*wanted, "nobody", "id-000"])
    assert sorted(found) == wanted
    assert found["id-007"] == catalogue.get("id-007")


def test_records_of_a_content_are_an_owners_own_and_living_the_oldest_first(
    catalogue: Catalogue,
) -> None:
    for number, owner, sha256 in (
        (3, "ann", "aa"),
        (1, "ann", "aa"),
        (2, "ann", "bb"),
        (4, "bob", "aa"),
        (5, "ann", None),
    ):
        catalogue.save(image(number, owner=owner, sha256=sha256), expected_rev=0)
    gone = catalogue.save(image(6, sha256="aa"), expected_rev=0)
    catalogue.save(deleted(gone, START), expected_rev=1)
    assert [one.image_id for one in catalogue.with_content("ann", "aa")] == ["id-001", "id-003"]
    assert catalogue.with_content("ann", "cc") == ()


def test_a_record_is_found_by_its_newest_content_only(catalogue: Catalogue) -> None:
    announced = catalogue.save(image(entry=Entry("first", "of it"), sha256="aa"), expected_rev=0)
    assert catalogue.with_content("ann", "aa") == (announced,)
    catalogue.save(replace(announced, sha256="bb"), expected_rev=1)
    assert catalogue.with_content("ann", "aa") == ()
    assert [one.rev for one in catalogue.with_content("ann", "bb")] == [2]


@pytest.mark.fault(35)
@mock_aws
def test_a_record_of_a_release_that_knew_more_is_read_listed_and_written() -> None:
    """As after a roll-back: what the later release added is passed over."""
    client = boto3.client(
        "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_table(**images_table("images"))
    client.create_table(**counts_table("counts"))
    catalogue = DynamoCatalogue(client, "images", "counts")
    said = Caption("a dog", Source.USER)
    stored = catalogue.save(image(state=State.CAPTIONED, caption=said), expected_rev=0)
    client.update_item(
        TableName="images",
        Key={"image_id": {"S": stored.image_id}},
        UpdateExpression="SET altitude = :told, caption.altitude = :told",
        ExpressionAttributeValues={":told": {"M": {"metres": {"N": "7"}}}},
    )
    assert catalogue.get(stored.image_id) == stored
    assert [*catalogue.scan()] == [stored]
    assert catalogue.list("ann", state=None, limit=9, cursor=None).items == (stored,)
    assert catalogue.save(replace(stored, reason="so"), expected_rev=1).rev == 2
    assert catalogue.counts("ann").states[State.CAPTIONED] == 1
