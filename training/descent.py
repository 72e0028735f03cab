"""The optimizer of distillation: Muon for the convolutions, AdamW for everything else.

Muon (Jordan 2024) descends along the orthogonalised momentum of a matrix; the scale is that of Liu
2025 ("Muon is scalable for LLM training", section 2.2), with which it takes AdamW's rate and decay
(docs/decisions/106).
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from training.arrays import F32, Arrays, Tensor

MOMENTUM = 0.95
MUON_SCALE = 0.2
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5


class Descent:
    """Moves variables against their gradients.

    Kernels of convolutions (rank 4) are Muon's, the rest AdamW's. ``decay`` is decoupled, of
    matrices and kernels only; Newton and Schulz's iteration is computed in ``precision``.
    """

    def __init__(
        self,
        variables: Sequence[Tensor],
        decay: float,
        clip: float = 2.0,
        precision: Tensor = tf.float32,
    ) -> None:
        self._decay, self._clip, self._precision = decay, clip, precision
        self._kernels = [v for v in variables if v.shape.rank == 4]
        self._others = [v for v in variables if v.shape.rank != 4]
        self._momenta = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self._kernels]
        self.rate = tf.Variable(0.0, trainable=False)
        self._adam = tf.keras.optimizers.AdamW(0.0, weight_decay=decay, beta_2=0.99)
        self._adam.exclude_from_weight_decay(var_list=[v for v in self._others if _plain(v)])
        self._adam.build(self._others)

    @property
    def variables(self) -> list[Tensor]:
        """Everything kept between steps."""
        return [*self._momenta, *self._adam.variables]

    def apply(self, gradients: Sequence[Tensor], variables: Sequence[Tensor]) -> None:
        """Move by one step; gradients are clipped by their global norm."""
        clipped, _ = tf.clip_by_global_norm(gradients, self._clip)
        of = {v.ref(): g for v, g in zip(variables, clipped, strict=True)}
        if self._others:
            self._adam.learning_rate.assign(self.rate)
            self._adam.apply_gradients([(of[v.ref()], v) for v in self._others])
        for momentum, kernel in zip(self._momenta, self._kernels, strict=True):
            self._move(kernel, momentum, of[kernel.ref()])

    def _move(self, kernel: Tensor, momentum: Tensor, gradient: Tensor) -> None:
        momentum.assign(MOMENTUM * momentum + gradient)
        ahead = gradient + MOMENTUM * momentum
        height, width = math.prod(kernel.shape[:-1]), kernel.shape[-1]
        matrix = tf.reshape(ahead, (height, width))
        step = MUON_SCALE * max(height, width) ** 0.5 * self._orthogonal(matrix)
        kernel.assign(kernel * (1 - self.rate * self._decay))
        kernel.assign_sub(self.rate * tf.reshape(step, kernel.shape))

    def _orthogonal(self, matrix: Tensor) -> Tensor:
        tall = matrix.shape[0] > matrix.shape[1]
        x = tf.transpose(matrix) if tall else matrix
        x = tf.cast(x / (tf.norm(x) + 1e-7), self._precision)
        a, b, c = (tf.cast(value, self._precision) for value in NEWTON_SCHULZ)
        for _ in range(NEWTON_SCHULZ_STEPS):
            gram = tf.matmul(x, x, transpose_b=True)
            x = a * x + tf.matmul(b * gram + c * tf.matmul(gram, gram), x)
        x = tf.cast(x, tf.float32)
        return tf.transpose(x) if tall else x


def annealed(progress: float, steps: float, *, warm_up: int, least: float) -> float:
    """Share of the highest rate at a share 0..1 of the run: a warm-up in steps, then a cosine.

    The cosine ends at ``least``.
    """
    cosine = 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    return min(1.0, (steps + 1) / warm_up) * max(cosine, least)


def _plain(variable: Tensor) -> bool:
    return bool(variable.shape.rank < 2)


WARM_UP = 10.0


class Average:
    """Follows variables step by step.

    At step n ``n / (n + 10)`` is kept until that reaches ``keep``, so that a short run does not
    leave what it began with.
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


class CaptionStep:
    """AdamW on a loss of captions, a scalar of what a call is given; variables are by name.

    The highest ``rate`` anneals to whichever runs out first, ``steps`` in all or ``minutes``.
    """

    KEPT = 0.999

    def __init__(
        self,
        loss: Callable[..., Tensor],
        variables: Mapping[str, Tensor],
        rate: float,
        steps: int,
        minutes: float,
    ) -> None:
        self._loss, self._rate, self._steps, self._minutes = loss, rate, steps, minutes
        self._names, self._variables = list(variables), list(variables.values())
        self._optimizer = tf.keras.optimizers.AdamW(rate, weight_decay=1e-3, global_clipnorm=2.0)
        self._began = time.monotonic()
        self._optimizer.build(self._variables)
        self._average = Average(self._variables, self.KEPT)
        self._taken = tf.Variable(0.0, trainable=False)
        self._descend = tf.function(self._descended, autograph=False)

    def __call__(self, *given: Tensor) -> float:
        """Descend once; give the loss."""
        warm_up = min(200, self._steps // 5 + 1)
        share = annealed(self._progress(), float(self._taken), warm_up=warm_up, least=0.02)
        self._optimizer.learning_rate.assign(self._rate * share)
        return float(self._descend(*given))

    def goes_on(self, _: object = None) -> bool:
        """Whether there is time left; the first step is always taken."""
        return self._progress() < 1 or float(self._taken) == 0

    @property
    def state(self) -> list[Tensor]:
        """Everything that a step changes."""
        optimizer: list[Tensor] = list(self._optimizer.variables)
        return [*self._variables, *self._average.variables, self._taken, *optimizer]

    def spent(self, seconds: float) -> None:
        """Count time that an earlier run took."""
        self._began = time.monotonic() - seconds

    def averaged(self) -> Arrays:
        """Give the averaged weights by name."""
        return dict(zip(self._names, self._average.values(), strict=True))

    def _progress(self) -> float:
        # Whichever runs out first, so that the rate has annealed by then.
        minutes = (time.monotonic() - self._began) / 60
        return max(float(self._taken) / self._steps, minutes / self._minutes)

    def _descended(self, *given: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(*given)
        gradients = tape.gradient(loss, self._variables)
        gradients = [tf.convert_to_tensor(g) for g in gradients]
        self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))
        self._taken.assign_add(1.0)
        self._average.follow()
        return loss
