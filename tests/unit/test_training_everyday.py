"""Everyday photographs and captions without photographs are read whole, or refused by line."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from training.dataset import read_everyday
from training.errors import DatasetError
from training.vocabulary import read_texts

ENTRIES = (
    {"file": "cat.jpg", "captions": ["A cat ."] * 50, "source": "pascal50s", "grey": False},
    {"file": "cup.jpg", "captions": ["A cup .", "A white cup ."]},
    {"file": "owl.jpg", "captions": ["An owl ."]},
)


def everyday(folder: Path, entries: Sequence[object] = ENTRIES, dev: str = "cup.jpg\n") -> Path:
    (folder / "photographs").mkdir()
    for name in ("cat", "cup", "owl"):
        Image.new("RGB", (9, 9)).save(folder / "photographs" / f"{name}.jpg")
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    (folder / "captions.jsonl").write_text("\n".join(lines))
    (folder / "everyday_dev.txt").write_text(dev)
    return folder


def test_dev_is_what_its_file_names_and_train_is_the_rest(tmp_path: Path) -> None:
    folder = everyday(tmp_path)
    train, dev = read_everyday(folder, "train"), read_everyday(folder, "dev")
    assert [path.name for path in train.photographs] == ["cat.jpg", "owl.jpg"]
    assert [path.name for path in dev.photographs] == ["cup.jpg"]
    assert (train.name, dev.name) == ("everyday-train", "everyday-dev")


def test_a_photograph_keeps_every_caption(tmp_path: Path) -> None:
    train = read_everyday(everyday(tmp_path), "train")
    assert [len(captions) for captions in train.captions] == [50, 1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 is not JSON"),
        ("[]", "line 2 is not a JSON object"),
        ({"captions": ["A cup"]}, "line 2: 'file' must be a text"),
        ({"file": "../cup.jpg", "captions": ["A cup"]}, "'file' must name .* not '../cup.jpg'"),
        ({"file": "cup.jpg", "captions": "A cup"}, "line 2: 'captions' must be a list"),
        ({"file": "cup.jpg"}, "line 2: 'captions' must be a list"),
        (ENTRIES[0], "cat.jpg has a line already"),
    ],
)
def test_a_line_that_is_none_is_numbered(line: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=said):
        read_everyday(everyday(tmp_path, (ENTRIES[0], line, ENTRIES[2])), "train")


def test_a_photograph_that_is_not_there_is_named(tmp_path: Path) -> None:
    (everyday(tmp_path) / "photographs" / "owl.jpg").unlink()
    with pytest.raises(DatasetError, match=r"without a photograph.*owl\.jpg"):
        read_everyday(tmp_path, "train")


def test_a_photograph_without_a_word_is_named(tmp_path: Path) -> None:
    wordless = {"file": "owl.jpg", "captions": [" . "]}
    with pytest.raises(DatasetError, match=r"no caption with a word in it for owl\.jpg"):
        read_everyday(everyday(tmp_path, (*ENTRIES[:2], wordless)), "train")


def test_a_dev_photograph_without_a_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"everyday_dev\.txt names 'gone\.jpg'"):
        read_everyday(everyday(tmp_path, dev="cup.jpg\ngone.jpg\n"), "dev")


@pytest.mark.parametrize("gone", ["captions.jsonl", "everyday_dev.txt"])
def test_a_missing_file_is_named(gone: str, tmp_path: Path) -> None:
    (everyday(tmp_path) / gone).unlink()
    with pytest.raises(DatasetError, match=f"missing file: .*{gone}"):
        read_everyday(tmp_path, "train")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        read_everyday(tmp_path / "nowhere", "train")


def texts(folder: Path, *lines: object) -> Path:
    with gzip.open(folder / "some.jsonl.gz", "wt", encoding="utf-8") as file:
        for line in lines:
            file.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    return folder


def test_texts_are_read_once_each_in_the_words_that_are_learnt(tmp_path: Path) -> None:
    folder = texts(
        tmp_path,
        {"image": "1.jpg", "captions": ["A giraffe eats .", "Two giraffes !"]},
        {"coco_id": 2, "captions": ["a giraffe eats", " . "]},
    )
    assert read_texts(folder, ()) == ["a giraffe eats", "two giraffes"]


def test_captions_of_dev_and_test_are_left_out_however_they_are_written(tmp_path: Path) -> None:
    folder = texts(tmp_path, {"captions": ["a giraffe eats", "two giraffes"]})
    assert read_texts(folder, ["A giraffe  eats ."]) == ["two giraffes"]


@pytest.mark.parametrize("line", ["{", [], {"captions": "a dog"}, {"captions": [1]}, {}])
def test_a_line_of_texts_that_is_none_is_numbered(line: object, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"some\.jsonl\.gz line 2"):
        read_texts(texts(tmp_path, {"captions": ["a dog"]}, line), ())


def test_a_damaged_file_of_texts_is_named(tmp_path: Path) -> None:
    path = texts(tmp_path, *[{"captions": [f"dog {n * n}"]} for n in range(500)]) / "some.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DatasetError, match=r"damaged file .*some\.jsonl\.gz"):
        read_texts(tmp_path, ())


def test_a_folder_without_texts_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no captions"):
        read_texts(tmp_path, ())
