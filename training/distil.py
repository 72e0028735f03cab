"""``distil``: VGG16 out of VGG-19 learns from EfficientNet-Lite2 what photographs show."""

from argparse import Namespace
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training import efficientnet, vgg
from training.arrays import F32, U8, Arrays, Tensor, read_arrays, ridge, save_arrays
from training.augmentation import Augmentation, PhotographBatch, Sample, feed, lesson
from training.descent import Descent, annealed
from training.epochs import TimedRun
from training.logs import note
from training.networks import precisions
from training.onnx_files import read_encoder
from training.photographs import spread
from training.student import WEIGHTS, Student
from training.teacher import Teacher, read_samples, read_teacher
from training.teachers import weights

DECAY, RIDGE = 0.01, 1e-2
FITTED_ON, BEGUN_ON = 300, 1500
"""Photographs that VGG-19's kernels and the heads are fitted on."""
BATCH = 25
"""Held-out photographs at a time."""


def run(options: Namespace) -> None:
    """Distil for the minutes given."""
    train, held_out = read_samples(options)
    teacher = read_teacher(options, train.pixels)
    start = read_encoder(options.init) if options.init else _made(options, train)
    if "adapter/kernel" not in start:
        start = _started(start, teacher, spread(train.pixels, BEGUN_ON), options.sizes[0][1])
    options.interruption.heeded(
        lambda stop: distil(options, teacher, train, held_out, start=start, stop=stop)
    )


def _made(options: Namespace, train: Sample) -> Arrays:
    kept = options.work / "vgg16-of-vgg19-1.npz"
    if not kept.is_file():
        print("fitting VGG16 to VGG-19", flush=True)
        vgg19 = read_arrays(weights(options.teachers, "vgg19"))
        save_arrays(kept, vgg.fitted(vgg19, spread(train.pixels, FITTED_ON)), np.float32)
    return read_arrays(kept)


def _started(arrays: Arrays, teacher: Teacher, pixels: U8, side: int) -> Arrays:
    """Give weights with heads fitted by least squares to what the teacher says of photographs."""
    maps, taught, logits = _looked(arrays, teacher, pixels, side)
    channels = maps.shape[-1]
    heads = {
        "adapter": ridge(maps.reshape(-1, channels), taught.reshape(-1, taught.shape[-1]), RIDGE),
        "labels": ridge(maps.mean((1, 2)), logits, 10 * RIDGE),
    }
    kernels = {f"{name}/kernel": kernel for name, (kernel, _) in heads.items()}
    return dict(arrays) | kernels | {f"{name}/bias": bias for name, (_, bias) in heads.items()}


