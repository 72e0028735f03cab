"""Training the decoder on CIDEr itself, by the captions it samples.

Self-critical sequence training (Rennie 2017), the mean of a photograph's other samples as the
baseline (Luo 2020). In the end weights between those before and after are tried (Wortsman 2022,
arXiv 2109.01903).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision.text import END, Tokenizer
from training.arrays import F32, I32, Arrays, Tensor
from training.batches import encoded
from training.captioning import Captioned, Validation
from training.decoder import TrainableDecoder
from training.epochs import Epochs
from training.logs import note
from training.reward import CiderReward

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the way from the weights before to those after."""


@dataclass(frozen=True)
class CriticalRecipe:
    """How the decoder goes on training; ``samples`` captions are drawn of each photograph.

    ``references``: against fifty captions, all that fifty people agree on beats any detail.
    """

    epochs: int = 3
    photographs: int = 24
    samples: int = 5
    references: int = 5
    rate: float = 2e-5
    longest: int = 18
    beam: int = 1
    seed: int = 1
    precision: Tensor = tf.float32


def train_on_cider(
    recipe: CriticalRecipe,
    words: Tokenizer,
    decoder: Arrays,
    train: Captioned,
    validation: Validation,
    *,
    out: Path,
    resume: bool = False,
) -> Arrays:
    """Go on from a decoder's weights; give the best between them and the best epoch's.

    What is best ``validation`` says. ``out/critical.jsonl`` has a line an epoch,
    ``out/between.jsonl`` one for each of `SHARES`. ``resume`` as `train_decoder` takes it.
    """
    tf.random.set_seed(recipe.seed)  # of the captions that are drawn
    numbers = [[encoded(words, text)[1:] for text in group] for group in _references(recipe, train)]
    network = TrainableDecoder.serving(decoder, train.size[0], recipe.precision)
    reward = CiderReward(numbers)
    scored = partial(validation.scores, words=words, beam=recipe.beam)
    steps = recipe.epochs * (len(train.captions) // recipe.photographs + 1)
    reinforce = _Reinforce(network, recipe, steps)
    epochs = Epochs(out, "critical", reinforce.state, resume=resume)
    before = scored(decoder)["score"]
    for epoch in range(epochs.done + 1, recipe.epochs + 1):
        rng = np.random.default_rng((recipe.seed, epoch))
        rewards = [
            reinforce(rows, train.seen(rng, rows).astype(np.float32), reward)
            for rows in _batches(rng, len(train.captions), recipe.photographs)
        ]
        arrays = network.arrays()
        entry = {"epoch": epoch, "reward": round(float(np.mean(rewards)), 4)}
        epochs.keep(entry | scored(arrays), arrays)
    return best_between(decoder, epochs.best() or decoder, before, scored, out / "between.jsonl")


def best_between(
    decoder: Arrays,
    after: Arrays,
    before: float,
    scored: Callable[[Arrays], dict[str, float]],
    log: Path,
) -> Arrays:
    """Give the best weights on the way to those ``after``; the first where none score higher.

    ``before`` is what those at the start score; ``log`` has a line for each of `SHARES`.
    """
    log.unlink(missing_ok=True)
    found, best = decoder, before
    for share in SHARES:
        arrays = {name: decoder[name] + share * (after[name] - decoder[name]) for name in decoder}
        scores = scored(arrays)
        note(log, {"share": share} | scores)
        if scores["score"] > best:
            found, best = arrays, scores["score"]
    return found


def _references(recipe: CriticalRecipe, train: Captioned) -> list[list[str]]:
    rng = np.random.default_rng(recipe.seed)
    return [
        [group[at] for at in rng.permutation(len(group))[: recipe.references]]
        for group in train.captions
    ]


def _batches(rng: np.random.Generator, count: int, size: int) -> Iterator[I32]:
    order = rng.permutation(count).astype(np.int32)
    for start in range(0, count, size):
        yield order[start : start + size]


class _Reinforce:
    def __init__(self, network: TrainableDecoder, recipe: CriticalRecipe, steps: int) -> None:
        self._network, self._recipe = network, recipe
        self._variables = list(network.variables.values())
        rate = tf.keras.optimizers.schedules.CosineDecay(recipe.rate, steps, alpha=0.05)
        self._optimizer = tf.keras.optimizers.Adam(rate, global_clipnorm=1.0)
        self._optimizer.build(self._variables)
        self._sample = tf.function(
            lambda maps: network.sample(maps, recipe.longest), autograph=False
        )
        self._descend = tf.function(self._descended, autograph=False)

    @property
    def state(self) -> list[Tensor]:
        """Everything that a step changes."""
        return [*self._variables, *self._optimizer.variables]

    def __call__(self, rows: I32, maps: F32, reward: CiderReward) -> float:
        """Give the mean reward of the captions sampled."""
        count = self._recipe.samples
        repeated = tf.constant(np.repeat(maps, count, 0))
        captions = self._sample(repeated).numpy()
        owners = np.repeat(rows, count)
        scores = [reward.score(int(o), _ended(c)) for o, c in zip(owners, captions, strict=True)]
        siblings = np.array(scores, np.float32).reshape(-1, count)
        others = (siblings.sum(1, keepdims=True) - siblings) / (count - 1)
        self._descend(repeated, tf.constant(captions), tf.constant((siblings - others).ravel()))
        return float(siblings.mean())

    def _descended(self, maps: Tensor, captions: Tensor, advantage: Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = self._network.reinforcement(maps, captions, advantage)
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, self._variables)]
        self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))


def _ended(caption: I32) -> list[int]:
    words = [int(word) for word in caption[1:]]
    return words[: words.index(END) + 1] if END in words else words
