"""Five hundred histories keep every promise, and planted bugs are found."""

import subprocess
import sys

import pytest

from tests.simulation.history import History, run
from tests.simulation.planting import MUTANTS, ROOT, Mutant, searched

HISTORIES, TOGETHER = 500, 125


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, HISTORIES, TOGETHER))
def test_every_promise_is_kept(first: int) -> None:
    command = [sys.executable, "-m", "tests.simulation"]
    told = subprocess.run(
        [*command, "--from", str(first), "--histories", str(TOGETHER)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_same_seed_is_the_same_history() -> None:
    assert _asked(History(seed=7)) == _asked(History(seed=7))
    assert _asked(History(seed=7)) != _asked(History(seed=7, schedule=1))


def _asked(history: History) -> list[list[str]]:
    """Return when each task called what; keys may hold what is chance in every process."""
    return [line.split()[:3] for line in run(history).trace]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_has_its_place_and_is_python(mutant: Mutant) -> None:
    for file in mutant.files:
        compile(mutant.planted(file), file, "exec")


@pytest.mark.parametrize(
    "name",
    [
        "keys are not decoded",
        "what waits or failed is searchable",
        "the stream is tried a hundred times",
    ],
)
def test_a_planted_bug_is_found(name: str) -> None:
    (mutant,) = (one for one in MUTANTS if one.name == name)
    assert searched(mutant, histories=100).startswith("found at seed")
