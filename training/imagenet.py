"""The ImageNet VGG16 of keras-applications, as weights of this project's."""

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from training import vgg
from training.arrays import Arrays, Tensor
from training.errors import CheckpointError


def vgg16(
    weights: Path | None = None, build: Callable[..., Tensor] = tf.keras.applications.VGG16
) -> Arrays:
    """Give its weights without its top, as `training.vgg.network` reads them.

    Parameters
    ----------
    weights : Path, optional
        A weights file of the network without top, ``.h5`` or ``.weights.h5``. When not
        given Keras takes its own from ``KERAS_HOME`` (``~/.keras`` unless set), where it
        downloads them to once, 59 MB, and verifies their checksum either way.
    build : callable, optional
        As `keras.applications.VGG16`, which it is unless given.

    Raises
    ------
    CheckpointError
        If the weights are missing, damaged, of another network, or cannot be downloaded.
    """
    if weights is not None and not weights.is_file():
        raise CheckpointError(f"no weights at {weights}")
    try:
        network = build(include_top=False, weights=str(weights) if weights else "imagenet")
    except Exception as error:  # Keras raises a bare Exception where a download fails
        raise CheckpointError(_unusable(weights, error)) from error
    return _arrays(network)


def _unusable(weights: Path | None, error: Exception) -> str:
    if weights is not None:
        return f"{weights} is not a weights file of VGG16 without its top: {error}"
    return (
        f"the ImageNet weights of VGG16 could not be had: {error}. Without a network, fetch"
        " vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 elsewhere and give it as --weights"
        " FILE, or put it into the folder models/ of KERAS_HOME"
    )


def _arrays(network: Tensor) -> Arrays:
    arrays = {}
    for name in vgg.convolutions():
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = network.get_layer(name).get_weights()
    return vgg.rescaled(arrays)
