"""A bundle is taken whole or refused, with the file and the reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from captioner.vision import bundle, manifest
from captioner.vision.manifest import BundleError

FILES = {"encoder.onnx": b"not a network", "tokenizer.json": b"{}"}


def make(folder: Path, **changes: object) -> Path:
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    document = {
        "format": manifest.FORMAT,
        "name": "tiny",
        "version": "1",
        "side": 32,
        "ranking": {"labels": 0.1, "likeness": 1.0},
        "confidence": {"needs_review_below": 0.2},
        "sha256": {name: manifest.sha256(folder / name) for name in FILES},
    }
    (folder / "bundle.json").write_text(json.dumps(document | changes))
    return folder


def test_an_intact_bundle_is_described(tmp_path: Path) -> None:
    described = manifest.read(make(tmp_path))
    assert (described.name, described.side) == ("tiny", 32)
    assert described.ranking["labels"] == 0.1
    assert described.confidence["needs_review_below"] == 0.2


@pytest.mark.fault(35, by="a bundle's files")
def test_a_bundle_that_tells_more_than_this_release_knows_is_read(tmp_path: Path) -> None:
    told = make(tmp_path, altitude={"metres": 7}, confidence={"needs_review_below": 0.2, "new": 1})
    assert manifest.read(told).confidence["needs_review_below"] == 0.2


@pytest.mark.fault(16, by="a bundle's files")
def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere: no such folder"):
        bundle.load(tmp_path / "nowhere")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (make(tmp_path) / "encoder.onnx").unlink()
    with pytest.raises(BundleError, match=r"encoder\.onnx is missing"):
        manifest.read(tmp_path)


@pytest.mark.fault(16, by="a bundle's files")
def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    (make(tmp_path) / "encoder.onnx").write_bytes(b"not a netwerk")
    with pytest.raises(BundleError, match=r"encoder\.onnx is damaged"):
        manifest.read(tmp_path)


@pytest.mark.fault(16, by="a bundle's files")
@pytest.mark.parametrize("version", [0, 1, 2, 4, "3", None])
def test_another_format_is_refused(tmp_path: Path, version: object) -> None:
    with pytest.raises(BundleError, match=f"this code reads {manifest.FORMAT}"):
        manifest.read(make(tmp_path, format=version))


@pytest.mark.parametrize(
    "changes", [{"side": "wide"}, {"sha256": ["encoder.onnx"]}, {"confidence": None}]
)
def test_a_field_of_the_wrong_kind_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match=r"bundle\.json"):
        manifest.read(make(tmp_path, **changes))


def test_a_lacking_field_is_named(tmp_path: Path) -> None:
    document = json.loads((make(tmp_path) / "bundle.json").read_text())
    del document["name"]
    (tmp_path / "bundle.json").write_text(json.dumps(document))
    with pytest.raises(BundleError, match="no field 'name'"):
        manifest.read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '"bundle"'])
def test_a_manifest_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    (make(tmp_path) / "bundle.json").write_text(text)
    with pytest.raises(BundleError, match=r"bundle\.json"):
        manifest.read(tmp_path)


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="outside the bundle"):
        manifest.read(make(tmp_path, sha256={"../encoder.onnx": "0" * 64}))


def test_a_bundle_without_a_file_that_serving_needs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"names no decoder\.npz"):
        bundle.load(make(tmp_path))
