"""Captions as padded batches of numbers."""

from collections.abc import Sequence

import numpy as np

from captioner.vision.text import END, PAD, START, UNKNOWN, Tokenizer
from training.arrays import I32

LONGEST = 22
BUCKET = 4

NumberedCaption = tuple[int, list[int]]
"""Which photograph, and the numbers of a caption of it."""


def encoded(words: Tokenizer, caption: str) -> list[int]:
    """Start, a caption's words (unknown ones as ``<unk>``), end; `LONGEST` at most."""
    numbers = [n if n < words.captioned else UNKNOWN for n in words.encode(caption)]
    return [START, *numbers[: LONGEST - 2], END]


def rows_of(words: Tokenizer, captions: Sequence[Sequence[str]]) -> list[NumberedCaption]:
    """Give a row a caption."""
    return [(i, encoded(words, text)) for i, texts in enumerate(captions) for text in texts]


def drawn(
    rng: np.random.Generator, rows: Sequence[NumberedCaption], most: int
) -> list[NumberedCaption]:
    """Draw at most so many captions of each photograph, so that none counts for ten others."""
    found: dict[int, list[NumberedCaption]] = {}
    for at in rng.permutation(len(rows)):
        of_one = found.setdefault(rows[at][0], [])
        if len(of_one) < most:
            of_one.append(rows[at])
    return [row for of_one in found.values() for row in of_one]


def like_lengths(
    rng: np.random.Generator, rows: Sequence[NumberedCaption], size: int
) -> list[list[NumberedCaption]]:
    """Batches of captions of about the same length, so that little is padding, in any order."""
    noise = rng.uniform(0, 2, len(rows))
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][1]) + noise[i])
    chunks = [order[at : at + size] for at in range(0, len(order), size)]
    return [[rows[i] for i in chunks[at]] for at in rng.permutation(len(chunks))]


def padded(captions: Sequence[list[int]]) -> I32:
    """Int32 (n, t): few different t, as each is a graph of its own."""
    longest = max(map(len, captions))
    width = 1 + BUCKET * -(-(longest - 1) // BUCKET)
    found = np.full((len(captions), width), PAD, np.int32)
    for row, caption in zip(found, captions, strict=True):
        row[: len(caption)] = caption
    return found
