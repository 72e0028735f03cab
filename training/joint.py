"""The joint image-text space, trained by contrast: a text encoder and the image's projection."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.vision.text import PAD, UNKNOWN, Tokenizer
from training.arrays import F32, I32, Arrays, Tensor
from training.logs import note
from training.scores import retrieval
from training.visual_space import turn

LONGEST = 24
DRAWN = 5
"""Captions of a photograph that an epoch sees at most, or few would fill the last batches."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class JointRecipe:
    """How the joint space is trained.

    ``temperature`` divides the similarities. ``following``, ``closing`` and what is called after
    them are for a text side that learns from a sentence encoder (`training.taught`).
    """

    epochs: int = 10
    batch: int = 256
    rate: float = 1e-3
    dropout: float = 0.3
    word_dropout: float = 0.1
    temperature: float = 0.07
    word: int = 150
    state: int = 256
    hidden: int = 512
    size: int = 256
    seed: int = 1
    following: int = 8
    following_rate: float = 2e-3
    following_dropout: float = 0.1
    following_word_dropout: float = 0.03
    closing: int = 3
    closing_rate: float = 3e-4


TAUGHT = JointRecipe(epochs=15, word=180, state=320, hidden=1024, following=12)
"""With a sentence encoder; `captioner.vision.text` holds 2.8 MB then."""


class GatedUnit:
    """Cho et al. 2014, reset after the product; gates in the order update, reset, candidate.

    Five times as fast on a processor as Keras' own, which loops.
    """

    def __init__(self, inputs: int, states: int, rng: np.random.Generator) -> None:
        bound = np.sqrt(6 / (inputs + 3 * states))
        turns = [np.linalg.qr(rng.normal(size=(states, states)))[0] for _ in range(3)]
        begun = {
            "kernel": rng.uniform(-bound, bound, (inputs, 3 * states)),
            "recurrent": np.concatenate(turns, 1),
            "bias": np.zeros(3 * states),
            "recurrent_bias": np.zeros(3 * states),
        }
        self.variables = {name: tf.Variable(np.float32(value)) for name, value in begun.items()}

    def mean(self, x: Tensor, real: Tensor) -> Tensor:
        """Give the mean state (n, s) of texts (n, t, e).

        ``real`` (n, t) is 1 for words and 0 for padding, which must come last.
        """
        into = tf.einsum("nte,es->tns", x, self.variables["kernel"]) + self.variables["bias"]
        state = tf.zeros((tf.shape(x)[0], self.variables["recurrent"].shape[0]))
        total = tf.zeros_like(state)
        for at in range(x.shape[1]):
            state = self._step(into[at], state)
            total += state * real[:, at : at + 1]
        return total / tf.maximum(tf.reduce_sum(real, 1, keepdims=True), 1.0)

    def _step(self, into: Tensor, state: Tensor) -> Tensor:
        update, reset, candidate = tf.split(into, 3, 1)
        back = tf.matmul(state, self.variables["recurrent"]) + self.variables["recurrent_bias"]
        from_update, from_reset, from_candidate = tf.split(back, 3, 1)
        keep = tf.sigmoid(update + from_update)
        new = tf.tanh(candidate + tf.sigmoid(reset + from_reset) * from_candidate)
        return keep * state + (1 - keep) * new


class Head:
    """From vectors (n, d), standardised as ``vectors`` are, into the space: unit (n, size)."""

    def __init__(self, recipe: JointRecipe, vectors: F32) -> None:
        layers = tf.keras.layers
        self._mean, self._std = vectors.mean(0), np.maximum(vectors.std(0), 1e-3)
        self._hidden = layers.Dense(recipe.hidden, activation="relu")
        self._out = layers.Dense(recipe.size, use_bias=False)
        self._drop = layers.Dropout(recipe.dropout)
        self(vectors[:1])

    def __call__(self, vectors: Tensor, training: bool = False) -> Tensor:
        """Give their places."""
        x = self._drop((vectors - self._mean) / self._std, training=training)
        x = self._drop(self._hidden(x), training=training)
        return tf.math.l2_normalize(self._out(x), -1)

    def variables(self) -> list[Tensor]:
        """Everything trained."""
        return [*self._hidden.trainable_variables, *self._out.trainable_variables]

    def arrays(self) -> tuple[F32, F32, F32]:
        """Kernel and bias of the hidden layer, the standardisation folded in, and what follows."""
        kernel, bias = self._hidden.get_weights()
        folded = bias - (self._mean / self._std) @ kernel
        return kernel / self._std[:, None], folded, self._out.get_weights()[0]


