"""The ImageNet VGG16 of keras-applications, as a plain encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.arrays import Tensor
from training.errors import CheckpointError
from training.plain import CONVOLUTIONS, Plain

__all__ = ["vgg16"]

MEAN = np.array([123.68, 116.779, 103.939], np.float32)
"""Of ImageNet, RGB: what the network was trained without (Simonyan and Zisserman 2015)."""


def vgg16(
    weights: Path | None = None, build: Callable[..., Tensor] = tf.keras.applications.VGG16
) -> Plain:
    """Give the network without its top.

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
    return _plain(network)


def _unusable(weights: Path | None, error: Exception) -> str:
    if weights is not None:
        return f"{weights} is not a weights file of VGG16 without its top: {error}"
    return (
        f"the ImageNet weights of VGG16 could not be had: {error}. Without a network, fetch"
        " vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 elsewhere and give it as --weights"
        " FILE, or put it into the folder models/ of KERAS_HOME"
    )


def _plain(network: Tensor) -> Plain:
    arrays = {}
    for name in CONVOLUTIONS:
        kernel, bias = network.get_layer(name).get_weights()
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = kernel, bias
    # It was trained on BGR; turning its first kernel round lets it take RGB.
    first = f"{CONVOLUTIONS[0]}/kernel"
    arrays[first] = np.ascontiguousarray(arrays[first][:, :, ::-1])
    return Plain(arrays, MEAN, 1.0)
