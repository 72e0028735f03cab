"""The stack under load, with its processes killed at random."""

from pathlib import Path

import pytest

from benchmarks.kills import FAULTS, KilledStack, kills
from local.processes import any_free
from tests.deployed import DeployedStack

pytestmark = [pytest.mark.stack, pytest.mark.slow]


@pytest.mark.fault(27)
def test_what_a_stack_answered_with_success_is_so_after_five_kills(
    assembly: Path, tmp_path: Path
) -> None:
    deployed = DeployedStack(tmp_path)
    deployed.take_assembly(assembly)
    try:
        told = kills(KilledStack(tmp_path, any_free()), 5)
    finally:
        deployed.forget()
    assert {name: told[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert told["uploads_answered"] > 0
    assert told["there"] > 0
