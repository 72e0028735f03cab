"""Lets the captions' gradient reach the encoder: both are trained on, together.

The teacher's hints stay as they are: few photographs have captions, and an encoder that answers to
nothing else soon overfits them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision.text import Tokenizer
from training import vgg
from training.arrays import I32, U8, Arrays, Tensor, read_arrays, save_arrays
from training.augmentation import Augmentation
from training.batches import encoded, padded
from training.captioning import write_captions
from training.decoder import TrainableDecoder
from training.descent import Average, Descent, annealed
from training.distil import hinted
from training.epochs import RunState
from training.feeding import PhotographBatch, Sample, feed
from training.logs import note, read_log
from training.scores import cider
from training.student import Student
from training.teacher import Teacher

KEPT = 0.998


@dataclass(frozen=True)
class TuningPlan:
    """How long and how to train both.

    A step sees ``photographs``, each with ``captions`` of its captions; ``weight`` is
    that of a caption's word beside the teacher's hints. ``dropout`` is the decoder's,
    ``dropped`` the encoder's share of channels.
    """

    minutes: float
    side: int = 224
    first: int = 4
    photographs: int = 24
    captions: int = 5
    rate: float = 2e-4
    decay: float = 0.01
    weight: float = 1.0
    smoothing: float = 0.1
    dropout: float = 0.3
    dropped: float = 0.1
    augmentation: Augmentation = Augmentation(least_area=0.6, patched=0.0)  # noqa: RUF009
    seed: int = 1
    checkpoint_minutes: float = 6.0
    precision: Tensor = tf.float32


@dataclass(frozen=True)
class Captions:
    """The vocabulary, and what people wrote: of each photograph to train on, of each held out."""

    words: Tokenizer
    train: Sequence[Sequence[str]]
    held_out: Sequence[Sequence[str]]


def tune(
    plan: TuningPlan,
    teacher: Teacher,
    sample: Sample,
    held_out: U8,
    captions: Captions,
    *,
    encoder: Path,
    decoder: Path,
    out: Path,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train for ``plan.minutes``; leave the best by dev CIDEr in ``out``.

    ``out/encoder.npz`` is what `distil` leaves, ``out/decoder.npz`` what `train` goes on
    from, ``out/tuning.jsonl`` has a line a checkpoint.

    Parameters
    ----------
    sample
        Its first rows are the photographs of ``captions.train``, in their order.
    held_out : uint8 (n, side, side, 3)
        The photographs of ``captions.held_out``.
    resume
        Keep the whole state in ``out`` with each checkpoint and on being stopped, and go on
        from one that is there.
    stop
        Asked before every step; True ends the run early.

    Returns
    -------
    bool
        Whether it came to its end.

    Raises
    ------
    CheckpointError
        If ``encoder`` or ``decoder`` is missing or misshapen, or the state another network's.
    """
    tf.random.set_seed(plan.seed)
    both = _Both(plan, teacher, sample, read_arrays(encoder), read_arrays(decoder))
    numbers = [[encoded(captions.words, text) for text in group] for group in captions.train]
    run = RunState(out / "tuning.state.npz" if resume else None, both.variables)
    both.seen, spent = run.restore()
    best, losses = _best(out) if both.seen else -1.0, []
    rng = np.random.default_rng((plan.seed, both.seen) if both.seen else plan.seed)
    kept_at = time.monotonic()
    began = kept_at - spent
    progress = spent / (60 * plan.minutes)
    while progress < 1:
        if stop():
            run.save(both.seen, time.monotonic() - began)
            return False
        progress = (time.monotonic() - began) / (60 * plan.minutes)
        rows = rng.choice(len(numbers), min(plan.photographs, len(numbers)), replace=False)
        losses.append(both.step(rng, rows, _drawn(rng, numbers, rows, plan.captions), progress))
        late = time.monotonic() - kept_at > 60 * plan.checkpoint_minutes
        if late or progress >= 1:
            arrays, decoder_arrays = both.averaged()
            score = _dev_cider(plan, arrays, decoder_arrays, held_out, captions)
            _note(out, round((time.monotonic() - began) / 60, 2), both.seen, losses, score)
            if score > best:
                best = score
                save_arrays(out / "encoder.npz", arrays)
                save_arrays(out / "decoder.npz", decoder_arrays, np.float32)
            run.save(both.seen, time.monotonic() - began)
            kept_at, losses = time.monotonic(), []
    return True


