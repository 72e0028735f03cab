"""Two workers at one photograph: the other one does all its work between two calls of the first.

At rest there is one set of copies for display for each photograph, none for a deleted one, and no
record names a copy that is gone; also where the first is killed there, and is delivered again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from tests.histories import KEY, Killed, Life
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.storage import MemoryStorage

Act = Callable[[Life], object]


@dataclass(frozen=True)
class Work:
    """What a worker or a person does, and how it is taken up again after it was killed."""

    begin: Act
    again: Act

    @staticmethod
    def on(event: int) -> "Work":
        """Return the work on one of S3's messages."""
        return Work(lambda life: life.deliver(event), lambda life: life.deliver(event, attempt=2))


def also(*acts: Act) -> Act:
    """Do one after another."""

    def all_of_them(life: Life) -> None:
        for act in acts:
            act(life)

    return all_of_them


def uploaded(life: Life) -> None:
    life.upload()


def captioned(life: Life) -> None:
    life.upload()
    life.deliver(0)


def removed(life: Life) -> None:
    captioned(life)
    life.bucket.delete(KEY)


def uploaded_again(life: Life) -> None:
    removed(life)
    life.deliver(1)
    life.upload()


def undone(life: Life) -> None:
    captioned(life)
    life.delete()
    life.deliver(1)
    life.undo()


def newest(life: Life) -> None:
    life.deliver(len(life.messages) - 1)


DELETE = Work(Life.delete, Life.delete)
REDRIVE = Work(Life.redrive, lambda life: life.redrive(attempt=2))
OTHERS: dict[str, Act] = {
    "the owner deletes": Life.delete,
    "the owner deletes, and S3 tells": also(Life.delete, newest),
    "the owner deletes and undoes it": also(Life.delete, newest, Life.undo, newest),
    "the owner edits": Life.edit,
    "another file is uploaded": also(lambda life: life.upload(b"sits"), newest),
    "the same file is uploaded": also(Life.upload, newest),
    "the same file is uploaded, and nobody tells yet": Life.upload,
    "the owner deletes and uploads it again": also(Life.delete, Life.upload, newest),
    "the file is purged": also(Life.undo, newest),
    "the newest event is delivered twice": also(newest, newest),
    "the first event is delivered twice": also(lambda life: life.deliver(0), newest),
    "it is captioned again": Life.redrive,
}
FIRSTS: dict[str, tuple[Act, Work]] = {
    "of a new upload": (uploaded, Work.on(0)),
    "of a repeated event": (captioned, Work.on(0)),
    "of a removal": (removed, Work.on(1)),
    "of an upload after a removal": (uploaded_again, Work.on(2)),
    "of a removal that was undone": (undone, Work.on(2)),
    "of captioning again": (captioned, REDRIVE),
    "of deleting what was just uploaded": (uploaded, DELETE),
    "of deleting": (captioned, DELETE),
}


def life_of(before: Act) -> Life:
    life = Life(MemoryCatalogue(), MemoryStorage())
    life.enter()
    before(life)
    return life


def calls(before: Act, work: Work) -> int:
    """Return how many calls of an adapter a worker makes alone."""
    life = life_of(before)
    taken = life.steps.taken
    work.begin(life)
    return life.steps.taken - taken


@pytest.mark.fault(1)
@pytest.mark.fault(3)
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", FIRSTS)
def test_the_deleted_is_hidden_and_copies_fit_whenever_the_other_worker_comes(
    first: str, other: str
) -> None:
    before, work = FIRSTS[first]
    for at in range(calls(before, work) + 1):
        life = life_of(before)
        life.steps.plan(at, partial(OTHERS[other], life))
        work.begin(life)
        life.steps.end()
        life.assert_deleted_is_deleted()
        life.deliver_the_rest()
        life.assert_settled()


@pytest.mark.fault(7)
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", FIRSTS)
def test_the_deleted_is_hidden_and_copies_fit_wherever_the_first_worker_is_killed(
    first: str, other: str
) -> None:
    before, work = FIRSTS[first]
    for at in range(calls(before, work) + 1):
        life = life_of(before)
        life.steps.plan(at, partial(and_die, life, OTHERS[other]))
        with pytest.raises(Killed):
            also(work.begin, lambda life: life.steps.end())(life)
        work.again(life)
        life.assert_deleted_is_deleted()
        life.deliver_the_rest()
        life.assert_settled()


def and_die(life: Life, other: Act) -> None:
    other(life)
    raise Killed
