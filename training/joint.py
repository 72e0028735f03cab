"""Training the joint image-text space by contrast."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.vision.tokenizer import PAD, UNKNOWN, Tokenizer
from training.arrays import F32, I32, Tensor
from training.joint_space import JointRecipe, JointSpace
from training.logs import note
from training.scores import retrieval

LONGEST = 24
DRAWN = 5
"""Captions of a photograph that an epoch sees at most."""

Reads = Callable[[np.random.Generator, npt.NDArray[np.int64]], Tensor]


@dataclass(frozen=True)
class Paired:
    """Pooled maps float32 (views, n, 2c), and the captions people wrote of each."""

    features: F32
    captions: Sequence[Sequence[str]]

    @property
    def texts(self) -> list[str]:
        """All captions, photograph after photograph."""
        return [text for group in self.captions for text in group]

    @property
    def owners(self) -> npt.NDArray[np.int64]:
        """The photograph of each caption."""
        return np.array([i for i, group in enumerate(self.captions) for _ in group])


@dataclass(frozen=True)
class Sides:
    """Two encoders into one space, and what of them is trained.

    Each takes its inputs and whether it is being trained, and gives unit vectors.
    """

    image: Callable[[Tensor, bool], Tensor]
    text: Callable[[Tensor, bool], Tensor]
    variables: Sequence[Tensor]

    def found(self, dev: Paired, texts: Tensor) -> dict[str, float]:
        """Give recall of photographs by their captions, the first view's."""
        owners = [[owner] for owner in dev.owners]
        vectors = [self.text(part, False).numpy() for part in np.array_split(texts, 10)]
        images = self.image(dev.features[0], False).numpy()
        return retrieval(np.concatenate(vectors), images, owners)


def train_joint(
    recipe: JointRecipe, words: Tokenizer, train: Paired, dev: Paired, log: Path
) -> JointSpace:
    """Train both sides by contrast, keep the best epoch on the first view of dev.

    ``log`` has a line an epoch.
    """
    space = JointSpace(recipe, len(words.words), train.features[0])
    texts = numbered(words, train.texts)
    contrasted(
        recipe,
        Sides(space.image, space.text, space.variables()),
        train,
        lambda rng, rows: thinned(rng, texts[rows], recipe.word_dropout),
        dev=(dev, numbered(words, dev.texts)),
        log=log,
    )
    return space


def contrasted(
    recipe: JointRecipe,
    sides: Sides,
    train: Paired,
    reads: Reads,
    *,
    dev: tuple[Paired, Tensor],
    log: Path,
    before: int = 0,
) -> None:
    """Train by contrast within the batch (InfoNCE both ways), keep the best epoch on dev.

    ``reads`` gives the text side's input of captions; ``dev`` has its captions as the text side
    reads them; ``before`` is how many epochs the log has already.
    """
    owners, views = train.owners, train.features
    count = int(np.minimum(np.bincount(owners), DRAWN).sum())
    rng, step = np.random.default_rng(recipe.seed), _contrast(sides, recipe, count)
    best: tuple[float, list[F32]] = (-1.0, [])
    for epoch in range(1, recipe.epochs + 1):
        losses = []
        for rows in _distinct_batches(rng, owners, recipe.batch):
            seen = views[rng.integers(0, len(views), len(rows)), owners[rows]]
            losses.append(float(step(seen, reads(rng, rows))))
        found = sides.found(*dev)
        note(log, {"epoch": before + epoch, "loss": round(float(np.mean(losses)), 4)} | found)
        if found["r10"] > best[0]:
            best = (found["r10"], [v.numpy() for v in sides.variables])
    for variable, value in zip(sides.variables, best[1], strict=True):
        variable.assign(value)


def _contrast(sides: Sides, recipe: JointRecipe, count: int) -> Tensor:
    steps = recipe.epochs * (1 + count // recipe.batch)
    rate = tf.keras.optimizers.schedules.CosineDecay(recipe.rate, steps, alpha=0.02)
    optimizer = tf.keras.optimizers.AdamW(rate, weight_decay=1e-3)

    def step(features: Tensor, captions: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            image, text = sides.image(features, True), sides.text(captions, True)
            similarity = tf.matmul(image, text, transpose_b=True) / recipe.temperature
            right = tf.range(tf.shape(similarity)[0])
            each = tf.nn.sparse_softmax_cross_entropy_with_logits
            loss = tf.reduce_mean(each(right, similarity) + each(right, tf.transpose(similarity)))
        gradients = tape.gradient(loss, sides.variables)
        optimizer.apply_gradients(zip(gradients, sides.variables, strict=True))
        return loss

    return tf.function(step, reduce_retracing=True, autograph=False)


def numbered(words: Tokenizer, texts: Sequence[str]) -> I32:
    """Give the words' numbers of texts, padded to `LONGEST`; the rest of a text is cut."""
    found = np.full((len(texts), LONGEST), PAD, np.int32)
    for row, text in enumerate(texts):
        numbers = words.encode(text)[:LONGEST] or [UNKNOWN]
        found[row, : len(numbers)] = numbers
    return found


def _distinct_batches(
    rng: np.random.Generator, owners: npt.NDArray[np.int64], size: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Rows of captions, never two of one photograph in a batch: they would be false negatives.

    At most `DRAWN` of a photograph: the last batches would be of the few that have more.
    """
    by_owner: dict[int, list[int]] = {}
    for row in rng.permutation(len(owners)):
        rows = by_owner.setdefault(int(owners[row]), [])
        if len(rows) < DRAWN:
            rows.append(int(row))
    while by_owner:
        turn = rng.permutation(list(by_owner))
        for start in range(0, len(turn), size):
            yield np.array([by_owner[owner].pop() for owner in turn[start : start + size]])
        by_owner = {owner: rows for owner, rows in by_owner.items() if rows}


def thinned(rng: np.random.Generator, captions: I32, share: float) -> I32:
    """Make a share of the words unknown."""
    gone = (rng.random(captions.shape) < share) & (captions != PAD)
    return np.where(gone, UNKNOWN, captions).astype(np.int32)
