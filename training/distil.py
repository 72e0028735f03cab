"""Distillation: VGG16 learns from EfficientNet-Lite2 what photographs show."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.arrays import F32, U8, Arrays, Tensor, ridge, save_arrays
from training.augmentation import Augmentation
from training.descent import Descent, annealed
from training.epochs import RunState
from training.feeding import PhotographBatch, Sample, feed, lesson
from training.held_out import figures, looked
from training.logs import note
from training.student import WEIGHTS, Student
from training.teacher import Teacher

RIDGE = 1e-2


@dataclass(frozen=True)
class DistillationPlan:
    """How long and how to distil.

    ``sizes`` are (share of the time, input side in pixels), smallest first: small
    inputs teach the same filters at a fraction of the cost. ``dropout`` is the share of
    channels dropped before each block that is trained, ``first`` the first of those.
    """

    minutes: float
    batch: int = 32
    rate: float = 6e-4
    decay: float = 0.01
    dropout: float = 0.0
    first: int = 4
    augmentation: Augmentation = field(default_factory=Augmentation)
    sizes: tuple[tuple[float, int], ...] = ((0.8, 160), (0.2, 224))
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


def hinted(
    student: Student, teacher: Teacher, batch: PhotographBatch, dropout: float
) -> tuple[Tensor, Tensor]:
    """Give the student's map of a batch and its losses against the teacher; within a tape."""
    pixels, seen, words = lesson(batch)
    map_ = student.map(student.before(pixels), dropout)
    return map_, student.losses(map_, teacher.look(seen, map_.shape[1]), words)


def _step(student: Student, teacher: Teacher, descent: Descent, dropout: float) -> Tensor:
    def step(batch: PhotographBatch) -> Tensor:
        with tf.GradientTape() as tape:
            _, losses = hinted(student, teacher, batch, dropout)
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
    plan: DistillationPlan,
    teacher: Teacher,
    sample: Sample,
    held_out: Sample,
    *,
    start: Arrays,
    out: Path,
    log: Path,
    state: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train for ``plan.minutes``, leaving the averaged weights at ``out``.

    A checkpoint replaces ``out`` every few minutes. Each adds a line of held-out figures to
    ``log``.

    Parameters
    ----------
    start
        Weights to go on from: of `training.vgg.fitted`, or of ``out``.
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
        If ``start`` is not VGG16's, or ``state`` another network's.
    """
    tf.random.set_seed(plan.seed)
    words, dims = sample.words.shape[1], teacher.basis.shape[1]
    begun = {"first": plan.first, "precision": plan.precision}
    student = Student(start, words=words, dims=dims, **begun)
    descent = Descent(student.trainable, plan.decay, precision=plan.precision)
    run = RunState(state, [*student.state, *descent.variables])
    seen, spent = run.restore()
    rng = np.random.default_rng((plan.seed, seen) if seen else plan.seed)
    step = _step(student, teacher, descent, plan.dropout)
    recent: list[F32] = []
    kept_at = time.monotonic()
    began, stopped = kept_at - spent, False

    def keep() -> Arrays:
        run.save(seen, time.monotonic() - began)
        arrays = student.arrays()
        save_arrays(out, arrays)
        return arrays

    def tell(arrays: Arrays) -> None:
        side = plan.size(progress)
        entry: dict[str, Tensor] = {"minutes": round((time.monotonic() - began) / 60, 2)}
        means = np.mean(recent, 0) if recent else np.zeros(len(WEIGHTS))
        entry |= {"seen": seen, "size": side, "train": [round(float(m), 4) for m in means]}
        note(log, entry | figures(arrays, teacher, held_out, side))

    for rows in _endless(rng, len(sample.pixels), min(plan.batch, len(sample.pixels))):
        progress = (time.monotonic() - began) / (60 * plan.minutes)
        stopped = stop()
        if progress >= 1 or stopped:
            break
        descent.rate.assign(plan.rate_at(progress, seen // plan.batch))
        batch = feed(sample, rows, plan.augmentation, rng, plan.size(progress))
        recent.append(step(batch).numpy())
        seen += len(rows)
        if time.monotonic() - kept_at > 60 * plan.checkpoint_minutes:
            tell(keep())
            kept_at, recent = time.monotonic(), []
    arrays = keep()
    if not stopped:  # whoever stops it will not wait for figures
        tell(arrays)
    return not stopped


def started(arrays: Arrays, teacher: Teacher, pixels: U8, side: int = 160) -> Arrays:
    """Give weights with heads fitted by least squares to what the teacher says of photographs.

    Parameters
    ----------
    arrays
        Of the encoder, from `training.vgg.fitted`.
    pixels : uint8 (n, s, s, 3)
        A thousand training photographs.
    """
    maps, taught, logits = looked(arrays, teacher, pixels, side)
    channels = maps.shape[-1]
    heads = {
        "adapter": ridge(maps.reshape(-1, channels), taught.reshape(-1, taught.shape[-1]), RIDGE),
        "labels": ridge(maps.mean((1, 2)), logits, 10 * RIDGE),
    }
    kernels = {f"{name}/kernel": kernel for name, (kernel, _) in heads.items()}
    return dict(arrays) | kernels | {f"{name}/bias": bias for name, (_, bias) in heads.items()}
