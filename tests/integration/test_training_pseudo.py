"""Photographs that nobody captioned are captioned by bundles, and what is probable is kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")

from captioner.vision.bundle import DEFAULT_BUNDLE
from training.errors import DatasetError
from training.pseudo import read_pseudo, write_pseudo

pytestmark = pytest.mark.training


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hold two photographs with something on them and a blank one."""
    (tmp_path / "extra").mkdir()
    rng = np.random.default_rng(1)
    for name in ("a.jpg", "b.jpg"):
        coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(coarse).resize((320, 240)).save(tmp_path / "extra" / name)
    Image.new("RGB", (64, 64)).save(tmp_path / "extra" / "c.jpg")
    return tmp_path / "extra"


def written(out: Path) -> dict[str, list[str]]:
    lines = map(json.loads, out.read_text().splitlines())
    return {line["file"]: line["captions"] for line in lines}


def caption(folder: Path, out: Path, least: float) -> list[int]:
    told: list[int] = []
    twice = [DEFAULT_BUNDLE, DEFAULT_BUNDLE]
    write_pseudo(twice, folder, out, least=least, beam=2, workers=1, progress=told.append)
    return told


def test_each_photograph_has_what_bundles_say_once_and_a_blank_one_nothing(folder: Path) -> None:
    out = folder.parent / "pseudo.jsonl"
    caption(folder, out, 0.0)
    found = written(out)
    assert [len(found[name]) for name in ("a.jpg", "b.jpg", "c.jpg")] == [1, 1, 0]
    split = read_pseudo(out, folder)
    assert [path.name for path in split.photographs] == ["a.jpg", "b.jpg"]
    assert split.captions == (tuple(found["a.jpg"]), tuple(found["b.jpg"]))


def test_what_is_improbable_is_not_kept(folder: Path) -> None:
    out = folder.parent / "pseudo.jsonl"
    caption(folder, out, 0.999)
    assert written(out) == {"a.jpg": [], "b.jpg": [], "c.jpg": []}
    with pytest.raises(DatasetError, match=r"pseudo\.jsonl keeps no caption"):
        read_pseudo(out, folder)


def test_a_run_that_was_cut_goes_on_with_the_others(folder: Path) -> None:
    out = folder.parent / "pseudo.jsonl"
    line = {"file": "a.jpg", "captions": ["a cat"]}
    out.write_text(json.dumps(line) + "\n")
    assert sum(caption(folder, out, 0.0)) == 3
    found = written(out)
    assert found["a.jpg"] == ["a cat"]
    assert found["b.jpg"]


def test_a_photograph_that_is_not_there_is_named(folder: Path) -> None:
    out = folder.parent / "pseudo.jsonl"
    out.write_text(json.dumps({"file": "z.jpg", "captions": ["a cat"]}) + "\n")
    with pytest.raises(DatasetError, match=r"without a photograph in .*: z\.jpg"):
        read_pseudo(out, folder)


def test_captions_without_their_folder_are_refused(folder: Path) -> None:
    with pytest.raises(DatasetError, match="--pseudo wants --extra"):
        read_pseudo(folder.parent / "pseudo.jsonl", None)
