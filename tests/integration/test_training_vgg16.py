"""The full-width VGG16, at random weights, all the way to a bundle that captions."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.vision import bundle
from training.__main__ import main

pytest.importorskip("onnx", reason="needs onnx (requirements/train.lock)")
pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

import tensorflow as tf

from training import vgg
from training.errors import CheckpointError
from training.vgg import keras_vgg16

pytestmark = [pytest.mark.training, pytest.mark.slow]

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 60, 220)}
SIDE = 64


def described(folder: Path) -> Path:
    """Forty photographs of one colour each, with descriptions."""
    folder.mkdir()
    rng, lines = np.random.default_rng(5), []
    for number in range(40):
        colour = [*COLOURS][number % 3]
        noise = rng.integers(-20, 20, (50, 70, 3))
        pixels = np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8)
        pixels[:, :35] //= 2  # in the shade: a frame of one colour would not be captioned
        Image.fromarray(pixels).save(folder / f"photo{number}.jpg")
        lines += [f"photo{number} a wall painted {colour}", f"photo{number}.jpg the {colour} wall"]
    (folder / "descriptions.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def network() -> object:
    """Keras' VGG16 without top, at random weights."""
    tf.keras.utils.set_random_seed(6)
    return tf.keras.applications.VGG16(include_top=False, weights=None)


@pytest.fixture(scope="module")
def weights(network: tf.keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its weights in a file, as a user without a network would have them."""
    path = tmp_path_factory.mktemp("keras") / "vgg16.weights.h5"
    with pytest.warns(DeprecationWarning, match="__array__"):  # Keras' own
        network.save_weights(path)
    return path


def test_it_sees_what_keras_network_sees(network: tf.keras.Model, weights: Path) -> None:
    pixels = np.random.default_rng(7).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    prepared = tf.keras.applications.vgg16.preprocess_input(pixels.astype(np.float32))
    theirs = network(prepared).numpy()
    ours = vgg.network(keras_vgg16(weights)).maps(pixels)[..., 512:]
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_it_becomes_a_bundle_that_captions(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, parts, out = described(tmp_path / "data"), tmp_path / "parts", tmp_path / "bundle"
    shared = ["--data", str(data), "--work", str(tmp_path / "work")]
    encoder = ["--encoder", "vgg16", "--weights", str(weights), "--side", str(SIDE)]
    training = ["--views", "1", "--epochs", "2", "--critical-epochs", "0"]
    assert main(["prepare", *shared, "--encoder", "vgg16"]) == 0
    assert main(["train", *shared, *encoder, *training, "--out", str(parts)]) == 0
    made = ["--model", str(parts), "--out", str(out), "--version", "1"]
    assert main(["export", *shared, *made]) == 0
    model = bundle.load(out)
    document = json.loads((out / "bundle.json").read_text())
    assert model.name == "vgg16"
    assert document["encoder"].startswith("VGG16, ")
    assert document["verification"]["float32"]["map_max"] < 1e-3
    prediction = model.describe(np.asarray(Image.open(data / "photo0.jpg")))
    assert set(prediction.captions[0].text.split()) <= {"a", "the", "wall", "painted", *COLOURS}
    capsys.readouterr()
    assert main(["evaluate", *shared, "--split", "dev", "--bundle", str(out), "--json"]) == 0
    assert "cider" in json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_weights_file_of_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.h5").write_bytes(b"not weights")
    with pytest.raises(CheckpointError, match=r"other\.h5 is not a weights file of VGG16"):
        keras_vgg16(tmp_path / "other.h5")


def test_a_weights_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no weights at .*gone\.h5"):
        keras_vgg16(tmp_path / "gone.h5")


def test_a_download_that_fails_says_how_to_do_without() -> None:
    def offline(**_: object) -> object:
        raise Exception("URL fetch failure")  # as Keras does

    with pytest.raises(CheckpointError, match=r"could not be had.*--weights FILE"):
        keras_vgg16(build=offline)


def test_the_weights_asked_of_keras_are_imagenets_without_top(network: object) -> None:
    asked: list[dict[str, object]] = []

    def build(**options: object) -> object:
        asked.append(options)
        return network

    keras_vgg16(build=build)
    assert asked == [{"include_top": False, "weights": "imagenet"}]
