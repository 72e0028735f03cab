"""``tune``: the captions' gradient reaches the encoder; both are trained on, together.

The teacher's hints stay: few photographs have captions, and an encoder that answers to nothing
else soon overfits them.
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision.text import Tokenizer
from training import vgg
from training.arrays import I32, Arrays, Tensor, read_arrays, save_arrays
from training.augmentation import Augmentation, PhotographBatch, Sample, feed
from training.batches import encoded, padded
from training.captioning import write_captions
from training.dataset import read_splits
from training.decoder import TrainableDecoder
from training.descent import Average, Descent, annealed
from training.distil import DECAY, hinted
from training.encoders import read_record
from training.epochs import TimedRun
from training.logs import note, read_log
from training.networks import precisions
from training.photographs import squares
from training.scores import cider
from training.student import Student
from training.teacher import Teacher, read_samples, read_teacher

PHOTOGRAPHS, CAPTIONS = 24, 5
"""A step's, and of each of those."""
SMOOTHING = 0.1
DROPOUT, DROPPED = 0.3, 0.1
"""The decoder's, and the encoder's share of channels."""
AUGMENTATION = Augmentation(least_area=0.6, patched=0.0)
KEPT = 0.998
FIRST_BLOCK = 4
CHECKPOINT_MINUTES = 6.0


def run(options: Namespace) -> None:
    """Train encoder and decoder on, together, leaving both in ``options.out``."""
    train, held_out = read_samples(options)
    teacher = read_teacher(options, train.pixels)
    side = read_record(options.model).side
    words = Tokenizer.read(options.model / "tokenizer.json")
    trained, dev = (
        [group for split in splits for group in split.captions] for splits in read_splits(options)
    )
    tf.random.set_seed(options.seed)
    both = _Both(options, teacher, train, side)
    numbers = [[encoded(words, text) for text in group] for group in trained]
    pixels = squares(held_out.pixels, side)

    def score(encoder: Arrays, decoder: Arrays) -> float:
        maps = vgg.network(encoder).maps(pixels, both.precision).astype(np.float16)
        return cider(write_captions(decoder, words, maps, 1), dev)

    options.interruption.heeded(lambda stop: tune(options, both, numbers, score, stop))


def tune(
    options: Namespace,
    both: "_Both",
    numbers: Sequence[Sequence[list[int]]],
    score: Callable[[Arrays, Arrays], float],
    stop: Callable[[], bool],
) -> bool:
    """Train for ``options.minutes``; leave the best by dev CIDEr, and a line a checkpoint.

    ``score`` gives it; ``numbers`` are the captions' words of the first photographs of the sample;
    ``stop`` is asked before every step. Gives whether it came to its end. Raises `CheckpointError`
    if the state that ``resume`` goes on from is another network's.
    """
    out: Path = options.out
    state = out / "tuning.state.npz" if options.resume else None
    clock = TimedRun(state, both.variables, options.minutes)
    best, losses = _best(out) if clock.seen else -1.0, list[Tensor]()
    rng = clock.rng(options.seed)
    progress = clock.progress
    while progress < 1:
        if stop():
            clock.save()
            return False
        progress = clock.progress
        rows = rng.choice(len(numbers), min(PHOTOGRAPHS, len(numbers)), replace=False)
        losses.append(both.step(rng, rows, _drawn(rng, numbers, rows), progress, clock.seen))
        clock.seen += len(rows)
        if clock.due(CHECKPOINT_MINUTES) or progress >= 1:
            encoder, decoder = both.averaged()
            scored = score(encoder, decoder)
            means = [round(float(mean), 4) for mean in np.mean(losses, 0)]
            entry = {"minutes": clock.minutes, "seen": clock.seen, "losses": means}
            note(out / "tuning.jsonl", entry | {"dev_cider": scored})
            if scored > best:
                best = scored
                save_arrays(out / "encoder.npz", encoder)
                save_arrays(out / "decoder.npz", decoder, np.float32)
            clock.save()
            losses.clear()
    return True


def _best(out: Path) -> float:
    return max((entry["dev_cider"] for entry in read_log(out / "tuning.jsonl")), default=-1.0)


class _Both:
    def __init__(self, options: Namespace, teacher: Teacher, sample: Sample, side: int) -> None:
        self._rate, self._side, self._teacher, self._sample = options.rate, side, teacher, sample
        self.precision = precisions()[options.precision]
        sizes = {"words": sample.words.shape[1], "dims": teacher.basis.shape[1]}
        encoder, decoder = read_arrays(options.encoder), read_arrays(options.model / "decoder.npz")
        self._student = Student(encoder, **sizes, first=FIRST_BLOCK, precision=self.precision)
        self._decoder = TrainableDecoder.serving(
            decoder, (side // 32) ** 2, self.precision, dropout=DROPOUT
        )
        said = list(self._decoder.variables.values())
        self._variables = [*self._student.trainable, *said]
        self._average = Average(said, KEPT)
        self._descent = Descent(self._variables, DECAY, precision=self.precision)
        self._descend = tf.function(self._descended, autograph=False)

    @property
    def variables(self) -> list[Tensor]:
        """Everything that a step changes."""
        said = [*self._decoder.variables.values(), *self._average.variables]
        return [*self._student.state, *said, *self._descent.variables]

    def step(
        self, rng: np.random.Generator, rows: Tensor, captions: I32, progress: float, seen: int
    ) -> Tensor:
        """Descend once; give the hints' losses and the captions'."""
        share = annealed(progress, seen / PHOTOGRAPHS, warm_up=100, least=0.02)
        self._descent.rate.assign(self._rate * share)
        batch = feed(self._sample, rows, AUGMENTATION, rng, self._side)
        return self._descend(batch, tf.constant(captions)).numpy()

    def _descended(self, batch: PhotographBatch, captions: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            map_, hints = hinted(self._student, self._teacher, batch, DROPPED)
            said = self._caption_loss(map_, captions)
            total = self._student.weighted(hints) + said
        gradients = tape.gradient(total, self._variables)
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        self._descent.apply(gradients, self._variables)
        self._student.follow()
        self._average.follow()
        return tf.concat([hints, said[None]], 0)

    def _caption_loss(self, maps: Tensor, captions: Tensor) -> Tensor:
        flat = tf.reshape(maps, (maps.shape[0], -1, maps.shape[-1]))
        logits = self._decoder.logits(tf.repeat(flat, CAPTIONS, 0), captions[:, :-1], training=True)
        return self._decoder.loss(logits, captions[:, 1:], SMOOTHING)

    def averaged(self) -> tuple[Arrays, Arrays]:
        """Averaged weights of the encoder, as `distil` keeps them, and of the decoder."""
        decoder = dict(zip(self._decoder.variables, self._average.values(), strict=True))
        return self._student.arrays(), decoder


def _drawn(rng: np.random.Generator, numbers: Sequence[Sequence[list[int]]], rows: Tensor) -> I32:
    each = (
        (row, rng.choice(len(numbers[row]), CAPTIONS, len(numbers[row]) < CAPTIONS)) for row in rows
    )
    return padded([numbers[row][at] for row, chosen in each for at in chosen])
