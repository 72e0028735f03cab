"""Reading what ``torch.save`` wrote, without PyTorch, and nothing but tensors of it."""

import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from training.errors import CheckpointError

MAGIC = 0x1950A86A20F9469CFC6C
"""First pickle of the format that PyTorch wrote before 1.6 (torch/serialization.py)."""

KINDS: Mapping[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ByteStorage": np.dtype("u1"),
    "CharStorage": np.dtype("i1"),
}


@dataclass(frozen=True)
class _View:
    """A tensor: so many numbers of a storage from ``offset`` on, by ``stride``."""

    storage: tuple[str, str]
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def _view(storage: tuple[str, str], offset: int, shape: Any, stride: Any, *_: object) -> _View:
    return _View(storage, offset, tuple(shape), tuple(stride))


class _Tensors(pickle.Unpickler):
    """Makes tensors and dictionaries; whatever else a pickle asks for is refused."""

    KNOWN: Mapping[tuple[str, str], Callable[..., Any]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _view,
    }

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in KINDS:
            return name
        if (module, name) in self.KNOWN:
            return self.KNOWN[module, name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, said: Any) -> tuple[str, str]:
        _, kind, key, *_ = said
        return str(kind), str(key)


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Give a file's tensors by name; raises `CheckpointError` where it holds anything else."""
    try:
        with path.open("rb") as file:
            if pickle.Unpickler(file).load() != MAGIC:
                raise ValueError("not the format of torch.save before 1.6")
            _Tensors(file).load(), _Tensors(file).load()  # its version; the machine's word sizes
            views: dict[str, _View] = dict(_Tensors(file).load())
            kinds = {key: KINDS[kind] for kind, key in (view.storage for view in views.values())}
            storages = dict(_storages(file, kinds))
    except _DAMAGE as damage:
        raise CheckpointError(f"{path} holds no weights that can be read: {damage}") from damage
    return {name: _array(view, storages) for name, view in views.items()}


_DAMAGE = (
    OSError, ValueError, TypeError, AttributeError, EOFError, struct.error, pickle.UnpicklingError
)  # fmt: skip


def _storages(file: BinaryIO, kinds: Mapping[str, np.dtype[Any]]) -> Iterator[tuple[str, Any]]:
    for key in _Tensors(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        yield key, np.frombuffer(file.read(count * kinds[key].itemsize), kinds[key], count)


def _array(view: _View, storages: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    numbers = storages[view.storage[1]]
    strides = [stride * numbers.itemsize for stride in view.stride]
    found = np.lib.stride_tricks.as_strided(numbers[view.offset :], view.shape, strides)
    return np.ascontiguousarray(found)
