"""What a killed emulator would forget is on disk, whole, when it is answered for."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.journal import Change, Journal
from local.saved_state import finish_replacing, replace_state

ITEMS = "items"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path)
    yield journal
    journal.close()


def item(key: str, value: object) -> Change:
    return Change(ITEMS, "images", key, None if value is None else json.dumps(value))


def again(path: Path, saved: dict[str, dict[str, object]] | None = None) -> object:
    reopened = Journal(path)
    try:
        return reopened.take_up(ITEMS, saved or {})
    finally:
        reopened.close()


def test_the_last_value_of_an_item_is_there_while_its_writer_still_lives(
    journal: Journal, path: Path
) -> None:
    journal.take_up(ITEMS, {})
    journal.write([item("a", 1), item("b", 2)])
    journal.write([item("a", 3)])
    assert again(path) == {"images": {"a": 3, "b": 2}}


def test_what_was_removed_stays_away(journal: Journal, path: Path) -> None:
    journal.take_up(ITEMS, {})
    journal.write([item("a", 1), item("b", 2)])
    journal.write([item("a", None)])
    assert again(path) == {"images": {"b": 2}}


def test_entries_keep_their_order(journal: Journal, path: Path) -> None:
    journal.take_up(ITEMS, {})
    journal.write([item(key, key) for key in "cab"])
    journal.write([item("c", "changed")])
    assert list(journal.take_up(ITEMS, {})["images"]) == ["c", "a", "b"]


def test_a_first_journal_begins_with_what_was_saved_without_one(
    journal: Journal, path: Path
) -> None:
    saved: dict[str, dict[str, object]] = {"images": {"a": 1}}
    assert journal.take_up(ITEMS, saved) == saved
    journal.write([item("a", None)])
    assert again(path, saved) == {}


def test_a_deleted_table_leaves_nothing_to_one_of_its_name(journal: Journal, path: Path) -> None:
    journal.take_up(ITEMS, {})
    journal.write([item("a", 1), Change(ITEMS, "tokens", "t", "2")])
    journal.forget(ITEMS, "images")
    assert again(path) == {"tokens": {"t": 2}}


def test_of_a_write_that_fails_half_way_nothing_is_kept(journal: Journal, path: Path) -> None:
    journal.take_up(ITEMS, {})

    def cut_short() -> Iterator[Change]:
        yield item("a", 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        journal.write(cut_short())
    assert again(path) == {}


def save(**services: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name, value in services.items():
            (folder / f"{name}.json").write_text(str(value))

    return write


def saved(state: Path) -> dict[str, str]:
    return {file.stem: file.read_text() for file in state.glob("*.json")}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    replace_state(state, save(s3=1, sqs=1))
    return state


def test_a_state_that_was_being_written_at_a_kill_does_not_count(state: Path) -> None:
    def killed(folder: Path) -> None:
        (folder / "s3.json").write_text("2")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_state(state, killed)
    finish_replacing(state)
    assert saved(state) == {"s3": "1", "sqs": "1"}
    replace_state(state, save(s3=3, sqs=3))
    assert saved(state) == {"s3": "3", "sqs": "3"}


def test_a_whole_state_that_was_half_moved_at_a_kill_counts(state: Path) -> None:
    whole = state.with_suffix(".whole")
    whole.mkdir()
    (whole / "sqs.json").write_text("2")
    (state / "s3.json").write_text("2")  # moved before the kill
    finish_replacing(state)
    assert saved(state) == {"s3": "2", "sqs": "2"}
    assert not whole.exists()


def test_a_state_without_a_service_that_was_saved_before_is_refused(state: Path) -> None:
    with pytest.raises(OSError, match=r"not saved: sqs\.json"):
        replace_state(state, save(s3=2))
    assert saved(state) == {"s3": "1", "sqs": "1"}
