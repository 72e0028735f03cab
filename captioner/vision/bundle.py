"""Loading a bundle: verified whole, or refused."""

from pathlib import Path

from captioner.vision import decoder, encoder, labels, manifest, text, vectors
from captioner.vision.judgement import Confidence, Ranking
from captioner.vision.model import Model
from captioner.vision.sentence import Rules

DEFAULT_BUNDLE = text.BUNDLE
"""The bundle that comes with the repository."""

FILES = ("encoder.onnx", "decoder.npz", "vectors.npz", "labels.npz", "text.npz", "tokenizer.json")


def load(path: Path, *, threads: int = 2) -> Model:
    """Load the model of a bundle's folder; the encoder may use ``threads``.

    Raises
    ------
    BundleError
        If a file is missing, damaged, unknown or of another version.
    """
    described = manifest.read(path, FILES)
    words = text.Tokenizer.read(described.path("tokenizer.json"))
    return Model(
        name=described.name,
        version=described.version,
        tokenizer=words,
        rules=Rules(words),
        encoder=encoder.load(described.path("encoder.onnx"), described.side, threads),
        decoder=decoder.Decoder(text.read_arrays(described.path("decoder.npz"), decoder.ARRAYS)),
        vectors=vectors.Vectors(text.read_arrays(described.path("vectors.npz"), vectors.ARRAYS)),
        labels=labels.Labels(text.read_arrays(described.path("labels.npz"), labels.ARRAYS)),
        ranking=Ranking.read(described.ranking),
        confidence=Confidence.read(described.confidence),
        text=text.TextEncoder(text.read_arrays(described.path("text.npz"), text.ARRAYS), words),
        space=described.space,
    )
