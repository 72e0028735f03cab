"""Five hundred histories keep every promise, and planted bugs are found."""

import subprocess
import sys

import pytest

from tests.simulation.planting import MUTANTS, ROOT, Mutant, searched

HISTORIES, TOGETHER = 500, 125


def told(*options: str) -> "subprocess.CompletedProcess[str]":
    """Run in a process of its own: a history replaces what the functions of this one hold."""
    command = [sys.executable, "-m", "tests.simulation", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, HISTORIES, TOGETHER))
def test_every_promise_is_kept(first: int) -> None:
    ended = told("--from", str(first), "--histories", str(TOGETHER))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_same_seed_is_the_same_history() -> None:
    assert _asked("7") == _asked("7")
    assert _asked("7") != _asked("7", "--schedule", "1")


def _asked(seed: str, *options: str) -> list[list[str]]:
    """Return when each task called what; keys may hold what is chance in every process."""
    lines = told("--seed", seed, "--trace", *options).stdout.splitlines()
    assert lines[-1] == "every promise was kept"
    return [line.split()[:3] for line in lines]


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
