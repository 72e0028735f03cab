"""The bundle's plain arrays without numpy, for products in simsimd."""

from __future__ import annotations

import math
import struct
import zipfile
from array import array
from pathlib import Path
from typing import Any, TypeAlias

from captioner.vision.manifest import BundleError

__all__ = ["Matrix", "PlainArrays", "Table", "products"]

Table: TypeAlias = Any
"""A memoryview of float32 in two dimensions, which no annotation can say."""

_PREAMBLE = b"\x93NUMPY\x01\x00"


class Matrix:
    """A float16 matrix (rows, columns) as it was stored, row by row."""

    def __init__(self, content: bytes) -> None:
        (length,) = struct.unpack_from("<H", content, 8)
        header = content[10 : 10 + length].decode("latin-1")
        if not content.startswith(_PREAMBLE) or "'<f2'" not in header or "True" in header:
            raise ValueError(f"not a float16 array by rows: {header[:60]}")
        numbers = header.split("(")[1].split(")")[0].split(",")
        shape = [int(number) for number in numbers if number.strip()]
        self.rows, self.columns = math.prod(shape[:-1]), shape[-1]
        self._values = content[10 + length :]
        if len(self._values) != 2 * self.rows * self.columns:
            raise ValueError("an array cut short")

    def row(self, number: int) -> list[float]:
        """Give one row."""
        start = 2 * number * self.columns
        return list(struct.unpack_from(f"<{self.columns}e", self._values, start))

    def turned(self) -> Table:
        """Give the matrix as float32 (columns, rows)."""
        values = struct.unpack(f"<{self.rows * self.columns}e", self._values)
        found = array("f")
        for column in range(self.columns):
            found.extend(values[column :: self.columns])
        return memoryview(found).cast("B").cast("f", shape=[self.columns, self.rows])


class PlainArrays:
    """Named matrices of an ``.npz``.

    Raises
    ------
    BundleError
        If the file is not readable.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as stored:
                names = [name.removesuffix(".npy") for name in stored.namelist()]
                self._each = {name: Matrix(stored.read(f"{name}.npy")) for name in names}
        except (OSError, ValueError, IndexError, KeyError, struct.error, zipfile.BadZipFile) as bad:
            raise BundleError(f"{path}: {bad}") from bad

    def __getitem__(self, name: str) -> Matrix:
        """Give one, a vector as one row; raises `BundleError` where there is none."""
        if name not in self._each:
            raise BundleError(f"{self._path}: {name}")
        return self._each[name]


def products(vector: list[float], rows: Table) -> list[float]:
    """Give the products of a vector with each row of a table."""
    import simsimd  # noqa: PLC0415  (the captioner, which has numpy, goes without)

    query: Table = memoryview(array("f", vector)).cast("B").cast("f", shape=[1, len(vector)])
    found: Any = simsimd.cdist(query, rows, metric="dot")
    return list(memoryview(found).cast("B").cast("d").tolist())