def distil(
    options: Namespace,
    teacher: Teacher,
    sample: Sample,
    held_out: Sample,
    *,
    start: Arrays,
    stop: Callable[[], bool],
) -> bool:
    """Train for ``options.minutes`` from ``start``, leaving the averaged weights at ``out``.

    A checkpoint replaces ``out`` every few minutes, and adds a line of held-out figures beside it;
    with ``resume`` it keeps the whole state, which is gone on from on the same schedule. ``stop``
    is asked before every step. Gives whether it came to its end. Raises `CheckpointError` if
    ``start`` is not VGG16's, or the state another network's.
    """
    tf.random.set_seed(options.seed)
    out, precision = options.out, precisions()[options.precision]
    sizes = {"words": sample.words.shape[1], "dims": teacher.basis.shape[1]}
    student = Student(start, **sizes, first=options.first_block, precision=precision)
    descent = Descent(student.trainable, DECAY, precision=precision)
    state = out.with_suffix(".state.npz") if options.resume else None
    clock = TimedRun(state, [*student.state, *descent.variables], options.minutes)
    rng = clock.rng(options.seed)
    step = _step(student, teacher, descent, options.dropout)
    recent: list[F32] = []
    stopped = False

    def keep() -> Arrays:
        clock.save()
        arrays = student.arrays()
        save_arrays(out, arrays)
        return arrays

    def tell(arrays: Arrays) -> None:
        side = _side(options.sizes, progress)
        means = np.mean(recent, 0) if recent else np.zeros(len(WEIGHTS))
        entry: dict[str, Tensor] = {"minutes": clock.minutes, "seen": clock.seen, "size": side}
        entry |= {"train": [round(float(mean), 4) for mean in means]}
        note(out.with_suffix(".jsonl"), entry | _figures(arrays, teacher, held_out, side))

    for rows in _endless(rng, len(sample.pixels), min(options.batch, len(sample.pixels))):
        progress, stopped = clock.progress, stop()
        if progress >= 1 or stopped:
            break
        share = annealed(progress, clock.seen // options.batch, warm_up=100, least=0.01)
        descent.rate.assign(options.rate * share)
        batch = feed(sample, rows, Augmentation(), rng, _side(options.sizes, progress))
        recent.append(step(batch).numpy())
        clock.seen += len(rows)
        if clock.due(options.checkpoint_minutes):
            tell(keep())
            recent.clear()
    arrays = keep()
    if not stopped:  # whoever stops it will not wait for figures
        tell(arrays)
    return not stopped


def _side(sizes: tuple[tuple[float, int], ...], progress: float) -> int:
    """Give the input side at a share 0..1 of the time."""
    for share, side in sizes:
        progress -= share
        if progress < 0:
            return side
    return sizes[-1][1]


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


def _looked(arrays: Arrays, teacher: Teacher, pixels: U8, side: int) -> tuple[F32, F32, F32]:
    """Give the student's maps, and the teacher's reduced maps and logits, of whole frames.

    The pixels, uint8 (n, s, s, 3), are stretched to ``side`` for the student, to its own for the
    teacher.
    """
    own = vgg.network(arrays)

    def look(batch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch = tf.cast(batch, tf.float32)
        map_ = own.outputs(tf.image.resize(batch, (side, side)), teacher.precision)["stacked"]
        seen = tf.image.resize(batch, (efficientnet.SIDE, efficientnet.SIDE))
        told = teacher.look(seen, side // 32)
        return tf.cast(map_, tf.float32), told.map, told.logits

    traced = tf.function(look, autograph=False, reduce_retracing=True)
    found = [traced(pixels[at : at + BATCH]) for at in range(0, len(pixels), BATCH)]
    maps, taught, logits = (
        np.concatenate([p.numpy() for p in part]) for part in zip(*found, strict=True)
    )
    return maps, taught, logits


def _figures(arrays: Arrays, teacher: Teacher, sample: Sample, side: int) -> dict[str, float]:
    """Give how much of the teacher an encoder with its heads has, and its caption words' mAP.

    ``explained``, ``pooled``: share of the variance of the teacher's map and of its mean;
    ``same_class``: share of photographs whose likeliest class is the teacher's; ``word_map``.
    """
    maps, taught, logits = _looked(arrays, teacher, sample.pixels, side)
    adapted = maps @ arrays["adapter/kernel"] + arrays["adapter/bias"]
    pooled = maps.mean((1, 2))
    said, words = (
        pooled @ arrays[f"{n}/kernel"] + arrays[f"{n}/bias"] for n in ("labels", "words")
    )
    return {
        "explained": _explained(adapted, taught),
        "pooled": _explained(adapted.mean((1, 2)), taught.mean((1, 2))),
        "same_class": round(float((said.argmax(1) == logits.argmax(1)).mean()), 4),
        "word_map": round(_mean_average_precision(words, sample.words), 4),
    }


def _explained(said: F32, wanted: F32) -> float:
    flat = wanted.reshape(-1, wanted.shape[-1])
    left = ((said - wanted) ** 2).mean() / flat.var(0).mean()
    return round(1 - float(left), 4)


def _mean_average_precision(scores: F32, wanted: F32) -> float:
    """Mean over words of the average precision of ranking photographs by a word's score."""
    hits = np.take_along_axis(wanted, np.argsort(-scores, 0), 0)
    precision = np.cumsum(hits, 0) / np.arange(1, len(hits) + 1)[:, None]
    counts = hits.sum(0)
    some = counts > 0
    return float(((precision * hits).sum(0)[some] / counts[some]).mean())
