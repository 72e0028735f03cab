"""A text side that learns from a sentence encoder what texts mean (docs/decisions/104).

The joint space is trained between the photographs and the sentence encoder's vectors of their
captions; then the small text encoder that ships learns to say of any text what the space says of
it; and in the end, by contrast itself, what tells the photographs apart.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.vision.text import PAD, Tokenizer, words_of
from training.arrays import F32, I32, Tensor
from training.joint import (
    LONGEST,
    Head,
    JointRecipe,
    JointSpace,
    Paired,
    Sides,
    contrasted,
    numbered,
    thinned,
)
from training.logs import note
from training.sentences import SentenceEncoder, cached_sentences

MOST_CHANGED, MOST_OF_A_QUERY = 3, 5
_RARE = 0.4  # exponent of a word's frequency: rare words are put in more often than they are used


def made_up(captions: Sequence[str], count: int, seed: int) -> list[str]:
    """Give ``count`` sentences.

    Two in five begin as one caption and end as another, two have up to `MOST_CHANGED` words
    changed, and one is a few words of a caption, as people search.
    """
    rng = np.random.default_rng(seed)
    known = [words for words in map(words_of, captions) if words]
    counts = Counter(word for words in known for word in words)
    words = list(counts)
    shares = np.array([counts[word] for word in words], float) ** _RARE
    others = rng.choice(len(words), (count, MOST_CHANGED), p=shares / shares.sum())
    found = []
    for number in range(count):
        one, other = (known[rng.integers(len(known))] for _ in range(2))
        match number % 5:
            case 0 | 1:
                made = _crossed(rng, one, other)
            case 2 | 3:
                made = _changed(rng, one, [words[at] for at in others[number]])
            case _:
                made = _excerpt(rng, one)
        found.append(" ".join(made[:LONGEST]))
    return found


def _crossed(rng: np.random.Generator, one: list[str], other: list[str]) -> list[str]:
    until, since = rng.integers(1, len(one) + 1), rng.integers(0, len(other))
    return one[:until] + other[since:]


def _changed(rng: np.random.Generator, one: list[str], others: list[str]) -> list[str]:
    changed = list(one)
    for word in others[: rng.integers(1, MOST_CHANGED + 1)]:
        changed[rng.integers(len(changed))] = word
    return changed


def _excerpt(rng: np.random.Generator, one: list[str]) -> list[str]:
    length = min(len(one), int(rng.integers(1, MOST_OF_A_QUERY + 1)))
    start = int(rng.integers(0, len(one) - length + 1))
    return one[start : start + length]


MADE_UP, MADE_UP_BESIDE_TEXTS = 8 / 3, 2 / 3
"""Sentences made up for each caption of a photograph; fewer where people wrote others."""

MOST_TEXTS = 60_000
"""Captions without photographs that are followed; a sentence encoder reads some 200 a second."""

_LENGTHS = (6, 9, 12, 16, LONGEST)  # that texts are padded to, a program for each
_AT_ONCE = 4_000
_BEGINNING = 0.05


@dataclass(frozen=True)
class Taught:
    """Vectors (n, d) of sentence encoders: of all captions, further sentences, and every word."""

    train: F32
    dev: F32
    sentences: list[str]
    vectors: F32
    words: F32


def taught(
    encoders: Sequence[SentenceEncoder],
    words: Tokenizer,
    train: Paired,
    dev: Paired,
    *,
    cache: Path,
    seed: int,
    texts: Sequence[str] = (),
) -> Taught:
    """Ask the sentence encoders; their answers are kept in ``cache``.

    ``texts`` are captions without photographs: the text side follows some of them, too.
    """
    some = _some(texts, seed)
    made = round((MADE_UP_BESIDE_TEXTS if some else MADE_UP) * len(train.texts))
    sentences = [*some, *made_up([*train.texts, *some], made, seed)]
    asked = (train.texts, dev.texts, sentences, words.words)
    own, others, more, each = (cached_sentences(encoders, told, cache) for told in asked)
    return Taught(own, others, sentences, more, each)


def _some(texts: Sequence[str], seed: int) -> list[str]:
    if len(texts) <= MOST_TEXTS:
        return list(texts)
    chosen = np.random.default_rng(seed).choice(len(texts), MOST_TEXTS, replace=False)
    return [texts[at] for at in sorted(chosen)]


def train_taught(
    recipe: JointRecipe, words: Tokenizer, train: Paired, dev: Paired, *, told: Taught, log: Path
) -> JointSpace:
    """Train the image's side by contrast with a head on sentence vectors, then texts to follow.

    ``log`` has a line an epoch: of contrast ``loss``, of following ``apart``, the mean of one minus
    the cosine.
    """
    space = JointSpace(recipe, len(words.words), train.features[0])
    head = Head(recipe, told.train)
    variables = [*space.image.variables(), *head.variables()]
    sides = Sides(space.image, head, variables)
    contrasted(recipe, sides, train, lambda _, rows: told.train[rows], dev=(dev, told.dev), log=log)
    texts = numbered(words, [*train.texts, *told.sentences])
    wanted = np.concatenate([_all(head, told.train), _all(head, told.vectors)])
    space.embedding.set_weights([_principal(told.words, recipe.word)])
    known = dev, numbered(words, dev.texts)
    _follow(recipe, space, (texts, wanted), known, log)
    _close(recipe, space, (train, texts), known, log)
    return space


def _close(
    recipe: JointRecipe,
    space: JointSpace,
    read: tuple[Paired, I32],
    dev: tuple[Paired, I32],
    log: Path,
) -> None:
    """Train the text encoder by contrast with photographs that stay where they are."""
    (train, texts), share = read, recipe.following_dropout
    sides = Sides(
        lambda features, _: space.image(features, False),
        lambda captions, training: space.text(captions, training, share),
        space.text_variables(),
    )

    def thin(rng: np.random.Generator, rows: npt.NDArray[np.int64]) -> I32:
        return thinned(rng, texts[rows], recipe.following_word_dropout)

    plan = replace(recipe, epochs=recipe.closing, rate=recipe.closing_rate)
    before = recipe.epochs + recipe.following
    contrasted(plan, sides, train, thin, dev=dev, log=log, before=before)


def _all(head: Head, vectors: F32) -> F32:
    starts = range(0, len(vectors), _AT_ONCE)
    return np.concatenate([head(vectors[at : at + _AT_ONCE]).numpy() for at in starts])


def _principal(vectors: F32, dims: int) -> F32:
    """Give as many principal components of vectors, as large as Keras begins an embedding.

    Words that mean alike begin alike: a rare one need not be learnt from nothing.
    """
    rows, scales, _ = np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
    found = np.zeros((len(vectors), dims), np.float32)
    kept = (rows * scales)[:, :dims]
    found[:, : kept.shape[1]] = kept
    return found * np.float32(_BEGINNING / max(float(found.std()), 1e-9))


def _follow(
    recipe: JointRecipe,
    space: JointSpace,
    told: tuple[I32, F32],
    dev: tuple[Paired, I32],
    log: Path,
) -> None:
    """Train the text encoder to give of each text the vector that is wanted of it."""
    texts, wanted = told
    rng, step = np.random.default_rng(recipe.seed), _following(space, recipe, len(texts))
    sides = Sides(space.image, space.text, ())
    for epoch in range(1, recipe.following + 1):
        apart = []
        for rows in _like_lengths(rng, texts, recipe.batch):
            read = thinned(rng, _cut(texts[rows]), recipe.following_word_dropout)
            apart.append(float(step(read, wanted[rows])))
        entry = {"epoch": recipe.epochs + epoch, "apart": round(float(np.mean(apart)), 4)}
        note(log, entry | sides.found(*dev))


def _following(space: JointSpace, recipe: JointRecipe, count: int) -> Tensor:
    steps = recipe.following * (1 + count // recipe.batch)
    rate = tf.keras.optimizers.schedules.CosineDecay(recipe.following_rate, steps, alpha=0.02)
    optimizer = tf.keras.optimizers.AdamW(rate, weight_decay=1e-4)
    variables = space.text_variables()
    optimizer.build(variables)

    def descent(texts: Tensor, wanted: Tensor) -> tuple[Tensor, list[Tensor]]:
        with tf.GradientTape() as tape:
            found = space.text(texts, True, recipe.following_dropout)
            apart = 1 - tf.reduce_mean(tf.reduce_sum(found * wanted, -1))
        # Whole, since XLA knows no sparse gradients of the words' embedding.
        return apart, [tf.convert_to_tensor(one) for one in tape.gradient(apart, variables)]

    descents = tf.function(descent, jit_compile=True, autograph=False)
    applied = tf.function(
        lambda gradients: optimizer.apply_gradients(zip(gradients, variables, strict=True)),
        autograph=False,
    )

    def step(texts: Tensor, wanted: Tensor) -> Tensor:
        apart, gradients = descents(texts, wanted)
        applied(gradients)
        return apart

    return step


def _like_lengths(
    rng: np.random.Generator, texts: I32, size: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Rows in batches of about equal lengths, all as large: one program each serves them."""
    lengths = (texts != PAD).sum(1)
    order = np.argsort(lengths + 2 * rng.random(len(texts)))
    size = min(size, len(order))
    first = int(rng.integers(0, len(order) % size + 1))  # not always the longest are left out
    for start in rng.permutation(np.arange(first, len(order) - size + 1, size)):
        yield order[start : start + size]


def _cut(texts: I32) -> I32:
    longest = int((texts != PAD).sum(1).max())
    return texts[:, : next(length for length in _LENGTHS if length >= longest)]
