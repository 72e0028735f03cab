"""A run's state comes back as it was, or is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from training.epochs import RunState
from training.errors import CheckpointError


class Variable:
    """As much of a TensorFlow variable as the state needs."""

    def __init__(self, value: npt.ArrayLike) -> None:
        self.value = np.asarray(value)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def numpy(self) -> npt.NDArray[Any]:
        return self.value

    def assign(self, value: npt.NDArray[Any]) -> None:
        self.value = value


def variables(scale: float = 1.0) -> list[Variable]:
    weights = np.array([[1.5, -2], [3, 1e-7]], np.float32) * np.float32(scale)
    return [Variable(weights), Variable(np.int64(7))]


def test_everything_comes_back_exactly(tmp_path: Path) -> None:
    RunState(tmp_path / "a.state.npz", variables()).save(seen=12_345_678, seconds=90.5)
    others = variables(scale=0)
    assert RunState(tmp_path / "a.state.npz", others).restore() == (12_345_678, 90.5)
    for found, kept in zip(others, variables(), strict=True):
        assert np.array_equal(found.value, kept.value)
        assert found.value.dtype == kept.value.dtype


@pytest.mark.parametrize("seen", [0, 999, 1000, 16_777_217, 1_234_567_891])
def test_photographs_are_counted_exactly(seen: int, tmp_path: Path) -> None:
    RunState(tmp_path / "a.npz", []).save(seen, 0)
    assert RunState(tmp_path / "a.npz", []).restore()[0] == seen


def test_a_run_without_a_state_begins(tmp_path: Path) -> None:
    assert RunState(tmp_path / "none.npz", variables()).restore() == (0, 0.0)
    assert RunState(None, variables()).restore() == (0, 0.0)


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    RunState(None, variables()).save(1, 1.0)
    assert list(tmp_path.iterdir()) == []


def test_another_networks_state_is_refused(tmp_path: Path) -> None:
    RunState(tmp_path / "a.npz", variables()).save(1, 1.0)
    with pytest.raises(CheckpointError, match="another network's state"):
        RunState(tmp_path / "a.npz", [Variable(np.zeros(3))]).restore()


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    RunState(file, variables()).save(1, 1.0)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="damaged"):
        RunState(file, variables()).restore()
