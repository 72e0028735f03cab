"""Distillation: the slim encoder learns the teacher's stages, labels and caption words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.arrays import F32, Tensor, read_arrays, save_arrays
from training.augmentation import Augmentation
from training.descent import Descent, annealed
from training.feeding import Batch, Sample, feed, lesson
from training.held_out import figures
from training.logs import note
from training.run_state import RunState
from training.slim import calibrated
from training.student import Student
from training.targets import STAGES, Targets

__all__ = ["THOUSANDS", "Plan", "distil", "whole"]

THOUSANDS = "photographs/thousands"
"""The array of a weights file that says how many photographs have gone through it."""

CALIBRATED_ON = 512
"""Photographs that batch norm's statistics are measured on for the averaged weights."""


@dataclass(frozen=True)
class Plan:
    """How long and how to distil.

    ``sizes`` are (share of the time, input side in pixels), smallest first: small
    inputs teach the same filters at a fraction of the cost. ``dropout`` is the share of
    channels dropped before the last two blocks.
    """

    minutes: float
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.03
    dropout: float = 0.1
    augmentation: Augmentation = field(default_factory=Augmentation)
    sizes: tuple[tuple[float, int], ...] = ((0.25, 64), (0.55, 96), (0.2, 128))
    seed: int = 1
    checkpoint_minutes: float = 4.0
    precision: Tensor = tf.float32

    def size(self, progress: float) -> int:
        """Input side at a share 0..1 of the time."""
        for share, side in self.sizes:
            progress -= share
            if progress < 0:
                return side
        return self.sizes[-1][1]

    def rate_at(self, progress: float, steps: int) -> float:
        """Learning rate: 100 steps of warm-up, then a cosine over the time."""
        return self.rate * annealed(progress, steps, warm_up=100, least=0.01)


def _step(student: Student, descent: Descent, dropout: float) -> Tensor:
    def step(batch: Batch) -> Tensor:
        pixels, *wanted = lesson(batch)
        with tf.GradientTape() as tape:
            outputs = student.slim.train(pixels, dropout=dropout)
            losses = student.losses(outputs, *wanted)
            total = student.weighted(losses)
        descent.apply(tape.gradient(total, student.trainable), student.trainable)
        student.follow()
        return losses

    # Autograph would read this file anew at each size, hours after it was imported.
    return tf.function(step, autograph=False)


def _endless(rng: np.random.Generator, count: int, batch: int) -> Iterator[npt.NDArray[np.int64]]:
    while True:
        order = rng.permutation(count)
        for start in range(0, count - batch + 1, batch):
            yield order[start : start + batch]


def distil(
    plan: Plan,
    sample: Sample,
    held_out: Sample,
    *,
    out: Path,
    log: Path,
    init: Path | None = None,
    state: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train for ``plan.minutes``, leaving the averaged weights at ``out``.

    A checkpoint replaces ``out`` every few minutes, so an interrupted run goes on
    from ``init=out``. Each checkpoint adds a line of held-out figures to ``log``.

    Parameters
    ----------
    state
        Kept with each checkpoint: a run that finds it goes on where that one stopped, on
        the same schedule, counting the photographs it saw; if it had ended, there is
        nothing more to do.
    stop
        Asked before every step; True ends the run early, its state kept.

    Returns
    -------
    bool
        Whether it came to its end.

    Raises
    ------
    CheckpointError
        If ``init`` is not a slim encoder's, or ``state`` another network's.
    """
    start = read_arrays(init) if init else {}
    tf.random.set_seed(plan.seed)
    student = Student(sample.words.shape[1], plan.seed, start or None, plan.precision)
    descent = Descent(student.trainable, plan.decay, precision=plan.precision)
    run = RunState(state, [*student.variables, *descent.variables])
    seen, spent = run.restore()
    known = _some(sample, len(held_out.pixels))
    notes = _Notes(student, sample, held_out, known, out, log, float(start.get(THOUSANDS, 0)))
    rng = np.random.default_rng((plan.seed, seen) if seen else plan.seed)
    step, recent = _step(student, descent, plan.dropout), []
    kept_at = time.monotonic()
    began, stopped = kept_at - spent, False
    for rows in _endless(rng, len(sample.pixels), min(plan.batch, len(sample.pixels))):
        progress = (time.monotonic() - began) / (60 * plan.minutes)
        stopped = stop()
        if progress >= 1 or stopped:
            break
        descent.rate.assign(plan.rate_at(progress, seen // plan.batch))
        recent.append(step(feed(sample, rows, plan.augmentation, rng, plan.size(progress))).numpy())
        seen += len(rows)
        if time.monotonic() - kept_at > 60 * plan.checkpoint_minutes:
            run.save(seen, time.monotonic() - began)
            notes.keep(time.monotonic() - began, seen, plan.size(progress), recent)
            kept_at, recent = time.monotonic(), []
    run.save(seen, time.monotonic() - began)
    notes.keep(time.monotonic() - began, seen, plan.size(progress), recent)
    return not stopped


@dataclass(frozen=True)
class _Notes:
    """Writes the weights, and what they have learnt."""

    student: Student
    sample: Sample
    held_out: Sample
    known: Sample
    out: Path
    log: Path
    thousands_before: float

    def keep(self, seconds: float, seen: int, size: int, recent: list[F32]) -> None:
        arrays = calibrated(self.student.arrays(), whole(self.sample, size))
        thousands = self.thousands_before + seen / 1000
        save_arrays(self.out, arrays | {THOUSANDS: np.array(thousands, np.float32)})
        means = np.mean(recent, 0) if recent else np.zeros(len(STAGES) + 2)
        entry: dict[str, Tensor] = {
            "minutes": round(seconds / 60, 2),
            "seen": seen,
            "seen_in_all": round(1000 * thousands),
            "size": size,
            "train": [round(float(mean), 4) for mean in means],
        }
        entry |= figures(arrays, self.held_out, size)
        note(self.log, entry | {"on_train": figures(arrays, self.known, size)})


def _some(sample: Sample, count: int) -> Sample:
    """Give captioned photographs of those trained on, to tell learning from knowing by heart."""
    captioned = np.flatnonzero(np.isfinite(sample.words[:, 0]))
    rows = captioned[:: max(1, len(captioned) // count)][:count]
    maps = tuple(stage[rows] for stage in sample.targets.maps)
    targets = Targets(maps, sample.targets.logits[rows])
    return Sample(sample.pixels[rows], targets, sample.words[rows])


def whole(sample: Sample, size: int) -> Iterator[Tensor]:
    """Give batches of pixels, whole frames, to measure batch norm's statistics on."""
    pixels = sample.pixels[:: max(1, len(sample.pixels) // CALIBRATED_ON)]
    for start in range(0, len(pixels), 64):
        yield tf.image.resize(tf.cast(pixels[start : start + 64], tf.float32), (size, size))
