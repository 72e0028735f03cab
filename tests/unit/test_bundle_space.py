"""What a bundle's vectors can be compared with."""

import json
import shutil
from pathlib import Path

import pytest

from captioner.vision.bundle import DEFAULT_BUNDLE
from captioner.vision.manifest import OF_VECTORS, BundleManifest, read
from captioner.vision.text import FILES
from captioner.vision.words import FILE, load

pytestmark = pytest.mark.fault(36)


def changed(folder: Path, **more: object) -> Path:
    """Return a copy of the bundle that comes with the repository, as far as texts need it."""
    folder.mkdir()
    for file in (*FILES, FILE):
        shutil.copyfile(DEFAULT_BUNDLE / file, folder / file)
    document = json.loads((DEFAULT_BUNDLE / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(document | more))
    return folder


def test_a_bundle_that_names_no_space_has_one_of_its_own(tmp_path: Path) -> None:
    folder = changed(tmp_path / "a", name="net", version="2")
    assert read(folder, ()).space == load(folder).space == "net@2"


def test_a_bundle_may_share_the_space_of_an_earlier_one(tmp_path: Path) -> None:
    folder = changed(tmp_path / "a", name="net", version="2", space="net@1")
    assert read(folder, ()).space == load(folder).space == "net@1"


def shipped() -> BundleManifest:
    return read(DEFAULT_BUNDLE, ())


def test_another_decoder_makes_the_same_vectors() -> None:
    assert shipped().shares_vectors_with({**shipped().sha256, "decoder.npz": "0" * 64})


@pytest.mark.parametrize("file", OF_VECTORS)
def test_another_file_that_makes_vectors_makes_others(file: str) -> None:
    assert not shipped().shares_vectors_with({**shipped().sha256, file: "0" * 64})
