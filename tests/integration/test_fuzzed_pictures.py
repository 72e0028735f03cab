"""Damaged pictures end decoded or refused; more of them: make fuzz."""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest

from chalicelib.errors import RejectedImage
from image_repo_formats import MEDIA_TYPES
from tests.pictures.bounded import Bounded, End, Outcome, Work, decoding
from tests.pictures.fuzzing import failures
from tests.pictures.mutation import mutated
from tests.pictures.seeds import seeds

INPUTS, SEED = 500, 16
MEGABYTE = 2**20


def test_every_damaged_picture_is_decoded_or_refused(tmp_path: Path) -> None:
    ends: Counter[str] = Counter()
    assert list(failures(INPUTS, SEED, ends, tmp_path)) == []
    # Damage that spares everything or nothing tests nothing.
    assert min(ends[End.DONE], ends[End.REFUSED]) > INPUTS / 5


def test_what_is_damaged_was_sound_and_of_every_format() -> None:
    decode = decoding()
    assert {decode(seed).content_type for seed in seeds()} == MEDIA_TYPES


def test_a_seed_and_a_number_make_the_same_input_again() -> None:
    assert mutated(seeds(), Random("16-1")) == mutated(seeds(), Random("16-1"))


def behaving() -> Work:
    """Return work that does as its input says."""
    return lambda data: BEHAVIOURS[data]()


def refuse() -> None:
    raise RejectedImage("it is a letter")


BEHAVIOURS: Mapping[bytes, Callable[[], object]] = {
    b"return": lambda: 1,
    b"refuse": refuse,
    b"raise": lambda: os.environ["NOTHING"],
    b"hang": lambda: time.sleep(60),
    b"crash": os.abort,
    b"swell": lambda: bytes(900 * MEGABYTE),
}


@pytest.mark.parametrize(
    ("does", "end", "why"),
    [
        (b"return", End.DONE, ""),
        (b"refuse", End.REFUSED, "it is a letter"),
        (b"raise", End.RAISED, "KeyError: 'NOTHING'"),
        (b"hang", End.HUNG, "no answer within 1 s"),
        (b"crash", End.CRASHED, "exit code -6"),
        (b"swell", End.RAISED, "MemoryError"),
    ],
)
def test_work_in_a_child_process_ends_so_that_more_can_be_done(
    does: bytes, end: End, why: str
) -> None:
    with Bounded(behaving, memory=900 * MEGABYTE, seconds=1) as work:
        outcome = work(does)
        assert outcome.end is end and why in outcome.why
        assert work(b"return") == Outcome(End.DONE, 1)