class JointSpace:
    """Both encoders: ``image`` of pooled maps (n, 2c), `text` of padded word numbers."""

    def __init__(self, recipe: JointRecipe, vocabulary: int, features: F32) -> None:
        tf.keras.utils.set_random_seed(recipe.seed)
        layers, rng = tf.keras.layers, np.random.default_rng(recipe.seed)
        self._recipe = recipe
        self.embedding = layers.Embedding(vocabulary, recipe.word)
        self._gru = GatedUnit(recipe.word, recipe.state, rng)
        self._text_out = layers.Dense(recipe.size, use_bias=False)
        self.image = Head(recipe, features)
        self.text(np.zeros((1, 1), np.int32))

    def text(
        self, captions: Tensor, training: bool = False, dropout: float | None = None
    ) -> Tensor:
        """Give unit vectors of padded word numbers (n, t); ``dropout`` in place of the recipe's."""
        share = self._recipe.dropout if dropout is None else dropout
        share = share if training else 0.0
        real = tf.cast(captions != PAD, tf.float32)
        x = tf.nn.dropout(self.embedding(captions), share)
        mean = tf.nn.dropout(self._gru.mean(x, real), share)
        return tf.math.l2_normalize(self._text_out(mean), -1)

    def text_variables(self) -> list[Tensor]:
        """What of the texts' side is trained."""
        layers = (self.embedding, self._text_out)
        variables = [v for layer in layers for v in layer.trainable_variables]
        return [*variables, *self._gru.variables.values()]

    def text_arrays(self) -> Arrays:
        """As ``captioner.vision.text`` reads them, turned as the images' (`turn`)."""
        return {
            "embedding": self.embedding.get_weights()[0],
            **{f"gru/{name}": value.numpy() for name, value in self._gru.variables.items()},
            "out": self._text_out.get_weights()[0] @ turn(self._recipe.size),
        }

    def image_arrays(self) -> Arrays:
        """As ``captioner.vision.vectors`` reads them, the standardisation folded in."""
        kernel, bias, out = self.image.arrays()
        return {
            "semantic/hidden": kernel,
            "semantic/hidden_bias": bias,
            "semantic/out": out @ turn(self._recipe.size),
        }


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
    def owners(self) -> Rows:
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
    """Train both sides by contrast, keep the best epoch on the first view of dev."""
    space = JointSpace(recipe, len(words.words), train.features[0])
    texts = numbered(words, train.texts)
    sides = Sides(space.image, space.text, [*space.text_variables(), *space.image.variables()])

    def reads(rng: np.random.Generator, rows: Rows) -> I32:
        return thinned(rng, texts[rows], recipe.word_dropout)

    contrasted(recipe, sides, train, reads, dev=(dev, numbered(words, dev.texts)), log=log)
    return space


def contrasted(
    recipe: JointRecipe,
    sides: Sides,
    train: Paired,
    reads: Callable[[np.random.Generator, Rows], Tensor],
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


def _distinct_batches(rng: np.random.Generator, owners: Rows, size: int) -> Iterator[Rows]:
    """Rows of captions, never two of one photograph in a batch: they would be false negatives."""
    by_owner: dict[int, list[int]] = {}
    for row in rng.permutation(len(owners)):
        rows = by_owner.setdefault(int(owners[row]), [])
        if len(rows) < DRAWN:
            rows.append(int(row))
    while by_owner:
        turned = rng.permutation(list(by_owner))
        for start in range(0, len(turned), size):
            yield np.array([by_owner[owner].pop() for owner in turned[start : start + size]])
        by_owner = {owner: rows for owner, rows in by_owner.items() if rows}


def numbered(words: Tokenizer, texts: Sequence[str]) -> I32:
    """Give the words' numbers of texts, padded to `LONGEST`; the rest of a text is cut."""
    found = np.full((len(texts), LONGEST), PAD, np.int32)
    for row, text in enumerate(texts):
        numbers = words.encode(text)[:LONGEST] or [UNKNOWN]
        found[row, : len(numbers)] = numbers
    return found


def thinned(rng: np.random.Generator, captions: I32, share: float) -> I32:
    """Make a share of the words unknown."""
    gone = (rng.random(captions.shape) < share) & (captions != PAD)
    return np.where(gone, UNKNOWN, captions).astype(np.int32)
