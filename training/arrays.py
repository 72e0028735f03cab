"""Kinds of arrays, and files of arrays by name."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from training.errors import CheckpointError

F16: TypeAlias = npt.NDArray[np.float16]
F32: TypeAlias = npt.NDArray[np.float32]
F64: TypeAlias = npt.NDArray[np.float64]
I32: TypeAlias = npt.NDArray[np.int32]
U8: TypeAlias = npt.NDArray[np.uint8]
Flags: TypeAlias = npt.NDArray[np.bool_]
Arrays: TypeAlias = dict[str, F32]
Tensor: TypeAlias = Any
"""A TensorFlow tensor, variable or layer: TensorFlow ships no types."""


def kept(path: Path, make: Callable[[], F16]) -> F16:
    """Give what a ``.npy`` file keeps; where there is none make it, whole or not at all.

    The array stays on the disk and is read where it is used; it cannot be written to.
    """
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, make())
        partial.replace(path)
    return np.asarray(np.load(path, mmap_mode="r"), np.float16)


def unit_rows(rows: F32) -> F32:
    """Scale vectors (n, d) to length one; one without length stays as it is."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def ridge(x: F32, y: F32, decay: float, start: F32 | None = None) -> tuple[F32, F32]:
    """Fit y (m, d) by x (m, c) and a constant: give kernel (c, d) and bias (d,).

    The kernel is drawn to ``start``, or to nothing, by ``decay`` of the inputs' mean variance.
    """
    mean_x, mean_y = x.mean(0), y.mean(0)
    x, y = x - mean_x, y - mean_y
    start = np.zeros((x.shape[1], y.shape[1]), np.float32) if start is None else start
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += decay * np.trace(gram) / len(gram)
    kernel = start + np.linalg.solve(gram, x.T @ (y - x @ start)).astype(np.float32)
    return kernel, (mean_y - mean_x @ kernel).astype(np.float32)


def save_arrays(path: Path, arrays: Mapping[str, F32], kind: type = np.float16) -> None:
    """Write arrays by name, as float16 unless told, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    named: dict[str, Any] = {name: np.asarray(array, kind) for name, array in arrays.items()}
    np.savez(partial, **named)
    partial.replace(path)


def read_arrays(path: Path) -> Arrays:
    """Read arrays by name as float32; raises `CheckpointError` for a missing or damaged file."""
    if not path.is_file():
        raise CheckpointError(f"no weights at {path}")
    try:
        # numpy leaves a file open that it opened and cannot read.
        with path.open("rb") as file, np.load(file) as kept:
            return {name: kept[name].astype(np.float32) for name in kept.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as damage:
        raise CheckpointError(f"damaged weights {path}: {damage}") from damage
