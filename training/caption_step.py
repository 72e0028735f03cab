"""One descent on captions, on a cosine schedule, with averaged weights beside."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import tensorflow as tf

from training.arrays import Arrays, Tensor
from training.descent import Average, annealed


@dataclass(frozen=True)
class Schedule:
    """Highest rate, steps in all and minutes at most.

    The rate anneals to whichever runs out first.
    """

    rate: float
    steps: int
    minutes: float


class CaptionStep:
    """AdamW on a loss of captions.

    Parameters
    ----------
    loss : callable
        Of what a call is given: a scalar.
    variables : mapping of str to tf.Variable
        What is trained, by name.
    """

    KEPT = 0.999

    def __init__(
        self, loss: Callable[..., Tensor], variables: Mapping[str, Tensor], schedule: Schedule
    ) -> None:
        self._loss, self._schedule = loss, schedule
        self._names, self._variables = list(variables), list(variables.values())
        self._optimizer = tf.keras.optimizers.AdamW(
            schedule.rate, weight_decay=1e-3, global_clipnorm=2.0
        )
        self._began = time.monotonic()
        self._optimizer.build(self._variables)
        self._average = Average(self._variables, self.KEPT)
        self._taken = tf.Variable(0.0, trainable=False)
        self._descend = tf.function(self._descended, autograph=False)

    def __call__(self, *given: Tensor) -> float:
        """Descend once; give the loss."""
        warm_up = min(200, self._schedule.steps // 5 + 1)
        share = annealed(self._progress(), float(self._taken), warm_up=warm_up, least=0.02)
        self._optimizer.learning_rate.assign(self._schedule.rate * share)
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
        return max(float(self._taken) / self._schedule.steps, minutes / self._schedule.minutes)

    def _descended(self, *given: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(*given)
        gradients = tape.gradient(loss, self._variables)
        gradients = [tf.convert_to_tensor(g) for g in gradients]
        self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))
        self._taken.assign_add(1.0)
        self._average.follow()
        return loss
