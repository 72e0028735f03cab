"""Data with a fault is refused with the file or line that has it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training import photographs
from training.dataset import read_split
from training.errors import DatasetError


def flickr(folder: Path, names: tuple[str, ...] = ("1.jpg", "2.jpg")) -> Path:
    (folder / "Flicker8k_Dataset").mkdir()
    (folder / "Flickr8k_text").mkdir()
    for name in names:
        Image.new("RGB", (20, 10), (200, 0, 0)).save(folder / "Flicker8k_Dataset" / name)
    tokens = "".join(f"{name}#{n}\tA dog , {n} .\n" for name in names for n in range(5))
    (folder / "Flickr8k_text" / "Flickr8k.token.txt").write_text(tokens)
    (folder / "Flickr8k_text" / "Flickr_8k.devImages.txt").write_text("\n".join(names))
    return folder


def test_a_folder_that_holds_one_split_only_is_enough(tmp_path: Path) -> None:
    split = read_split(flickr(tmp_path), "dev")
    assert [path.name for path in split.photographs] == ["1.jpg", "2.jpg"]
    assert [len(captions) for captions in split.captions] == [5, 5]


def test_a_split_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"missing file: .*trainImages\.txt"):
        read_split(flickr(tmp_path), "train")


def test_a_caption_without_a_photograph_is_named(tmp_path: Path) -> None:
    (flickr(tmp_path) / "Flicker8k_Dataset" / "2.jpg").unlink()
    with pytest.raises(DatasetError, match=r"without a photograph.*2\.jpg"):
        read_split(tmp_path, "dev")


def test_a_photograph_without_a_caption_is_named(tmp_path: Path) -> None:
    listed = flickr(tmp_path) / "Flickr8k_text" / "Flickr_8k.devImages.txt"
    listed.write_text("1.jpg\n3.jpg\n")
    with pytest.raises(DatasetError, match=r"no caption for 3\.jpg"):
        read_split(tmp_path, "dev")


def test_a_caption_line_that_is_none_is_numbered(tmp_path: Path) -> None:
    (flickr(tmp_path) / "Flickr8k_text" / "Flickr8k.token.txt").write_text("1.jpg A dog\n")
    with pytest.raises(DatasetError, match="line 1"):
        read_split(tmp_path, "dev")


def test_a_damaged_photograph_is_named(tmp_path: Path) -> None:
    path = tmp_path / "torn.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 torn")
    with pytest.raises(DatasetError, match=r"damaged photograph torn\.jpg"):
        photographs.load([path])


def test_a_plain_folder_with_descriptions_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "x.jpg")
    (tmp_path / "descriptions.txt").write_text("x a black square\nx nothing at all\n")
    split = read_split(tmp_path, "dev")
    assert split.captions == (("a black square", "nothing at all"),)


def test_a_description_without_words_is_numbered(tmp_path: Path) -> None:
    (tmp_path / "descriptions.txt").write_text("x.jpg a dog\ny.jpg\n")
    with pytest.raises(DatasetError, match="line 2"):
        read_split(tmp_path, "dev")


def test_photographs_are_kept_between_runs(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    Image.new("RGB", (9, 9), (1, 2, 3)).save(path)
    first = photographs.load_cached([path], tmp_path / "kept.npy", 8)
    path.unlink()
    again = photographs.load_cached([path], tmp_path / "kept.npy", 8)
    assert np.array_equal(first, again)
