"""Weights that PyTorch wrote are read without it, and nothing but weights."""

import pickle
import struct
import sys
import types
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from training.errors import CheckpointError
from training.torch_file import MAGIC, read_tensors


class Storage:
    """Stands for a tensor's storage while a file is written."""

    def __init__(self, key: str, numbers: npt.NDArray[np.generic], kind: str) -> None:
        self.key, self.numbers, self.kind = key, numbers, kind


class Tensor:
    """Pickles as PyTorch's do."""

    def __init__(self, storage: Storage, shape: tuple[int, ...], offset: int = 0) -> None:
        self.storage, self.shape, self.offset = storage, shape, offset

    def __reduce__(self) -> tuple[object, ...]:
        stride, strides = 1, []
        for size in reversed(self.shape):
            strides.insert(0, stride)
            stride *= size
        module = sys.modules["torch._utils"]
        given = (self.storage, self.offset, self.shape, tuple(strides), False, {})
        return module._rebuild_tensor_v2, given  # type: ignore[attr-defined]


class Writer(pickle.Pickler):
    """Names storages rather than writing them."""

    def persistent_id(self, said: object) -> object:
        if isinstance(said, Storage):
            kind = getattr(sys.modules["torch"], said.kind)
            return ("storage", kind, said.key, "cpu", said.numbers.size, None)
        return None


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much of PyTorch as a pickle of tensors names."""
    package, inner = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("FloatStorage", "ByteStorage"):
        setattr(package, kind, type(kind, (), {"__module__": "torch"}))

    def rebuild(*_: object) -> None:
        raise AssertionError("only named")

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    inner._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", package)
    monkeypatch.setitem(sys.modules, "torch._utils", inner)


def written(path: Path, content: object, storages: list[Storage]) -> Path:
    with path.open("wb") as file:
        for head in (MAGIC, 1001, {"little_endian": True}):
            pickle.dump(head, file, protocol=2)
        Writer(file, protocol=2).dump(content)
        pickle.dump([storage.key for storage in storages], file, protocol=2)
        for storage in storages:
            file.write(struct.pack("<q", storage.numbers.size) + storage.numbers.tobytes())
    return path


@pytest.mark.usefixtures("torch")
def test_tensors_come_back_with_their_shapes_and_kinds(tmp_path: Path) -> None:
    real = Storage("7", np.arange(12, dtype=np.float32), "FloatStorage")
    bytes_ = Storage("8", np.array([3, 1, 4], np.uint8), "ByteStorage")
    content = {"kernel": Tensor(real, (2, 3), 6), "rows": Tensor(bytes_, (3,))}
    found = read_tensors(written(tmp_path / "weights.pth", content, [real, bytes_]))
    assert found["kernel"].tolist() == [[6, 7, 8], [9, 10, 11]]
    assert found["rows"].tolist() == [3, 1, 4]
    assert found["rows"].dtype == np.uint8


@pytest.mark.usefixtures("torch")
def test_tensors_within_tuples_are_numbered(tmp_path: Path) -> None:
    real = Storage("0", np.arange(4, dtype=np.float32), "FloatStorage")
    content = {"layer": (Tensor(real, (2,)), Tensor(real, (2,), 2))}
    found = read_tensors(written(tmp_path / "weights.pth", content, [real]))
    assert found["layer.1"].tolist() == [2, 3]


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
