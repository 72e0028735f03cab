"""The text side of the joint image-text space; the API function has it, too.

Words and their numbers serve the decoder as well, and the arrays every part of a bundle.
"""

import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from captioner.vision.manifest import BundleError
from chalicelib.attributes.dictionary import lemma
from chalicelib.attributes.lexicon import AMERICAN

F32 = npt.NDArray[np.float32]

FILES = ("text.npz", "tokenizer.json")
"""What of a bundle the text side needs, beside ``bundle.json``."""

BUNDLE = Path(__file__).resolve().parent.parent / "bundle"
"""Where the bundle lies, here as in the API's package, which holds these files of it."""

ARRAYS = ("embedding", "gru/kernel", "gru/recurrent", "gru/bias", "gru/recurrent_bias", "out")

SPECIALS = ("<pad>", "<start>", "<end>", "<unk>")
PAD, START, END, UNKNOWN = range(4)
LONGEST_QUERY = 32
# Of the mean vector of so many of the commonest words so much is taken from a query's. Pictures
# near to it are "hubs", the neighbours of everything (Radovanović et al. 2010, JMLR 11:2487).
COMMON_WORDS, COMMON_SHARE = 300, 0.6
# A query of so many words is a caption, of which nothing is taken; of fewer the more the fewer.
WORDS_OF_A_CAPTION = 9
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")
PLURALS = (("ies", "y"), ("es", ""), ("s", ""))


def words_of(text: str) -> list[str]:
    """Lower-case words of a text; punctuation dropped, inner hyphens and apostrophes kept."""
    return _WORD.findall(text.lower().replace("’", "'").replace(" 's", "'s"))


class Tokenizer:
    """Numbers for words: the four specials, then words by falling frequency.

    Parameters
    ----------
    words : sequence of str
        Known words, most frequent first.
    captioned : int
        How many numbers (specials included) the decoder may write; the text
        encoder reads rarer words as well.
    """

    def __init__(self, words: Sequence[str], captioned: int) -> None:
        self.words = (*SPECIALS, *words)
        self.captioned = captioned
        self._number = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def read(cls, path: Path) -> "Tokenizer":
        """Read ``tokenizer.json``; raises `BundleError` where it is not one."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls([str(word) for word in document["words"]], int(document["captioned"]))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{path} is not a tokenizer: {error!r}") from error

    def encode(self, text: str) -> list[int]:
        """Numbers of a text's words, ``UNKNOWN`` for those never seen."""
        return [self.number(word) for word in words_of(text)]

    def known(self, text: str) -> list[int]:
        """Numbers of a query's words, those never seen left out; `LONGEST_QUERY` at most."""
        return [number for number in self.encode(text) if number != UNKNOWN][:LONGEST_QUERY]

    def number(self, word: str) -> int:
        """Give a word's number, or that of an American or simpler form, or ``UNKNOWN``."""
        forms = (word, AMERICAN.get(word, word), *_singulars(word), lemma(word))
        return next((self._number[form] for form in forms if form in self._number), UNKNOWN)

    def word(self, number: int) -> str:
        """Give the word of a number."""
        return self.words[number]


def _singulars(word: str) -> list[str]:
    return [word.removesuffix(end) + put for end, put in PLURALS if word.endswith(end)]


