"""The text side without numpy gives what the one with numpy gives."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.vision import plain_text, text
from captioner.vision.bundle import DEFAULT_BUNDLE
from captioner.vision.manifest import BundleError
from captioner.vision.plain_arrays import Matrix, PlainArrays

pytest.importorskip("simsimd", reason="needs simsimd (requirements/api.lock)")

WITH_NUMPY, WITHOUT = text.load(DEFAULT_BUNDLE), plain_text.load(DEFAULT_BUNDLE)


def numbers(vector: bytes) -> np.ndarray:
    return np.frombuffer(vector, "<f2").astype(np.float32)


@pytest.mark.parametrize(
    "query",
    [
        "dog",
        "Two dogs run.",
        "a boy in a red shirt jumps into a pool",
        "dog " * 50,
        "zebra-ish dog",
    ],
)
def test_a_query_has_the_same_vector(query: str) -> None:
    gap = np.abs(numbers(WITHOUT.encode(query)) - WITH_NUMPY.encode(query))
    assert gap.max() < 2e-4  # float16's own


@pytest.mark.parametrize("query", ["", "???", "qqq xyzzy"])
def test_a_text_without_a_known_word_gives_the_even_vector(query: str) -> None:
    assert np.allclose(numbers(WITHOUT.encode(query)), 1 / 16)


@settings(max_examples=30)
@given(st.text(max_size=80))
def test_any_text_gives_a_vector_of_unit_length(query: str) -> None:
    assert np.linalg.norm(numbers(WITHOUT.encode(query))) == pytest.approx(1, abs=2e-3)


def test_neither_numpy_nor_onnx_runtime_is_imported() -> None:
    program = (
        "import sys; from pathlib import Path; from captioner.vision import plain_text\n"
        f"plain_text.load(Path({str(DEFAULT_BUNDLE)!r})).encode('a dog')\n"
        "sys.exit(bool({'numpy', 'onnxruntime'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for name in ("bundle.json", *plain_text.FILES):
        shutil.copy(DEFAULT_BUNDLE / name, tmp_path)
    (tmp_path / "text.npz").write_bytes(b"PK")
    with pytest.raises(BundleError, match=r"text\.npz is damaged"):
        plain_text.load(tmp_path)


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_arrays_of_another_kind_are_refused(kind: type, tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", out=np.zeros((2, 3), kind))
    with pytest.raises(BundleError, match=r"other\.npz: not a float16 array"):
        PlainArrays(tmp_path / "other.npz")


def test_an_array_that_is_not_there_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "some.npz", out=np.zeros((2, 3), np.float16))
    with pytest.raises(BundleError, match=r"some\.npz: embedding"):
        PlainArrays(tmp_path / "some.npz")["embedding"]


def test_a_matrix_is_read_by_rows_and_turned(tmp_path: Path) -> None:
    stored = np.arange(6, dtype=np.float16).reshape(2, 3)
    np.save(tmp_path / "m.npy", stored)
    matrix = Matrix((tmp_path / "m.npy").read_bytes())
    assert matrix.row(1) == [3, 4, 5]
    assert matrix.turned().tolist() == stored.T.tolist()
