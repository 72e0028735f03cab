"""Holding an exported bundle against the TensorFlow model that it was made of."""

from pathlib import Path

import numpy as np

from captioner.vision import beam
from captioner.vision.arrays import F32, read_arrays
from captioner.vision.beam import Writer
from captioner.vision.decoder import ARRAYS as DECODER
from captioner.vision.decoder import Decoder
from captioner.vision.sentence import Rules
from captioner.vision.tokenizer import Tokenizer
from captioner.vision.vectors import ARRAYS as VECTORS
from captioner.vision.vectors import Vectors, pooled
from training.agreement import Agreement, Seen, agreement
from training.arrays import F16, U8
from training.training_model import TrainingModel


def compare(
    parts: Path, bundle: Path, words: Tokenizer, squares: U8, maps: dict[str, F16]
) -> dict[str, Agreement]:
    """Hold encoders' maps, and what a bundle makes of them, against TensorFlow's.

    Parameters
    ----------
    parts, bundle : Path
        What ``train`` left, and what serves.
    squares : uint8 (n, s, s, 3)
        Photographs at the encoder's size.
    maps : dict of float16 (n, h, w, c)
        Each encoder's, of the same photographs.
    """
    trained, rules = TrainingModel(parts), Rules(words)
    found = trained.maps(squares)
    writer = trained.writer(found.shape[1] * found.shape[2])
    vectors = trained.visual(found), trained.semantic(found)
    theirs = Seen(found, *vectors, _greedy(writer, rules, found))
    return {name: agreement(_served(bundle, rules, ours), theirs) for name, ours in maps.items()}


def _served(bundle: Path, rules: Rules, maps: F16) -> Seen:
    found = maps.astype(np.float32)
    vectors = Vectors(read_arrays(bundle / "vectors.npz", VECTORS))
    decoder = Decoder(read_arrays(bundle / "decoder.npz", DECODER))
    means = pooled(found)
    visual = np.stack([vectors.visual(each) for each in means])
    semantic = np.stack([vectors.semantic(each) for each in means])
    return Seen(found, visual, semantic, _greedy(decoder, rules, found))


def _greedy(writer: Writer, rules: Rules, maps: F32) -> list[tuple[int, ...]]:
    written = (beam.search(writer, map_, rules, beam=1) for map_ in maps)
    return [hypotheses[0].words if hypotheses else () for hypotheses in written]
