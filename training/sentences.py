"""A sentence encoder that the text side learns from: trained on far more texts than captions.

MiniLM (Wang 2020, arXiv 2002.10957; Reimers and Gurevych 2019, arXiv 1908.10084): the states' mean
at unit length is the vector; or BGE (Xiao 2023, arXiv 2309.07597), whose first state is.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import safetensors.numpy
import tensorflow as tf
from safetensors import SafetensorError

from captioner.vision.text import words_of
from training.arrays import F32, I32, Tensor, kept
from training.errors import CheckpointError
from training.onnx_files import named_weights

WEIGHTS, ONNX, WORDS, SHAPE = "model.safetensors", "model.onnx", "vocab.txt", "config.json"
FIRST_STATE = "bge-"  # in the name of a model whose vector the first state is
LONGEST = 64
BATCH = 128
_FAR = 1e9  # below every product of a query and a key


@dataclass(frozen=True)
class SentenceEncoder:
    """Vectors of sentences.

    ``weights`` have the names that Hugging Face's BERT gives them, ``pieces`` the numbers of the
    WordPiece vocabulary; ``key`` tells its vectors from another encoder's; ``first``: the first
    state is the vector, in place of the mean.
    """

    weights: Mapping[str, Tensor] = field(repr=False)
    pieces: Mapping[str, int] = field(repr=False)
    layers: int
    heads: int
    key: str
    first: bool = False

    def vectors(self, sentences: Sequence[str]) -> F32:
        """Give float32 (n, d) of unit length."""
        numbers = [self._numbers(sentence) for sentence in sentences]
        order = sorted(range(len(numbers)), key=lambda row: len(numbers[row]))
        found: list[F32] = [np.empty(0, np.float32)] * len(numbers)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            padded, real = _padded([numbers[row] for row in rows])
            for row, vector in zip(rows, self._traced(padded, real).numpy(), strict=True):
                found[row] = vector
        return np.stack(found)

    @cached_property
    def _traced(self) -> Callable[[I32, F32], Tensor]:
        traced: Callable[[I32, F32], Tensor] = tf.function(
            self._forward, reduce_retracing=True, autograph=False
        )
        return traced

    def _numbers(self, sentence: str) -> list[int]:
        pieces = [piece for word in words_of(sentence) for piece in self._pieces(word)]
        return [self.pieces["[CLS]"], *pieces[: LONGEST - 2], self.pieces["[SEP]"]]

    def _pieces(self, word: str) -> list[int]:
        """Split a word into the longest pieces that are known, from its start on."""
        found: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((e for e in ends if mark + word[start:e] in self.pieces), None)
            if end is None:
                return [self.pieces["[UNK]"]]
            found.append(self.pieces[mark + word[start:end]])
            start = end
        return found

    def _forward(self, numbers: Tensor, real: Tensor) -> Tensor:
        weights, at = self.weights, "embeddings."
        x = tf.gather(weights[f"{at}word_embeddings.weight"], numbers)
        x += weights[f"{at}position_embeddings.weight"][: tf.shape(numbers)[1]]
        x = self._normed(x + weights[f"{at}token_type_embeddings.weight"][0], f"{at}LayerNorm")
        hidden = (real[:, None, None, :] - 1.0) * _FAR
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}."
            attended = self._attended(x, hidden, f"{name}attention.self.")
            told = self._product(attended, f"{name}attention.output.dense")
            x = self._normed(x + told, f"{name}attention.output.LayerNorm")
            inner = tf.nn.gelu(self._product(x, f"{name}intermediate.dense"))
            told = self._product(inner, f"{name}output.dense")
            x = self._normed(x + told, f"{name}output.LayerNorm")
        if self.first:
            return tf.math.l2_normalize(x[:, 0], -1)
        total = tf.reduce_sum(x * real[..., None], 1)
        return tf.math.l2_normalize(total / tf.reduce_sum(real, 1)[:, None], -1)

    def _attended(self, x: Tensor, hidden: Tensor, name: str) -> Tensor:
        query, key, value = (
            self._split(self._product(x, name + part)) for part in ("query", "key", "value")
        )
        alike = tf.matmul(query, key, transpose_b=True) / float(query.shape[-1]) ** 0.5
        mixed = tf.matmul(tf.nn.softmax(alike + hidden), value)
        return tf.reshape(tf.transpose(mixed, (0, 2, 1, 3)), tf.shape(x))

    def _split(self, x: Tensor) -> Tensor:
        shape = tf.shape(x)
        parts = (shape[0], shape[1], self.heads, x.shape[-1] // self.heads)
        return tf.transpose(tf.reshape(x, parts), (0, 2, 1, 3))

    def _product(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return tf.einsum("btd,ed->bte", x, weight) + bias

    def _normed(self, x: Tensor, name: str) -> Tensor:
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return (x - mean) * tf.math.rsqrt(variance + 1e-12) * weight + bias


def load(folder: Path) -> SentenceEncoder:
    """Read an encoder from ``model.safetensors``, ``vocab.txt`` and ``config.json``.

    ``model.onnx`` will do where there are no safetensors. The first state is the vector of a
    model that ``config.json`` calls ``bge-…``, the mean that of any other. Raises `CheckpointError`
    if one of them is missing or not what it should be.
    """
    try:
        shape = json.loads((folder / SHAPE).read_text(encoding="utf-8"))
        pieces = (folder / WORDS).read_text(encoding="utf-8").splitlines()
        safe = (folder / WEIGHTS).is_file() or not (folder / ONNX).is_file()
        raw = (folder / (WEIGHTS if safe else ONNX)).read_bytes()
        weights = safetensors.numpy.load(raw) if safe else named_weights(raw)
        first = FIRST_STATE in str(shape.get("_name_or_path"))
        layers, heads = int(shape["num_hidden_layers"]), int(shape["num_attention_heads"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, CheckpointError) as damage:
        raise CheckpointError(f"no sentence encoder in {folder}: {damage!r}") from damage
    numbers = {piece: number for number, piece in enumerate(pieces)}
    key = hashlib.sha256(raw).hexdigest()[:12]
    constants = {name: tf.constant(array) for name, array in weights.items()}
    return SentenceEncoder(constants, numbers, layers, heads, key, first)


def load_all(folder: Path) -> list[SentenceEncoder]:
    """Read the encoder of a folder, or, where it has no ``config.json``, of each folder in it."""
    if (folder / SHAPE).is_file():
        return [load(folder)]
    inner = sorted(one.parent for one in folder.glob(f"*/{SHAPE}"))
    return [load(one) for one in inner or [folder]]


def cached_sentences(
    encoders: Sequence[SentenceEncoder], sentences: Sequence[str], cache: Path
) -> F32:
    """Give vectors of sentences, each encoder's beside the others', kept in a file an encoder."""
    return np.concatenate([_cached(each, sentences, cache) for each in encoders], axis=1)


def _cached(encoder: SentenceEncoder, sentences: Sequence[str], cache: Path) -> F32:
    known = hashlib.sha256("\n".join(sentences).encode()).hexdigest()[:8]
    path = cache / f"sentences-{encoder.key}-{known}.npy"
    found = kept(path, lambda: encoder.vectors(sentences).astype(np.float16))
    return np.asarray(found, np.float32)


def _padded(numbers: Sequence[Sequence[int]]) -> tuple[I32, F32]:
    padded = np.zeros((len(numbers), max(map(len, numbers))), np.int32)
    real = np.zeros(padded.shape, np.float32)
    for row, some in enumerate(numbers):
        padded[row, : len(some)] = some
        real[row, : len(some)] = 1.0
    return padded, real
