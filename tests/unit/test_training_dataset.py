"""Data with a fault is refused with the file or line that has it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.vision.text import words_of
from training import photographs
from training.dataset import read_apart, read_split, share_of, withheld
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


def coco(*captions: str) -> bytes:
    images = [{"id": 7, "file_name": "x.jpg"}]
    told = [{"image_id": 7, "caption": caption} for caption in captions]
    return json.dumps({"images": images, "annotations": told}).encode()


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
    (flickr(tmp_path) / "Flickr8k_text" / "Flickr8k.token.txt").write_text("1.jpg\n")
    with pytest.raises(DatasetError, match="line 1"):
        read_split(tmp_path, "dev")


def test_a_damaged_photograph_is_named(tmp_path: Path) -> None:
    path = tmp_path / "torn.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 torn")
    with pytest.raises(DatasetError, match=r"damaged photograph torn\.jpg"):
        photographs.load([path])


def described(folder: Path, count: int = 60) -> Path:
    lines = []
    for number in range(count):
        Image.new("RGB", (9, 9)).save(folder / f"x{number}.jpg")
        lines += [f"x{number} a black square", f"x{number}.jpg nothing at all"]
    (folder / "descriptions.txt").write_text("\n".join(lines))
    return folder


def test_a_plain_folder_with_descriptions_is_divided_without_overlap(tmp_path: Path) -> None:
    splits = [read_split(described(tmp_path), name) for name in ("train", "dev", "test")]
    names = [{path.name for path in split.photographs} for split in splits]
    assert len(set.union(*names)) == sum(map(len, names)) == 60
    assert len(names[0]) > 40
    assert splits[1].captions[0] == ("a black square", "nothing at all")


def test_a_photograph_stays_in_its_split_when_others_come(tmp_path: Path) -> None:
    before = read_split(described(tmp_path, 60), "dev")
    after = read_split(described(tmp_path, 90), "dev")
    assert set(before.photographs) <= set(after.photographs)


def test_a_plain_folder_too_small_to_divide_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="split is empty"):
        read_split(described(tmp_path, 1), "dev" if share_of("x0.jpg") != "dev" else "test")


def test_a_description_without_words_is_numbered(tmp_path: Path) -> None:
    described(tmp_path, 2)
    (tmp_path / "descriptions.txt").write_text("x0.jpg a dog\nx1.jpg\n")
    with pytest.raises(DatasetError, match="line 2: a name and a caption"):
        read_split(tmp_path, "train")


def test_a_description_of_a_photograph_that_is_not_there_is_numbered(tmp_path: Path) -> None:
    described(tmp_path, 1)
    (tmp_path / "descriptions.txt").write_text("x0 a dog\ngone a cat\n")
    with pytest.raises(DatasetError, match="line 2: a caption without a photograph: no 'gone'"):
        read_split(tmp_path, "train")


def test_a_photograph_that_no_line_describes_is_named(tmp_path: Path) -> None:
    described(tmp_path, 2)
    (tmp_path / "descriptions.txt").write_text("x0 a dog\n")
    with pytest.raises(DatasetError, match=r"without a caption: x1\.jpg"):
        read_split(tmp_path, "train")


def test_a_folder_without_captions_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"missing file: .*descriptions\.txt"):
        read_split(tmp_path, "train")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no such folder.*nowhere"):
        read_split(tmp_path / "nowhere", "train")


def test_captions_whose_encoding_cannot_be_told_are_named(tmp_path: Path) -> None:
    tokens = flickr(tmp_path) / "Flickr8k_text" / "Flickr8k.token.txt"
    tokens.write_bytes("1.jpg#0\tсобака бежит по траве".encode("cp1251"))
    with pytest.raises(DatasetError, match=r"Flickr8k\.token\.txt: its encoding.*cp1251"):
        read_split(tmp_path, "dev")


def test_a_split_that_is_no_text_is_named(tmp_path: Path) -> None:
    (flickr(tmp_path) / "Flickr8k_text" / "Flickr_8k.devImages.txt").write_bytes(b"1.jpg\n\xff")
    with pytest.raises(DatasetError, match=r"devImages\.txt is not UTF-8"):
        read_split(tmp_path, "dev")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("captions.txt", 'image,caption\nx.jpg,"A dog, sad"\nx.jpg,A hound\n'.encode("utf-16")),
        ("descriptions.txt", "x A dog, sad\nx.jpg A hound\n".encode("cp1252")),
        ("captions.json", coco("A dog, sad", "A hound")),
        ("my.token", b"x.jpg#0\tA dog, sad\nx.jpg#1\tA hound\n"),
    ],
)
def test_captions_of_a_folder_may_have_any_form(tmp_path: Path, name: str, content: bytes) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "x.jpg")
    (tmp_path / name).write_bytes(content)
    split = read_split(tmp_path, share_of("x.jpg"))
    assert split.captions == (("A dog, sad", "A hound"),)


def test_a_photograph_whose_captions_have_no_words_is_named(tmp_path: Path) -> None:
    tokens = flickr(tmp_path) / "Flickr8k_text" / "Flickr8k.token.txt"
    tokens.write_text("1.jpg#0\tA dog .\n2.jpg#0\t. . .\n")
    with pytest.raises(DatasetError, match=r"no caption with a word in it for 2\.jpg"):
        read_split(tmp_path, "dev")


def test_a_photograph_in_both_splits_is_named(tmp_path: Path) -> None:
    listed = flickr(tmp_path) / "Flickr8k_text" / "Flickr_8k.trainImages.txt"
    listed.write_text("2.jpg\n")
    with pytest.raises(DatasetError, match=r"in the train and in the dev split: 2\.jpg"):
        read_apart(tmp_path)


def test_captions_of_all_photographs_but_trains_are_withheld(tmp_path: Path) -> None:
    (flickr(tmp_path) / "Flickr8k_text" / "Flickr_8k.trainImages.txt").write_text("1.jpg\n")
    tokens = tmp_path / "Flickr8k_text" / "Flickr8k.token.txt"
    tokens.write_text("1.jpg#0\tA dog .\n2.jpg#0\tA cat .\n3.jpg#0\tAn owl .\n")
    assert withheld(tmp_path) == {"A cat .", "An owl ."}


def test_of_a_plain_folder_captions_of_dev_and_test_are_withheld(tmp_path: Path) -> None:
    names = [f"x{number}.jpg" for number in range(60)]
    for name in names:
        Image.new("RGB", (9, 9)).save(tmp_path / name)
    (tmp_path / "descriptions.txt").write_text("\n".join(f"{n} square {n[:-4]}" for n in names))
    held = {f"square {name[:-4]}" for name in names if share_of(name) != "train"}
    assert withheld(tmp_path) == held


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("A dog's T-shirt , wet .", ["a", "dog's", "t-shirt", "wet"]),
        ("Two  men !  Running ...", ["two", "men", "running"]),
        ('" Hello "', ["hello"]),
    ],
)
def test_captions_are_cleaned_to_lower_case_words(written: str, words: list[str]) -> None:
    assert words_of(written) == words


def test_photographs_are_kept_between_runs(tmp_path: Path) -> None:
    path, kept = tmp_path / "x.png", tmp_path / "kept.npy"
    Image.new("RGB", (9, 9), (1, 2, 3)).save(path)
    first = photographs.load_cached([path], kept, 8)
    when = kept.stat().st_mtime_ns
    assert np.array_equal(first, photographs.load_cached([path], kept, 8))
    assert kept.stat().st_mtime_ns == when


def test_a_photograph_that_changed_is_read_again(tmp_path: Path) -> None:
    path, kept = tmp_path / "x.png", tmp_path / "kept.npy"
    Image.new("RGB", (9, 9), (1, 2, 3)).save(path)
    photographs.load_cached([path], kept, 8)
    Image.new("RGB", (30, 30), (9, 9, 9)).save(path)
    assert (photographs.load_cached([path], kept, 8) == 9).all()


def test_every_damaged_photograph_is_named(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.jpg" for n in range(2)]
    for path in paths:
        Image.new("RGB", (300, 300), (9, 200, 9)).save(path)
        path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(DatasetError, match=r"damaged photographs 0\.jpg \(.*1\.jpg"):
        photographs.load(paths)


@pytest.mark.parametrize("ending", ["TIF", "avif", "jfif"])
def test_photographs_of_every_kind_are_found_and_read(tmp_path: Path, ending: str) -> None:
    kind = {"TIF": "TIFF", "avif": "AVIF", "jfif": "JPEG"}[ending]
    names = [f"{number}.{ending}" for number in range(60)]
    for name in names:
        Image.new("RGB", (20, 10), (200, 0, 0)).save(tmp_path / name, kind)
    (tmp_path / "descriptions.txt").write_text("".join(f"{name} a dog\n" for name in names))
    split = read_split(tmp_path, "train")
    assert {path.suffix for path in split.photographs} == {f".{ending}"}
    assert np.abs(photographs.load(split.photographs)[0, 0, 0].astype(int) - (200, 0, 0)).max() < 9


def test_a_photograph_is_read_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    halves = Image.new("RGB", (40, 40))
    halves.paste((255, 255, 255), (0, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    halves.save(path, exif=exif)
    pixels = photographs.load([path], 40)[0]
    assert pixels[5].mean() < 50
    assert pixels[35].mean() > 200
