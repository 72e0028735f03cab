"""The exponential average of weights while they are trained."""

from collections.abc import Sequence

import tensorflow as tf

from training.arrays import F32, Tensor

WARM_UP = 10.0


class Average:
    """Follows variables step by step.

    The first steps count for more (``n / (n + 10)`` is kept at step n until that reaches
    ``keep``), so that a short run does not leave what it began with.
    """

    def __init__(self, variables: Sequence[Tensor], keep: float) -> None:
        self._followed, self._keep = list(variables), keep
        self._kept = [tf.Variable(v, trainable=False) for v in variables]
        self._steps = tf.Variable(0.0, trainable=False)

    @property
    def variables(self) -> list[Tensor]:
        """Everything that following changes."""
        return [*self._kept, self._steps]

    def follow(self) -> None:
        """Take a step towards the variables."""
        self._steps.assign_add(1.0)
        keep = tf.minimum(self._keep, self._steps / (self._steps + WARM_UP))
        for kept, variable in zip(self._kept, self._followed, strict=True):
            kept.assign(kept * keep + variable * (1 - keep))

    def values(self) -> list[F32]:
        """Give the averages, in the variables' order."""
        return [kept.numpy() for kept in self._kept]
