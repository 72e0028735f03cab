"""Which words captions of a photograph would hold, by its visual vector; the API has it, too.

Its semantic vector tells whole captions apart; single words, as people type them, this tells
better, and both together best (docs/decisions/412).
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision import manifest
from captioner.vision.manifest import BundleError
from captioner.vision.text import (
    ARRAYS,
    BUNDLE,
    F32,
    FILES,
    TextEncoder,
    Tokenizer,
    read_arrays,
    sigmoid,
    words_of,
)
from chalicelib.attributes.dictionary import lemma

FILE = "words.npz"
"""Of a bundle; one without it knows nothing of words."""

HEAD = ("hidden", "hidden_bias", "out", "out_bias", "idf")
RARE = 1e-3
"""A word that is less probable than this is as good as not there."""


@dataclass(frozen=True, slots=True)
class LikelyWords:
    """The words of a query, and how much each would say of a photograph.

    Attributes
    ----------
    words
        Those that the head knows.
    weights
        float32 (words,): shares of the idf of all words that tell, of the unknown ones, too.
    """

    words: tuple[str, ...]
    weights: F32 = field(repr=False, compare=False)
    _hidden: tuple[F32, F32] = field(repr=False, compare=False)
    _out: tuple[F32, F32] = field(repr=False, compare=False)

    def probabilities(self, visual: F32) -> F32:
        """Give (n, words): that captions hold each, of visual vectors (n, 256)."""
        (hidden, hidden_bias), (out, out_bias) = self._hidden, self._out
        return sigmoid(np.maximum(visual @ hidden + hidden_bias, 0) @ out + out_bias)

    def shares(self, probabilities: F32) -> F32:
        """Give what each word adds to a score from 0 to 1, (n, words): by the logarithm."""
        logarithms = np.log1p(probabilities / RARE) / np.float32(np.log1p(1 / RARE))
        return np.asarray(self.weights * logarithms, np.float32)


class WordHead:
    """Two layers from a visual vector to the logits of words.

    Parameters
    ----------
    weights
        ``hidden`` (256, k) and its bias, ``out`` (k, words) and its bias, ``idf`` (words,).
    words
        Lemmas.
    """

    def __init__(self, weights: Mapping[str, F32], words: Sequence[str]) -> None:
        self._weights = weights
        self._columns = {word: column for column, word in enumerate(words)}

    def likely(self, telling: Sequence[str]) -> LikelyWords | None:
        """Return what a query's telling words say; None where it knows none of them."""
        lemmas = dict.fromkeys(lemma(word) for text in telling for word in words_of(text))
        known = [word for word in lemmas if word in self._columns]
        if not known:
            return None
        columns = [self._columns[word] for word in known]
        idf, unknown = self._weights["idf"], len(lemmas) - len(known)
        whole = idf[columns].sum() + unknown * idf.max()
        return LikelyWords(
            tuple(known),
            idf[columns] / whole,
            (self._weights["hidden"], self._weights["hidden_bias"]),
            (self._weights["out"][:, columns], self._weights["out_bias"][columns]),
        )


class QueryTexts(TextEncoder):
    """Encodes the texts of queries; ``head`` is None for a bundle without one."""

    def __init__(self, weights: Any, words: Tokenizer, space: str, head: WordHead | None) -> None:
        super().__init__(weights, words, space)
        self._head = head

    def likely(self, telling: Sequence[str]) -> LikelyWords | None:
        """Return what the telling words of a query say of photographs, None for nothing."""
        return self._head.likely(telling) if self._head else None


def load(folder: Path = BUNDLE) -> QueryTexts:
    """Load what turns texts into queries, only its own files of a bundle read and verified.

    Raises
    ------
    BundleError
        If one is missing or damaged.
    """
    known = manifest.read(folder, FILES)
    words = Tokenizer.read(known.path("tokenizer.json"))
    head = read(folder) if FILE in known.sha256 else None
    return QueryTexts(read_arrays(known.path("text.npz"), ARRAYS), words, known.space, head)


def read(folder: Path) -> WordHead:
    """Read the word head of a bundle, verified; raises `BundleError` where it is none."""
    path = manifest.read(folder, (FILE,)).path(FILE)
    try:
        with np.load(path, allow_pickle=False) as stored:
            words = [str(word) for word in stored["words"]]
    except KeyError as missing:
        raise BundleError(f"{path}: {missing.args[0]}") from missing
    except (OSError, ValueError, zipfile.BadZipFile) as damage:
        raise BundleError(f"{path}: {damage}") from damage
    return WordHead(read_arrays(path, HEAD), words)
