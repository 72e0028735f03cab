"""A text side that learns from a sentence encoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

from captioner.vision.text import TextEncoder
from captioner.vision.tokenizer import SPECIALS, Tokenizer
from training import sentences
from training.errors import CheckpointError
from training.joint import Paired
from training.joint_space import JointRecipe
from training.logs import read_log
from training.taught import taught, train_taught

pytestmark = [pytest.mark.training, pytest.mark.slow]

WORDS = ("red", "blue", "ball", "dog", "on", "grass")
PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "run", "##s")
WIDTH, LAYERS = 32, 1


@pytest.fixture
def encoder(tmp_path: Path) -> sentences.SentenceEncoder:
    """A small one of random weights, laid out as Hugging Face does."""
    rng = np.random.default_rng(3)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        inner = {f"{name}.intermediate.dense": (16, WIDTH), f"{name}.output.dense": (WIDTH, 16)}
        dense = {f"{name}.attention.self.{part}": (WIDTH, WIDTH) for part in _ATTENDING}
        dense |= {f"{name}.attention.output.dense": (WIDTH, WIDTH)} | inner
        for one, size in dense.items():
            shapes |= {f"{one}.weight": size, f"{one}.bias": size[:1]}
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
    for one in norms:
        shapes |= {f"{one}.weight": (WIDTH,), f"{one}.bias": (WIDTH,)}
    header, numbers = {}, b""
    for name, shape in shapes.items():
        drawn = rng.normal(size=shape) * (0.2 if name.endswith("bias") else 0.5)
        values = np.ones(shape) if "LayerNorm.weight" in name else drawn
        written = values.astype("<f4").tobytes()
        ends = [len(numbers), len(numbers) + len(written)]
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": ends}
        numbers += written
    told = json.dumps(header).encode()
    weights = len(told).to_bytes(8, "little") + told + numbers
    (tmp_path / sentences.WEIGHTS).write_bytes(weights)
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    config = {"num_hidden_layers": LAYERS, "num_attention_heads": 2}
    (tmp_path / "config.json").write_text(json.dumps(config))
    return sentences.load(tmp_path)


_ATTENDING = ("query", "key", "value")


def test_a_sentence_has_the_same_vector_in_any_company(encoder: sentences.SentenceEncoder) -> None:
    some = ["red dog", "A blue ball on red grass, on red grass.", "dog", "dogs"]
    together = encoder.vectors(some)
    alone = np.concatenate([encoder.vectors([one]) for one in some])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert not np.allclose(together[0], together[2], atol=0.01)


def test_words_are_split_into_known_pieces(encoder: sentences.SentenceEncoder) -> None:
    (whole, split) = (encoder._numbers(text) for text in ("run", "Runs, zebra"))
    names = [PIECES[number] for number in split]
    assert [PIECES[number] for number in whole] == ["[CLS]", "run", "[SEP]"]
    assert names == ["[CLS]", "run", "##s", "[UNK]", "[SEP]"]


def test_the_text_encoder_comes_to_say_what_the_space_says(
    encoder: sentences.SentenceEncoder, tmp_path: Path
) -> None:
    rng = np.random.default_rng(4)
    kinds = [f"{colour} {thing} on grass" for colour in WORDS[:2] for thing in WORDS[2:4]]
    of_kind = rng.normal(size=(4, 12)).astype(np.float32)
    features = np.stack([of_kind[at % 4] for at in range(64)])
    features += rng.normal(scale=0.1, size=features.shape).astype(np.float32)
    captions = [[kinds[at % 4]] * 2 for at in range(64)]
    train = Paired(features[None, :48], captions[:48])
    dev = Paired(features[None, 48:], captions[48:])
    words = Tokenizer(WORDS, len(SPECIALS) + len(WORDS))
    told = taught(encoder, words, train, dev, cache=tmp_path / "cache", seed=1)
    assert len(told.sentences) == 256
    recipe = JointRecipe(
        epochs=20,
        batch=16,
        dropout=0,
        word=16,
        state=24,
        hidden=32,
        size=16,
        following=12,
        word_dropout=0,
    )
    space = train_taught(recipe, words, train, dev, told=told, log=tmp_path / "joint.jsonl")
    lines = read_log(tmp_path / "joint.jsonl")
    assert [line["epoch"] for line in lines] == list(range(1, 33))
    assert lines[-1]["apart"] < 0.7 * lines[recipe.epochs]["apart"]
    text = TextEncoder(space.text_arrays(), words)
    images = space.image(of_kind).numpy()
    numbers = [words.known(kind) for kind in kinds]
    vectors = space.text(np.array(numbers)).numpy()
    things = (vectors @ images.T).argmax(1) % 2  # the thing; colours are told apart less surely
    assert things.tolist() == [0, 1, 0, 1]
    turned = np.stack([text.encode(kind) for kind in kinds])
    assert np.allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-3)
    assert list((tmp_path / "cache").glob(f"sentences-{encoder.key}-*.npy"))


def test_a_folder_without_an_encoder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"no sentence encoder in {tmp_path}"):
        sentences.load(tmp_path)
