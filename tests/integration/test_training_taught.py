"""A text side that learns from a sentence encoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")
pytest.importorskip("onnx", reason="needs onnx (requirements/train.lock)")

from onnx import helper, numpy_helper

from captioner.vision.text import SPECIALS, TextEncoder, Tokenizer
from training import sentences
from training.arrays import F32
from training.errors import CheckpointError
from training.joint import JointRecipe, Paired
from training.logs import read_log
from training.taught import taught, train_taught

pytestmark = [pytest.mark.training, pytest.mark.slow]

WORDS = ("red", "blue", "ball", "dog", "on", "grass")
PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "run", "##s")
WIDTH, LAYERS = 32, 1


@pytest.fixture
def encoder(tmp_path: Path) -> sentences.SentenceEncoder:
    """A small one of random weights, laid out as Hugging Face does."""
    (tmp_path / sentences.WEIGHTS).write_bytes(safetensors(random_weights()))
    return sentences.load(described(tmp_path))


def described(folder: Path, name: str = "some-encoder") -> Path:
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    config = {"num_hidden_layers": LAYERS, "num_attention_heads": 2, "_name_or_path": name}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def random_weights(seed: int = 3) -> dict[str, F32]:
    rng = np.random.default_rng(seed)
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
    found = {}
    for name, shape in shapes.items():
        drawn = rng.normal(size=shape) * (0.2 if name.endswith("bias") else 0.5)
        values = np.ones(shape) if "LayerNorm.weight" in name else drawn
        found[name] = values.astype(np.float32)
    return found


def safetensors(weights: dict[str, F32]) -> bytes:
    header, numbers = {}, b""
    for name, values in weights.items():
        written = values.astype("<f4").tobytes()
        ends = [len(numbers), len(numbers) + len(written)]
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": ends}
        numbers += written
    told = json.dumps(header).encode()
    return len(told).to_bytes(8, "little") + told + numbers


def eight_bits(weights: dict[str, F32]) -> bytes:
    """The same as ONNX Runtime's dynamic quantisation leaves them: matrices are numbered."""
    nodes, stored = [], {}
    for number, (name, values) in enumerate(weights.items()):
        matrix = values.ndim == 2 and not name.startswith("embeddings")
        if values.ndim == 1:
            stored[name] = values
            continue
        known = f"onnx::MatMul_{number}" if matrix else name
        kept = values.T if matrix else values
        low, high = np.minimum(kept.min(0), 0), np.maximum(kept.max(0), 0)
        scale = ((high - low) / 255).astype(np.float32)
        zero = np.round(-low / scale - 128).astype(np.int8)
        stored[f"{known}_quantized"] = np.round(kept / scale + zero).clip(-128, 127).astype(np.int8)
        stored[f"{known}_scale"], stored[f"{known}_zero_point"] = scale, zero
        if matrix:
            inputs = ["x", f"{known}_quantized", "zero", f"{known}_zero_point"]
            path = "/" + name.removesuffix(".weight").replace(".", "/").replace("layer/", "layer.")
            nodes.append(helper.make_node("MatMulInteger", inputs, ["y"], f"{path}/MatMul_quant"))
    tensors = [numpy_helper.from_array(values, name) for name, values in stored.items()]
    graph = helper.make_graph(nodes, "encoder", [], [], tensors)
    return bytes(helper.make_model(graph).SerializeToString())


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


def test_an_encoder_in_eight_bits_says_nearly_the_same(
    encoder: sentences.SentenceEncoder, tmp_path: Path
) -> None:
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(eight_bits(random_weights()))
    quantised = sentences.load(described(tmp_path / "onnx"))
    some = ["red dog", "a blue ball on red grass"]
    assert (encoder.vectors(some) * quantised.vectors(some)).sum(1).min() > 0.995
    assert quantised.key != encoder.key


def test_the_first_state_is_the_vector_of_bge(
    encoder: sentences.SentenceEncoder, tmp_path: Path
) -> None:
    bge = sentences.load(described(tmp_path, "BAAI/bge-small-en"))
    first, mean = bge.vectors(["red dog"]), encoder.vectors(["red dog"])
    assert not np.allclose(first, mean, atol=0.05)
    assert np.allclose(first, bge.vectors(["red dog", "blue ball on grass"])[:1], atol=1e-5)


def test_several_encoders_stand_beside_one_another(tmp_path: Path) -> None:
    for name in ("bge", "mini"):
        (tmp_path / name).mkdir()
        raw = safetensors(random_weights(len(name)))
        (described(tmp_path / name) / "model.safetensors").write_bytes(raw)
    both = sentences.load_all(tmp_path)
    assert len({encoder.key for encoder in both}) == 2
    some = ["red dog", "blue ball"]
    found = sentences.cached_sentences(both, some, tmp_path / "cache")
    assert np.allclose(found, np.hstack([one.vectors(some) for one in both]), atol=1e-3)
    assert [one.key for one in sentences.load_all(tmp_path / "mini")] == [both[1].key]


def test_a_damaged_export_is_named(tmp_path: Path) -> None:
    (described(tmp_path) / "model.onnx").write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="no ONNX file"):
        sentences.load(tmp_path)


def test_some_of_many_texts_are_followed_beside_made_up_sentences(
    encoder: sentences.SentenceEncoder, tmp_path: Path
) -> None:
    words = Tokenizer(WORDS, len(SPECIALS) + len(WORDS))
    pair = Paired(np.zeros((1, 3, 4), np.float32), [["red dog", "dog on grass"]] * 3)
    texts = ["blue ball", "ball on grass"]
    told = taught([encoder], words, pair, pair, cache=tmp_path / "cache", seed=1, texts=texts)
    assert told.sentences[:2] == texts
    assert len(told.sentences) == len(told.vectors) == 2 + 4
    assert "ball" in " ".join(told.sentences[2:]).split()


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
    told = taught([encoder], words, train, dev, cache=tmp_path / "cache", seed=1)
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
        closing=2,
        word_dropout=0,
    )
    space = train_taught(recipe, words, train, dev, told=told, log=tmp_path / "joint.jsonl")
    lines = read_log(tmp_path / "joint.jsonl")
    assert [line["epoch"] for line in lines] == list(range(1, 35))
    apart = [line["apart"] for line in lines if "apart" in line]
    assert len(apart) == recipe.following
    assert apart[-1] < 0.7 * apart[0]
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
