"""A model is trained on everyday photographs and on captions without photographs, too."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.vision.text import Tokenizer
from training.__main__ import main
from training.vocabulary import WRITTEN_IN_TEXTS

pytest.importorskip("onnx", reason="needs onnx (requirements/train.lock)")
pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

import tensorflow as tf

from training.logs import read_log

pytestmark = [pytest.mark.training, pytest.mark.slow]

SIDE = 64


def paint(path: Path, number: int) -> None:
    noise = np.random.default_rng(number).integers(0, 256, (50, 70, 3), np.uint8)
    Image.fromarray(noise).save(path)


def described(folder: Path) -> Path:
    folder.mkdir()
    for number in range(40):
        paint(folder / f"photo{number}.jpg", number)
    lines = (f"photo{number} a dog runs on grass" for number in range(40))
    (folder / "descriptions.txt").write_text("\n".join(lines))
    return folder


def everyday(folder: Path) -> Path:
    (folder / "photographs").mkdir(parents=True)
    lines = []
    for number in range(8):
        paint(folder / "photographs" / f"kitchen{number}.jpg", 100 + number)
        captions = ["A fridge in a kitchen .", "The kitchen has a zebra ."]
        lines.append(json.dumps({"file": f"kitchen{number}.jpg", "captions": captions * 4}))
    (folder / "captions.jsonl").write_text("\n".join(lines))
    (folder / "everyday_dev.txt").write_text("kitchen0.jpg\nkitchen1.jpg\n")
    return folder


def texts(folder: Path) -> Path:
    folder.mkdir()
    with gzip.open(folder / "coco.jsonl.gz", "wt", encoding="utf-8") as lines:
        for number in range(WRITTEN_IN_TEXTS):
            written = [f"A giraffe , number {number}", f"A zebra , number {number}"]
            lines.write(json.dumps({"coco_id": number, "captions": written}) + "\n")
    return folder


def pseudo(folder: Path) -> Path:
    folder.mkdir()
    lines = []
    for number in range(4):
        paint(folder / f"street{number}.jpg", 200 + number)
        captions = ["a lighthouse on grass"] if number else []
        lines.append(json.dumps({"file": f"street{number}.jpg", "captions": captions}))
    out = folder.parent / "pseudo.jsonl"
    out.write_text("\n".join(lines))
    return out


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``train`` leaves on an encoder at random weights."""
    folder = tmp_path_factory.mktemp("sources")
    tf.keras.utils.set_random_seed(6)
    network = tf.keras.applications.VGG16(include_top=False, weights=None)
    with pytest.warns(DeprecationWarning, match="__array__"):  # Keras' own
        network.save_weights(folder / "vgg16.weights.h5")
    given = {
        "--data": described(folder / "data"),
        "--captioned": everyday(folder / "captioned"),
        "--texts": texts(folder / "texts"),
        "--pseudo": pseudo(folder / "extra"),
        "--extra": folder / "extra",
        "--work": folder / "work",
        "--encoder": "vgg16",
        "--weights": folder / "vgg16.weights.h5",
        "--side": SIDE,
        "--text-epochs": 1,
        "--epochs": 1,
        "--critical-epochs": 1,
        "--everyday-weight": 1,
        "--out": folder / "parts",
    }
    assert main(["train", *(str(one) for pair in given.items() for one in pair)]) == 0
    return folder / "parts"


def test_epochs_are_scored_on_everyday_photographs_beside_dev(parts: Path) -> None:
    for log in ("decoder", "critical"):
        (line,) = read_log(parts / f"{log}.jsonl")
        mean = (line["dev_cider"] + line["everyday_cider"]) / 2
        assert line["score"] == pytest.approx(mean, abs=0.01)


def test_the_decoder_has_read_texts_first(parts: Path) -> None:
    (line,) = read_log(parts / "language.jsonl")
    assert {"loss", "dev_perplexity", "everyday_perplexity", "seconds"} <= set(line)


def test_the_record_counts_photographs_of_both(parts: Path) -> None:
    made = json.loads((parts / "train.json").read_text())
    assert 20 + 6 < made["photographs"] < 40 + 6


def test_words_of_photographs_and_of_texts_are_known(parts: Path) -> None:
    words = Tokenizer.read(parts / "tokenizer.json")
    written, searched = words.words[: words.captioned], words.words[words.captioned :]
    assert {"dog", "fridge", "zebra"} <= set(written)
    assert "giraffe" in searched


def test_no_word_is_learnt_from_what_a_model_wrote(parts: Path) -> None:
    assert "lighthouse" not in Tokenizer.read(parts / "tokenizer.json").words
