"""The joint image-text space: a text encoder and the image's projection, as layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from captioner.vision.tokenizer import PAD
from captioner.vision.vectors import gem
from training.arrays import F16, F32, Tensor
from training.whitening import turn

__all__ = ["JointRecipe", "JointSpace", "pooled"]


@dataclass(frozen=True)
class JointRecipe:
    """How the joint space is trained. ``temperature`` divides the similarities."""

    epochs: int = 10
    batch: int = 256
    rate: float = 1e-3
    dropout: float = 0.3
    word_dropout: float = 0.1
    temperature: float = 0.07
    word: int = 150
    state: int = 256
    hidden: int = 512
    size: int = 256
    seed: int = 1


def pooled(maps: F16) -> F32:
    """Mean and generalised mean of maps (n, h, w, c): float32 (n, 2c)."""
    found = [
        np.concatenate([part.mean((1, 2)), gem(part)], 1)
        for part in (m.astype(np.float32) for m in np.array_split(maps, max(1, len(maps) // 500)))
    ]
    return np.concatenate(found)


class JointSpace:
    """Both encoders, as Keras layers."""

    def __init__(self, recipe: JointRecipe, vocabulary: int, features: F32) -> None:
        tf.keras.utils.set_random_seed(recipe.seed)
        layers = tf.keras.layers
        self._recipe = recipe
        self._mean, self._std = features.mean(0), np.maximum(features.std(0), 1e-3)
        self.embedding = layers.Embedding(vocabulary, recipe.word)
        self.gru = layers.GRU(recipe.state, return_sequences=True)
        self.text_out = layers.Dense(recipe.size, use_bias=False)
        self.hidden = layers.Dense(recipe.hidden, activation="relu")
        self.image_out = layers.Dense(recipe.size, use_bias=False)
        self._drop = layers.Dropout(recipe.dropout)

    def image(self, features: Tensor, training: bool = False) -> Tensor:
        """Give unit vectors of pooled maps (n, 2c)."""
        x = self._drop((features - self._mean) / self._std, training=training)
        x = self._drop(self.hidden(x), training=training)
        return tf.math.l2_normalize(self.image_out(x), -1)

    def text(self, captions: Tensor, training: bool = False) -> Tensor:
        """Give unit vectors of padded word numbers (n, t)."""
        real = tf.cast(captions != PAD, tf.float32)[..., None]
        x = self._drop(self.embedding(captions), training=training)
        states = self.gru(x, mask=captions != PAD)
        mean = tf.reduce_sum(states * real, 1) / tf.maximum(tf.reduce_sum(real, 1), 1.0)
        return tf.math.l2_normalize(self.text_out(self._drop(mean, training=training)), -1)

    def variables(self) -> list[Tensor]:
        """Everything trained."""
        layers = (self.embedding, self.gru, self.text_out, self.hidden, self.image_out)
        return [v for layer in layers for v in layer.trainable_variables]

    def text_arrays(self) -> dict[str, F32]:
        """As ``captioner.vision.text`` reads them, turned as the images' (`turn`)."""
        kernel, recurrent, biases = self.gru.get_weights()
        return {
            "embedding": self.embedding.get_weights()[0],
            "gru/kernel": kernel,
            "gru/recurrent": recurrent,
            "gru/bias": biases[0],
            "gru/recurrent_bias": biases[1],
            "out": self.text_out.get_weights()[0] @ turn(self._recipe.size),
        }

    def image_arrays(self) -> dict[str, F32]:
        """As ``captioner.vision.vectors`` reads them, the standardisation folded in."""
        kernel, bias = self.hidden.get_weights()
        return {
            "semantic/hidden": kernel / self._std[:, None],
            "semantic/hidden_bias": bias - (self._mean / self._std) @ kernel,
            "semantic/out": self.image_out.get_weights()[0] @ turn(self._recipe.size),
        }
