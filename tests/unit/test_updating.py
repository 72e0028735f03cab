"""One way to change a stored record, whoever else writes meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.catalogue import update
from chalicelib.catalogue.port import MAX_TRIES
from chalicelib.errors import NotFound, RevisionConflict
from chalicelib.images import Image
from chalicelib.transitions import edited, living, pending
from tests.memory.catalogue import MemoryCatalogue

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NEW = pending("photographs", "uploads/ada/dog.jpg", NOW)


class Contested(MemoryCatalogue):
    """A catalogue into which another writer gets first, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        super().save(NEW, expected_rev=0)
        self.times = times

    def save(self, image: Image, *, expected_rev: int) -> Image:
        if self.times:
            self.times -= 1
            stored = living(self.get(image.image_id))
            super().save(replace(stored, size=(stored.size or 0) + 1), expected_rev=stored.rev)
        return super().save(image, expected_rev=expected_rev)


def captioned(stored: Image | None) -> Image:
    return edited(living(stored), NOW, caption="my Rex")


def test_a_new_record_is_entered_and_told_with_what_was_before() -> None:
    catalogue = MemoryCatalogue()
    saved = update(catalogue, NEW.image_id, lambda stored: stored or NEW)
    assert (saved.before, saved.after.rev) == (None, 1)
    assert catalogue.get(NEW.image_id) == saved.after


def test_the_transition_is_applied_to_what_another_writer_left() -> None:
    catalogue = Contested(MAX_TRIES - 1)
    saved = update(catalogue, NEW.image_id, captioned)
    assert saved.after.caption and saved.after.size == MAX_TRIES - 1
    assert saved.before and saved.after.rev == saved.before.rev + 1


def test_a_record_that_changes_all_the_time_is_a_conflict() -> None:
    with pytest.raises(RevisionConflict):
        update(Contested(MAX_TRIES), NEW.image_id, captioned)


def test_what_does_not_change_is_not_saved() -> None:
    catalogue = Contested(1)
    saved = update(catalogue, NEW.image_id, living)
    assert saved.after is saved.before and saved.after.rev == 1


def test_what_a_transition_refuses_is_not_saved() -> None:
    catalogue = MemoryCatalogue()
    with pytest.raises(NotFound):
        update(catalogue, NEW.image_id, captioned)
    assert catalogue.get(NEW.image_id) is None
