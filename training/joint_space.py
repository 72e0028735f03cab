"""The joint image-text space: a text encoder and the image's projection, as layers."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from captioner.vision.tokenizer import PAD
from training.arrays import F32, Tensor
from training.visual_space import turn


class GatedUnit:
    """Cho et al. 2014, reset after the product; gates in the order update, reset, candidate.

    Five times as fast on a processor as Keras' own, which loops.
    """

    def __init__(self, inputs: int, states: int, rng: np.random.Generator) -> None:
        bound = np.sqrt(6 / (inputs + 3 * states))
        turns = [np.linalg.qr(rng.normal(size=(states, states)))[0] for _ in range(3)]
        self.kernel = _variable(rng.uniform(-bound, bound, (inputs, 3 * states)))
        self.recurrent = _variable(np.concatenate(turns, 1))
        self.bias = _variable(np.zeros(3 * states))
        self.recurrent_bias = _variable(np.zeros(3 * states))

    def mean(self, x: Tensor, real: Tensor) -> Tensor:
        """Give the mean state (n, s) of texts (n, t, e).

        ``real`` (n, t) is 1 for words and 0 for padding, which must come last.
        """
        into = tf.einsum("nte,es->tns", x, self.kernel) + self.bias
        state = tf.zeros((tf.shape(x)[0], self.recurrent.shape[0]))
        total = tf.zeros_like(state)
        for at in range(x.shape[1]):
            state = self._step(into[at], state)
            total += state * real[:, at : at + 1]
        return total / tf.maximum(tf.reduce_sum(real, 1, keepdims=True), 1.0)

    def _step(self, into: Tensor, state: Tensor) -> Tensor:
        update, reset, candidate = tf.split(into, 3, 1)
        back = tf.matmul(state, self.recurrent) + self.recurrent_bias
        from_update, from_reset, from_candidate = tf.split(back, 3, 1)
        keep = tf.sigmoid(update + from_update)
        new = tf.tanh(candidate + tf.sigmoid(reset + from_reset) * from_candidate)
        return keep * state + (1 - keep) * new

    def variables(self) -> list[Tensor]:
        """Everything trained."""
        return [self.kernel, self.recurrent, self.bias, self.recurrent_bias]

    def arrays(self) -> dict[str, F32]:
        """As ``captioner.vision.text`` reads them."""
        names = ("kernel", "recurrent", "bias", "recurrent_bias")
        arrays = (variable.numpy() for variable in self.variables())
        return {f"gru/{name}": array for name, array in zip(names, arrays, strict=True)}


def _variable(values: Tensor) -> Tensor:
    return tf.Variable(np.asarray(values, np.float32))


@dataclass(frozen=True)
class JointRecipe:
    """How the joint space is trained.

    ``temperature`` divides the similarities. ``following``, ``closing`` and what is called after
    them are for a text side that learns from a sentence encoder (`training.taught`).
    """

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
    following: int = 8
    following_rate: float = 2e-3
    following_dropout: float = 0.1
    following_word_dropout: float = 0.03
    closing: int = 3
    closing_rate: float = 3e-4


TAUGHT = JointRecipe(epochs=15, word=180, state=320, hidden=1024, following=12)
"""With a sentence encoder; `captioner.vision.text` holds 2.8 MB then."""


class Head:
    """From vectors float32 (n, d) into the joint space: unit vectors (n, size).

    The means and deviations of ``vectors`` are taken out first.
    """

    def __init__(self, recipe: JointRecipe, vectors: F32) -> None:
        layers = tf.keras.layers
        self._mean, self._std = vectors.mean(0), np.maximum(vectors.std(0), 1e-3)
        self._hidden = layers.Dense(recipe.hidden, activation="relu")
        self._out = layers.Dense(recipe.size, use_bias=False)
        self._drop = layers.Dropout(recipe.dropout)
        self(vectors[:1])

    def __call__(self, vectors: Tensor, training: bool = False) -> Tensor:
        """Give their places."""
        x = self._drop((vectors - self._mean) / self._std, training=training)
        x = self._drop(self._hidden(x), training=training)
        return tf.math.l2_normalize(self._out(x), -1)

    def variables(self) -> list[Tensor]:
        """Everything trained."""
        return [*self._hidden.trainable_variables, *self._out.trainable_variables]

    def arrays(self) -> tuple[F32, F32, F32]:
        """Kernel and bias of the hidden layer, the standardisation folded in, and what follows."""
        kernel, bias = self._hidden.get_weights()
        folded = bias - (self._mean / self._std) @ kernel
        return kernel / self._std[:, None], folded, self._out.get_weights()[0]


class JointSpace:
    """Both encoders: ``image`` of pooled maps (n, 2c), `text` of padded word numbers."""

    def __init__(self, recipe: JointRecipe, vocabulary: int, features: F32) -> None:
        tf.keras.utils.set_random_seed(recipe.seed)
        layers, rng = tf.keras.layers, np.random.default_rng(recipe.seed)
        self._recipe = recipe
        self.embedding = layers.Embedding(vocabulary, recipe.word)
        self.gru = GatedUnit(recipe.word, recipe.state, rng)
        self.text_out = layers.Dense(recipe.size, use_bias=False)
        self.image = Head(recipe, features)
        self.text(np.zeros((1, 1), np.int32))

    def text(
        self, captions: Tensor, training: bool = False, dropout: float | None = None
    ) -> Tensor:
        """Give unit vectors of padded word numbers (n, t); ``dropout`` in place of the recipe's."""
        share = self._recipe.dropout if dropout is None else dropout
        share = share if training else 0.0
        real = tf.cast(captions != PAD, tf.float32)
        x = tf.nn.dropout(self.embedding(captions), share)
        mean = tf.nn.dropout(self.gru.mean(x, real), share)
        return tf.math.l2_normalize(self.text_out(mean), -1)

    def text_variables(self) -> list[Tensor]:
        """What of the texts' side is trained."""
        layers = (self.embedding, self.text_out)
        variables = [v for layer in layers for v in layer.trainable_variables]
        return [*variables, *self.gru.variables()]

    def variables(self) -> list[Tensor]:
        """Everything trained."""
        return [*self.text_variables(), *self.image.variables()]

    def text_arrays(self) -> dict[str, F32]:
        """As ``captioner.vision.text`` reads them, turned as the images' (`turn`)."""
        return {
            "embedding": self.embedding.get_weights()[0],
            **self.gru.arrays(),
            "out": self.text_out.get_weights()[0] @ turn(self._recipe.size),
        }

    def image_arrays(self) -> dict[str, F32]:
        """As ``captioner.vision.vectors`` reads them, the standardisation folded in."""
        kernel, bias, out = self.image.arrays()
        return {
            "semantic/hidden": kernel,
            "semantic/hidden_bias": bias,
            "semantic/out": out @ turn(self._recipe.size),
        }