def _best(out: Path) -> float:
    return max((entry["dev_cider"] for entry in read_log(out / "tuning.jsonl")), default=-1.0)


class _Both:
    def __init__(
        self, plan: TuningPlan, teacher: Teacher, sample: Sample, encoder: Arrays, decoder: Arrays
    ) -> None:
        self._plan, self._teacher, self._sample = plan, teacher, sample
        self.seen = 0
        sizes = {"words": sample.words.shape[1], "dims": teacher.basis.shape[1]}
        self._student = Student(encoder, **sizes, first=plan.first, precision=plan.precision)
        positions = (plan.side // 32) ** 2
        self._decoder = TrainableDecoder.serving(
            decoder, positions, plan.precision, dropout=plan.dropout
        )
        said = list(self._decoder.variables.values())
        self._variables = [*self._student.trainable, *said]
        self._average = Average(said, KEPT)
        self._descent = Descent(self._variables, plan.decay, precision=plan.precision)
        self._descend = tf.function(self._descended, autograph=False)

    @property
    def variables(self) -> list[Tensor]:
        """Everything that a step changes."""
        said = [*self._decoder.variables.values(), *self._average.variables]
        return [*self._student.state, *said, *self._descent.variables]

    def step(
        self, rng: np.random.Generator, rows: Tensor, captions: I32, progress: float
    ) -> Tensor:
        """Descend once; give the hints' losses and the captions'."""
        steps = self.seen / self._plan.photographs
        share = annealed(progress, steps, warm_up=100, least=0.02)
        self._descent.rate.assign(self._plan.rate * share)
        batch = feed(self._sample, rows, self._plan.augmentation, rng, self._plan.side)
        self.seen += len(rows)
        return self._descend(batch, tf.constant(captions)).numpy()

    def _descended(self, batch: PhotographBatch, captions: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            map_, hints = hinted(self._student, self._teacher, batch, self._plan.dropped)
            said = self._caption_loss(map_, captions)
            total = self._student.weighted(hints) + self._plan.weight * said
        gradients = tape.gradient(total, self._variables)
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        self._descent.apply(gradients, self._variables)
        self._student.follow()
        self._average.follow()
        return tf.concat([hints, said[None]], 0)

    def _caption_loss(self, maps: Tensor, captions: Tensor) -> Tensor:
        flat = tf.reshape(maps, (maps.shape[0], -1, maps.shape[-1]))
        repeated = tf.repeat(flat, self._plan.captions, 0)
        logits = self._decoder.logits(repeated, captions[:, :-1], training=True)
        return self._decoder.loss(logits, captions[:, 1:], self._plan.smoothing)

    def averaged(self) -> tuple[Arrays, Arrays]:
        """Averaged weights of the encoder, as `distil` keeps them, and of the decoder."""
        decoder = dict(zip(self._decoder.variables, self._average.values(), strict=True))
        return self._student.arrays(), decoder


def _drawn(
    rng: np.random.Generator, numbers: Sequence[Sequence[list[int]]], rows: Tensor, count: int
) -> I32:
    chosen = (rng.choice(len(numbers[row]), count, count > len(numbers[row])) for row in rows)
    return padded([numbers[r][i] for r, picks in zip(rows, chosen, strict=True) for i in picks])


def _dev_cider(
    plan: TuningPlan, encoder: Arrays, decoder: Arrays, held_out: U8, captions: Captions
) -> float:
    maps = vgg.network(encoder).maps(held_out, plan.precision).astype(np.float16)
    return cider(write_captions(decoder, captions.words, maps, 1), captions.held_out)


def _note(out: Path, minutes: float, seen: int, losses: Sequence[Tensor], score: float) -> None:
    means = [round(float(mean), 4) for mean in np.mean(losses, 0)]
    entry = {"minutes": minutes, "seen": seen, "losses": means, "dev_cider": score}
    note(out / "tuning.jsonl", entry)
