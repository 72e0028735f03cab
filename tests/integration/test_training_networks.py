"""Networks of layers: TensorFlow and ONNX agree on them, and VGG16 comes out of VGG-19."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs onnx (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

import onnxruntime as ort

from tests.teachers import efficientnet_weights, vgg_weights
from training import efficientnet, vgg
from training.arrays import U8, Arrays, save_arrays
from training.encoders import REGISTRY
from training.errors import CheckpointError
from training.networks import Network
from training.onnx_files import float_model, quantised, read_encoder
from training.options import ENCODERS

pytestmark = pytest.mark.training

SIDE = 64
WIDTHS = (4, 6, 8, 12, 12)


def photographs(count: int, side: int = SIDE) -> U8:
    """Smooth pictures, so that what neighbouring cells show is alike."""
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 256, (count, side // 16, side // 16, 3))
    return np.kron(coarse, np.ones((1, 16, 16, 1))).astype(np.uint8)


NETWORKS = {
    "vgg16": lambda: vgg.network(vgg_weights(vgg.BLOCKS)),
    "efficientnet-lite2": lambda: efficientnet.efficientnet_lite2(efficientnet_weights()),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_gives_what_tensorflow_gives(name: str) -> None:
    network, pixels = NETWORKS[name](), photographs(2)
    session = ort.InferenceSession(float_model(network, SIDE).SerializeToString())
    theirs = network.maps(pixels)
    ours = np.concatenate([session.run(None, {"pixels": one[None]})[0] for one in pixels])
    assert theirs.shape == (2, 2, 2, network.channels)
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_read_as_it_was_saved(name: str, tmp_path: Path) -> None:
    network, pixels = NETWORKS[name](), photographs(1)
    network.save(tmp_path / "encoder.npz")
    again = Network.read(tmp_path / "encoder.npz")
    assert again.layers == network.layers
    assert np.array_equal(again.maps(pixels), network.maps(pixels))


def test_a_file_that_holds_no_layers_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", kernel=np.zeros(3))
    with pytest.raises(CheckpointError, match="is not an encoder"):
        Network.read(tmp_path / "other.npz")


def test_the_command_line_offers_every_encoder() -> None:
    assert set(ENCODERS) == set(REGISTRY)


def made_of_vgg19(teacher: Arrays, told: list[str]) -> Arrays:
    pixels = photographs(24, 96)
    return vgg.fitted(teacher, pixels, 2_000, lambda line: told.append(str(line)))


def test_what_vgg16_has_in_common_with_vgg19_is_the_same_but_for_scale() -> None:
    teacher, pixels = vgg_weights((2, 2, 4, 4, 4)), photographs(4).astype(np.float32)
    network = vgg.network(made_of_vgg19(teacher, []))
    theirs = Network(vgg.layers((2, 2, 4, 4, 4)), teacher, vgg.MEAN, vgg.STD).outputs(pixels)
    ours = network.outputs(pixels)
    one, other = (np.asarray(given["block2_pool"]) for given in (ours, theirs))
    scale = (one * other).sum((0, 1, 2)) / (other**2).sum((0, 1, 2))
    assert np.abs(one - scale * other).max() < 1e-3


def test_where_vgg19_has_a_fourth_convolution_the_third_is_fitted_to_it() -> None:
    told: list[str] = []
    made_of_vgg19(vgg_weights((2, 2, 4, 4, 4)), told)
    assert [line.split(":")[0] for line in told] == [
        "block3_conv3",
        *(f"block{block}_conv{conv}" for block in (4, 5) for conv in (1, 2, 3)),
    ]
    assert all(50 < float(line.split()[1]) <= 100 for line in told)


def test_every_channel_has_a_mean_square_of_one() -> None:
    network = vgg.network(made_of_vgg19(vgg_weights((2, 2, 4, 4, 4)), []))
    found = network.outputs(photographs(24, 96).astype(np.float32))
    squares = np.concatenate(
        [np.mean(np.asarray(found[name]) ** 2, (0, 1, 2)) for name in vgg.convolutions()]
    )
    assert squares.max() < 1.5
    assert np.median(squares) == pytest.approx(1, abs=0.05)


def test_weights_that_lack_a_layer_are_refused() -> None:
    arrays = vgg_weights(vgg.BLOCKS)
    del arrays["block4_conv2/bias"]
    with pytest.raises(CheckpointError, match="lack block4_conv2/bias"):
        vgg.network(arrays)


def test_vgg19_is_read_from_its_codebook() -> None:
    tensors: dict[str, Any] = {}
    for name in vgg.convolutions((2, 2, 4, 4, 4)):
        before = 3 if name == "block1_conv1" else 2
        tensors[f"{name}_W_table"] = np.arange(4, dtype=np.float32)
        tensors[f"{name}_W_q"] = np.arange(2 * before * 9).reshape(2, before, 3, 3).astype("u1") % 4
        tensors[f"{name}_b"] = np.ones(2, np.float32)
    found = vgg.vgg19(tensors)
    second = "block1_conv2"
    assert found[f"{second}/kernel"][0, 1, 1, 0] == tensors[f"{second}_W_q"][0, 1, 0, 1] % 4
    del tensors["block5_conv4_b"]
    with pytest.raises(CheckpointError, match="block5_conv4_b"):
        vgg.vgg19(tensors)


def test_a_bundles_eight_bits_are_weights_to_go_on_from(tmp_path: Path) -> None:
    network, pixels = vgg.network(vgg_weights()), photographs(12)
    quantised(float_model(network, SIDE), pixels, tmp_path / "encoder.onnx")
    head = {"labels/kernel": np.ones((24, 5), np.float32), "labels/bias": np.zeros(5, np.float32)}
    save_arrays(tmp_path / "labels.npz", head)
    found = read_encoder(tmp_path)
    assert found["labels/kernel"].shape == (24, 5)
    for name, array in network.arrays.items():
        assert np.abs(found[name] - array).max() <= 0.02 * np.abs(array).max() + 1e-4, name
    ours, theirs = vgg.network(found).maps(pixels), network.maps(pixels)
    assert np.corrcoef(ours.reshape(-1), theirs.reshape(-1))[0, 1] > 0.995


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no encoder\.onnx"):
        read_encoder(tmp_path)
