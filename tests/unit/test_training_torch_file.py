"""Weights that PyTorch wrote are read without it, and nothing but weights."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.torch_files import Storage, Tensor, written
from training.errors import CheckpointError
from training.torch_file import read_tensors


def test_tensors_come_back_with_their_shapes_and_kinds(tmp_path: Path) -> None:
    real = Storage("7", np.arange(12, dtype=np.float32), "FloatStorage")
    bytes_ = Storage("8", np.array([3, 1, 4], np.uint8), "ByteStorage")
    content = {"kernel": Tensor(real, (2, 3), 6), "rows": Tensor(bytes_, (3,))}
    found = read_tensors(written(tmp_path / "weights.pth", content, [real, bytes_]))
    assert found["kernel"].tolist() == [[6, 7, 8], [9, 10, 11]]
    assert found["rows"].tolist() == [3, 1, 4]
    assert found["rows"].dtype == np.uint8


def test_what_is_no_tensor_is_refused(tmp_path: Path) -> None:
    real = Storage("0", np.arange(4, dtype=np.float32), "FloatStorage")
    path = written(tmp_path / "weights.pth", {"layer": (Tensor(real, (2,)),)}, [real])
    with pytest.raises(CheckpointError, match="no weights that can be read"):
        read_tensors(path)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, ...]:
            return print, ("harm",)

    path = written(tmp_path / "harmful.pth", {"x": Harmful()}, [])
    with pytest.raises(
        CheckpointError, match=r"harmful\.pth.*asks for (__builtin__|builtins)\.print"
    ):
        read_tensors(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", pickle.dumps(1)])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match="no weights that can be read"):
        read_tensors(tmp_path / "other.pth")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.pth"):
        read_tensors(tmp_path / "gone.pth")
