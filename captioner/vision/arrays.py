"""Reading the bundle's plain arrays."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from captioner.vision.manifest import BundleError

F32 = npt.NDArray[np.float32]


def read_arrays(path: Path, names: Iterable[str]) -> dict[str, F32]:
    """Named arrays of an ``.npz`` as float32.

    Raises
    ------
    BundleError
        If the file is not readable or lacks one.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name].astype(np.float32) for name in names}
    except KeyError as missing:
        raise BundleError(f"{path}: {missing.args[0]}") from missing
    except (OSError, ValueError, zipfile.BadZipFile) as damage:
        raise BundleError(f"{path}: {damage}") from damage


def unit(vector: F32) -> F32:
    """Scale a vector to length one; the even vector where it has no finite length."""
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm == 0:
        return np.full_like(vector, 1 / np.sqrt(vector.size))
    return (vector / np.float32(norm)).astype(np.float32)


def sigmoid(x: F32) -> F32:
    """Give the logistic function, which overflows nowhere."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)
