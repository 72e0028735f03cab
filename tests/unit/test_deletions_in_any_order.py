"""A deletion through the API, whatever the order in which S3 tells of what went before it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.histories import KEY, Life
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.storage import MemoryStorage

UPLOAD, DELETE, UNDO = "upload", "delete for good through the API", "undo"
TRASH, RESTORE = "trash", "restore"
Step = str | int
"""What a person does, or the number of the event that is delivered."""


@dataclass(frozen=True)
class History:
    """A person's actions among deliveries of the events that some of them make, one each."""

    steps: tuple[Step, ...] = ()
    events: int = 0

    def then(self, step: Step) -> "History":
        events = self.events + (step in {UPLOAD, DELETE, UNDO})
        return replace(self, steps=(*self.steps, step), events=events)


def histories(actions: tuple[str, ...], times: int) -> Iterator[History]:
    """Yield every order of actions and of their events, each delivered so many times."""

    def continued(history: History, left: tuple[str, ...]) -> Iterator[History]:
        delivered = Counter(step for step in history.steps if isinstance(step, int))
        due = [event for event in range(history.events) if delivered[event] < times]
        if left:
            yield from continued(history.then(left[0]), left[1:])
        for event in due:
            yield from continued(history.then(event), left)
        if not left and not due:
            yield history

    return continued(History(), actions)


def lived(history: History) -> Life:
    """Live a history; a photograph that was deleted is not there again until something is done."""
    life = Life(MemoryCatalogue(), MemoryStorage())
    life.enter()
    numbers: dict[int, int] = {}
    is_deleted = False
    for step in history.steps:
        if isinstance(step, int):
            if step in numbers:
                life.deliver(numbers[step])
        else:
            before = len(life.messages)
            is_deleted = act(life, step)
            if len(life.messages) > before:
                numbers[len(numbers)] = before
        assert not (is_deleted and life.is_living), history
    return life


def act(life: Life, action: str) -> bool:
    """Do something; return whether the photograph is deleted, as the API has answered."""
    if action == DELETE:
        return life.delete()
    if action == TRASH:
        return life.trash()
    if action == RESTORE:
        life.restore()
    elif action == UPLOAD:
        life.upload(f"upload {len(life.messages)}".encode())
    elif life.bucket.versions(KEY):
        life.undo()
    return False


@pytest.mark.fault(3)
@pytest.mark.parametrize(
    "actions",
    [
        (UPLOAD, DELETE),
        (UPLOAD, UPLOAD, DELETE),
        (UPLOAD, DELETE, UPLOAD),
        (DELETE, UPLOAD),
    ],
)
def test_what_is_deleted_stays_so_in_every_order_of_events_delivered_twice(
    actions: tuple[str, ...],
) -> None:
    for history in histories(actions, times=2):
        lived(history).assert_settled()


@pytest.mark.fault(3)
@pytest.mark.fault(33)
@pytest.mark.parametrize(
    "actions",
    [
        (UPLOAD, DELETE, UNDO),
        (UPLOAD, UPLOAD, DELETE, UNDO),
        (UPLOAD, DELETE, UNDO, DELETE),
        (UPLOAD, DELETE, UPLOAD, DELETE),
        (UPLOAD, DELETE, UPLOAD, UNDO),
        (UPLOAD, UPLOAD, DELETE, UPLOAD),
    ],
)
def test_it_comes_back_by_an_upload_and_by_undoing_alone_in_every_order(
    actions: tuple[str, ...],
) -> None:
    for history in histories(actions, times=1):
        life = lived(history)
        life.assert_settled()
        events = range(len(life.messages))
        for event in (*reversed(events), *events):
            life.deliver(event)
            life.assert_settled()


@pytest.mark.fault(3)
@pytest.mark.parametrize(
    ("actions", "is_back"),
    [
        ((UPLOAD, TRASH), False),
        ((UPLOAD, UPLOAD, TRASH), False),
        ((UPLOAD, TRASH, UPLOAD), True),
        ((TRASH, UPLOAD), True),
        ((UPLOAD, TRASH, UPLOAD, UPLOAD), True),
        ((UPLOAD, TRASH, RESTORE, UPLOAD), True),
        ((UPLOAD, TRASH, RESTORE), True),
    ],
)
def test_only_another_file_and_restoring_take_out_of_the_trash_in_every_order_of_events(
    actions: tuple[str, ...], is_back: bool
) -> None:
    for history in histories(actions, times=2):
        life = lived(history)
        assert life.is_living == is_back, history
        life.restore()
        life.assert_settled()


@pytest.mark.fault(3)
@given(
    st.lists(
        st.sampled_from([UPLOAD, UPLOAD, DELETE, DELETE, UNDO, TRASH, RESTORE]) | st.integers(0, 9)
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=300)
def test_longer_lives_end_as_the_bucket_says(steps: list[Step], chance: Random) -> None:
    life = lived(History(tuple(steps)))
    order = [*range(len(life.messages))] * 2
    chance.shuffle(order)
    for event in order:
        life.deliver(event)
    life.restore()
    life.assert_settled()
