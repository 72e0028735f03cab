"""Which words captions of a picture would hold: the head, and the shipped bundle's."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from captioner.vision import words
from captioner.vision.bundle import DEFAULT_BUNDLE
from captioner.vision.manifest import BundleError
from captioner.vision.text import FILES
from captioner.vision.words import WordHead

LEFT, RIGHT, NEITHER = np.eye(3, 256, dtype=np.float32)
# A hidden unit for each of two directions, and a word for each unit.
HEAD = WordHead(
    {
        "hidden": np.eye(256, 2, dtype=np.float32),
        "hidden_bias": np.zeros(2, np.float32),
        "out": np.array([[10, -10], [-10, 10]], np.float32),
        "out_bias": np.full(2, -4, np.float32),
        "idf": np.array([1, 3], np.float32),
    },
    ["dog", "man"],
)


def test_a_word_is_probable_where_the_picture_shows_it() -> None:
    likely = HEAD.likely(["dogs", "men"])
    assert likely is not None and likely.words == ("dog", "man")
    dog, man = likely.probabilities(np.stack([LEFT, RIGHT, NEITHER])).T
    assert dog[0] > 0.9 and man[1] > 0.9
    assert max(dog[1], dog[2], man[0], man[2]) < 0.1


def test_a_rare_word_says_more_and_all_words_together_at_most_one() -> None:
    likely = HEAD.likely(["dog", "men"])
    assert likely is not None
    sure = likely.shares(np.ones((1, 2), np.float32))
    assert sure[0].tolist() == pytest.approx([0.25, 0.75], abs=1e-3)
    assert likely.shares(np.zeros((1, 2), np.float32)).tolist() == [[0, 0]]


def test_what_nobody_knows_takes_its_share_and_gives_nothing() -> None:
    known, half = HEAD.likely(["man"]), HEAD.likely(["man", "xylophone"])
    assert known is not None and half is not None
    assert (known.weights.tolist(), half.weights.tolist()) == ([1.0], [0.5])
    assert HEAD.likely(["xylophone"]) is HEAD.likely([]) is None


def test_one_query_is_told_from_another_by_its_words() -> None:
    assert repr(HEAD.likely(["dog"])) == repr(HEAD.likely(["dogs"])) != repr(HEAD.likely(["man"]))


def copied(folder: Path) -> Path:
    for file in ("bundle.json", *FILES, words.FILE):
        shutil.copyfile(DEFAULT_BUNDLE / file, folder / file)
    return folder


def test_the_shipped_bundle_knows_everyday_words() -> None:
    likely = words.load().likely(["beach", "dog", "red", "children", "snow"])
    assert likely is not None and likely.words == ("beach", "dog", "red", "child", "snow")


def test_a_bundle_without_a_head_knows_none(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / words.FILE).unlink()
    described = (folder / "bundle.json").read_text()
    _, _, rest = described.partition('"words.npz": "')
    named = f',\n    "words.npz": "{rest[:64]}"'
    assert named in described
    (folder / "bundle.json").write_text(described.replace(named, ""))
    texts = words.load(folder)
    assert texts.likely(["dog"]) is None and texts.encode_query("dog").shape == (256,)


def test_a_damaged_head_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / words.FILE).write_bytes(b"PK")
    with pytest.raises(BundleError, match=r"words\.npz is damaged"):
        words.load(folder)
