"""Files as PyTorch before 1.6 wrote them, without PyTorch."""

import pickle
import struct
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.torch_file import MAGIC

__all__ = ["Storage", "Tensor", "named_torch", "written"]


class Storage:
    """Stands for a tensor's storage while a file is written."""

    def __init__(self, key: str, numbers: npt.NDArray[np.generic], kind: str) -> None:
        self.key, self.numbers, self.kind = key, numbers, kind


class Tensor:
    """Pickles as PyTorch's do."""

    def __init__(self, storage: Storage, shape: tuple[int, ...], offset: int = 0) -> None:
        self.storage, self.shape, self.offset = storage, shape, offset

    def __reduce__(self) -> tuple[object, ...]:
        stride, strides = 1, list[int]()
        for size in reversed(self.shape):
            strides.insert(0, stride)
            stride *= size
        module = sys.modules["torch._utils"]
        place = (self.offset, self.shape, tuple(strides))
        given: tuple[object, ...] = (self.storage, *place, False, {})
        return module._rebuild_tensor_v2, given


class Writer(pickle.Pickler):
    """Names storages rather than writing them."""

    def persistent_id(self, said: object) -> object:
        if isinstance(said, Storage):
            kind = getattr(sys.modules["torch"], said.kind)
            return ("storage", kind, said.key, "cpu", said.numbers.size, None)
        return None


@contextmanager
def named_torch() -> Iterator[None]:
    """Let pickles name as much of PyTorch as tensors need."""
    package, inner = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("FloatStorage", "ByteStorage"):
        setattr(package, kind, type(kind, (), {"__module__": "torch"}))

    def rebuild(*_: object) -> None:
        raise AssertionError("only named")

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    inner._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    sys.modules |= {"torch": package, "torch._utils": inner}
    try:
        yield
    finally:
        del sys.modules["torch"], sys.modules["torch._utils"]


def written(path: Path, content: object, storages: list[Storage]) -> Path:
    """Write a file of tensors, or of anything else."""
    with path.open("wb") as file, named_torch():
        for head in (MAGIC, 1001, {"little_endian": True}):
            pickle.dump(head, file, protocol=2)
        Writer(file, protocol=2).dump(content)
        pickle.dump([storage.key for storage in storages], file, protocol=2)
        for storage in storages:
            file.write(struct.pack("<q", storage.numbers.size) + storage.numbers.tobytes())
    return path