class TextEncoder:
    """A gated recurrent unit (Cho et al. 2014, reset after the product) and a projection.

    Parameters
    ----------
    weights : dict of float32 arrays
        ``embedding`` (words, e), ``gru/kernel`` (e, 3h), ``gru/recurrent`` (h, 3h),
        ``gru/bias`` and ``gru/recurrent_bias`` (3h,), gates in the order update,
        reset, candidate; ``out`` (h, 256).
    space
        `captioner.vision.manifest.BundleManifest.space`.
    """

    def __init__(self, weights: dict[str, F32], words: Tokenizer, space: str = "") -> None:
        self.space = space
        self._weights = weights
        self._recurrent = Factor(weights["gru/recurrent"])
        self._words = words

    @property
    def words(self) -> Sequence[str]:
        """The words it knows, the most frequent in captions first."""
        return self._words.words[len(SPECIALS) :]

    def encode(self, text: str) -> F32:
        """Give the semantic vector, float32 (256,) of unit length, of a caption.

        Words never seen are left out; a text without a known word gives the even
        vector, which is near to nothing in particular.
        """
        return self.encode_all([text])[0]

    def encode_query(self, text: str) -> F32:
        """Give the vector of a query: as `encode`, less of what all words have in common.

        A picture that is near to that would be near to any query. So a few words say too little
        to tell; a whole caption says enough.
        """
        vector, words = self.encode(text), len(self._words.known(text))
        share = COMMON_SHARE * max(0.0, 1 - (words - 1) / (WORDS_OF_A_CAPTION - 1))
        return unit(vector - share * self._common) if words and share else vector

    @cached_property
    def _common(self) -> F32:
        vectors = self.encode_all(self.words[:COMMON_WORDS])
        return np.asarray(np.mean(vectors, axis=0), np.float32)

    def encode_all(self, texts: Sequence[str]) -> list[F32]:
        """As `encode`, of texts together, at next to the cost of the longest."""
        known = [self._words.known(text) for text in texts]
        pooled = self._pooled(known) @ self._weights["out"]
        return [
            unit(vector if numbers else np.zeros_like(vector))
            for vector, numbers in zip(pooled, known, strict=True)
        ]

    def _pooled(self, known: Sequence[Sequence[int]]) -> F32:
        """Give the mean of the states, (texts, h); a text's states end with its words."""
        lengths = np.array([len(numbers) for numbers in known])
        padded = np.zeros((len(known), max(lengths, default=0)), np.intp)
        for row, numbers in zip(padded, known, strict=True):
            row[: len(numbers)] = numbers
        state: F32 = np.zeros((len(known), self._weights["gru/recurrent"].shape[0]), np.float32)
        total = np.zeros_like(state)
        words = self._weights["embedding"][padded]
        inputs = words @ self._weights["gru/kernel"] + self._weights["gru/bias"]
        for at in range(padded.shape[1]):
            state = self._step(inputs[:, at], state)
            total += np.where(at < lengths[:, None], state, 0)
        return np.asarray(total / np.maximum(lengths, 1)[:, None], np.float32)

    def _step(self, inputs: F32, state: F32) -> F32:
        recurrent = state @ self._recurrent + self._weights["gru/recurrent_bias"]
        update, reset, candidate = np.split(inputs, 3, axis=1)
        from_update, from_reset, from_candidate = np.split(recurrent, 3, axis=1)
        keep = sigmoid(update + from_update)
        new = np.tanh(candidate + sigmoid(reset + from_reset) * from_candidate)
        return np.asarray(keep * state + (1 - keep) * new, np.float32)


def read_arrays(path: Path, names: Iterable[str]) -> dict[str, F32]:
    """Named arrays of an ``.npz`` as float32.

    Raises
    ------
    BundleError
        If the file is not readable or lacks one.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name].astype(np.float32) for name in names}
    except KeyError as missing:
        raise BundleError(f"{path}: {missing.args[0]}") from missing
    except (OSError, ValueError, zipfile.BadZipFile) as damage:
        raise BundleError(f"{path}: {damage}") from damage


def unit(vector: F32) -> F32:
    """Scale a vector to length one; the even vector where it has no finite length."""
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm == 0:
        return np.full_like(vector, 1 / np.sqrt(vector.size))
    return (vector / np.float32(norm)).astype(np.float32)


class Factor:
    """A matrix float32 (n, m) as the right factor of few rows: ``rows @ Factor(matrix)``.

    It is kept transposed and multiplied from the left: OpenBLAS copies its right factor at every
    product, which is most of the time where it is large and the other has a row or five.
    """

    # numpy leaves the product to this class, instead of taking it for an array of one object.
    __array_ufunc__ = None

    def __init__(self, matrix: F32) -> None:
        self._transposed = np.ascontiguousarray(matrix.T)

    def __rmatmul__(self, rows: F32) -> F32:
        return np.ascontiguousarray((self._transposed @ rows.T).T)


def sigmoid(x: F32) -> F32:
    """Give the logistic function, which overflows nowhere."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)
