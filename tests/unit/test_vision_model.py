"""The model answers for any photograph, also when its parts misbehave."""

import numpy as np
import numpy.typing as npt
import pytest

from captioner.vision.beam import LONGEST
from captioner.vision.decoder import ARRAYS, Decoder
from captioner.vision.encoder import ImageEncoder
from captioner.vision.judgement import FEATURES, Confidence, Ranking
from captioner.vision.labels import Labels
from captioner.vision.model import Model
from captioner.vision.prediction import Caption
from captioner.vision.sentence import Rules
from captioner.vision.text import F32, LONGEST_QUERY, TextEncoder, Tokenizer, unit
from captioner.vision.vectors import Vectors

WORDS = Tokenizer(["a", "dog", "runs", "beach", "in"], captioned=9)
CHANNELS, CELLS, WORD, STATE, LOOK = 6, 2, 4, 8, 5
PHOTOGRAPH = np.random.default_rng(1).integers(0, 256, (10, 12, 3), dtype=np.uint8)


class Session:
    """An encoder session that gives one map, whatever it is shown."""

    def __init__(self, map_: F32) -> None:
        self._map = map_

    def get_inputs(self) -> list["Session"]:
        return [self]

    name = "pixels"

    def run(self, outputs: None, inputs: dict[str, npt.NDArray[np.uint8]]) -> list[F32]:
        assert inputs["pixels"].shape == (1, 64, 64, 3)
        return [self._map[None]]


def random(*shape: int) -> F32:
    return np.random.default_rng(sum(shape)).normal(0, 1, shape).astype(np.float32)


def decoder() -> Decoder:
    sizes = {
        "embedding": (9, WORD), "output_bias": (9,), "keys": (CHANNELS, LOOK),
        "positions": (CELLS**2, LOOK), "values": (CHANNELS, LOOK), "values_bias": (LOOK,),
        "query": (STATE, LOOK), "energy": (LOOK,), "gate": (STATE, LOOK), "gate_bias": (LOOK,),
        "start": (LOOK, 2 * STATE), "start_bias": (2 * STATE,),
        "lstm/kernel": (WORD + LOOK, 4 * STATE), "lstm/recurrent": (STATE, 4 * STATE),
        "lstm/bias": (4 * STATE,), "out/state": (STATE, WORD), "out/seen": (LOOK, WORD),
        "out/word": (WORD, WORD), "out/bias": (WORD,),
    }  # fmt: skip
    assert set(sizes) == set(ARRAYS)
    return Decoder({name: random(*size) for name, size in sizes.items()})


def model(map_: F32, review_below: float = 0.0, withheld_below: float = 0.0) -> Model:
    flat = np.zeros(len(FEATURES))
    vectors = {
        "visual/mean": random(2 * CHANNELS), "visual/basis": random(2 * CHANNELS, 256),
        "semantic/hidden": random(2 * CHANNELS, 7), "semantic/hidden_bias": random(7),
        "semantic/out": random(7, 256), "known/centres": np.eye(3, 256, dtype=np.float32),
    }  # fmt: skip
    labels = {
        "labels/kernel": random(CHANNELS, 1000), "labels/bias": 9 * np.eye(1, 1000)[0],
        "labels/usual": np.full(1000, 0.001, np.float32),
    }  # fmt: skip
    text = {
        "embedding": random(9, 3), "gru/kernel": random(3, 12), "gru/recurrent": random(4, 12),
        "gru/bias": random(12), "gru/recurrent_bias": random(12), "out": random(4, 256),
    }  # fmt: skip
    encoder = ImageEncoder(Session(map_), 64)
    return Model(
        name="tiny",
        version="1",
        tokenizer=WORDS,
        rules=Rules(WORDS),
        encoder=encoder,
        decoder=decoder(),
        vectors=Vectors(vectors),
        labels=Labels(labels),
        ranking=Ranking(),
        confidence=Confidence(flat, flat + 1, flat, 0.0, review_below, withheld_below),
        text=TextEncoder(text, WORDS),
    )


SEEN = np.abs(random(CELLS, CELLS, CHANNELS))


def test_a_prediction_has_captions_best_first_and_unit_vectors() -> None:
    prediction = model(SEEN).describe(PHOTOGRAPH)
    assert 1 <= len(prediction.captions) <= 5
    log_probs = [caption.log_prob for caption in prediction.captions]
    assert log_probs == sorted(log_probs, reverse=True)
    assert prediction.probability == 0.5
    assert prediction.labels
    for vector in (prediction.visual, prediction.semantic):
        assert vector.shape == (256,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_each_word_has_its_attention_over_the_map() -> None:
    caption = model(SEEN).describe(PHOTOGRAPH).captions[0]
    assert caption.text == " ".join(word.text for word in caption.words)
    for word in caption.words:
        assert word.attention.shape == (CELLS, CELLS)
        assert word.attention.sum() == pytest.approx(1, abs=1e-5)
        assert word.log_prob <= 0


def test_a_map_of_nan_gives_no_caption_and_wants_review_but_keeps_unit_vectors() -> None:
    prediction = model(np.full_like(SEEN, np.nan)).describe(PHOTOGRAPH)
    assert not prediction.captions and not prediction.labels
    assert prediction.needs_review
    assert np.linalg.norm(prediction.visual) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(prediction.semantic) == pytest.approx(1, abs=1e-5)


def test_embedding_agrees_with_what_is_seen_before_anything_is_written() -> None:
    tiny = model(SEEN)
    seen = tiny.look(SEEN)
    visual, picture = tiny.embed(PHOTOGRAPH)
    assert np.array_equal(visual, seen.visual)
    assert np.array_equal(picture, seen.picture)


def test_captions_move_the_semantic_vector_towards_what_they_say() -> None:
    tiny = model(SEEN)
    seen = tiny.look(SEEN)
    told = np.stack([tiny.encode_text(caption.text) for caption in seen.captions])
    log_probs = np.array([caption.log_prob * _steps(caption) for caption in seen.captions])
    said = unit(np.asarray(np.exp(log_probs) @ told, np.float32))
    expected = unit(seen.picture + 0.2 * said)
    assert np.allclose(tiny.describe(PHOTOGRAPH).semantic, expected, atol=1e-5)
    assert expected @ said > seen.picture @ said


def test_a_frame_without_captions_has_the_vector_of_the_picture() -> None:
    seen = model(SEEN).look(SEEN, blank=True)
    assert np.array_equal(seen.semantic, seen.picture)


def _steps(caption: Caption) -> int:
    """Words, and the end: captions cut at the limit have none."""
    return len(caption.words) + (len(caption.words) < LONGEST)


def test_an_unsure_caption_wants_review() -> None:
    assert model(SEEN, review_below=1.0).describe(PHOTOGRAPH).needs_review
    assert not model(SEEN, review_below=0.0).describe(PHOTOGRAPH).needs_review


def test_an_improbable_caption_is_withheld_but_told() -> None:
    found = model(SEEN, review_below=0.6, withheld_below=0.6).describe(PHOTOGRAPH)
    assert found.withheld and found.captions


def test_a_caption_tells_what_speaks_for_it() -> None:
    tiny = model(SEEN)
    best = tiny.describe(PHOTOGRAPH).captions[0]
    assert best.least_log_prob <= best.log_prob <= 0
    semantic = tiny.embed(PHOTOGRAPH)[1]
    assert best.likeness == pytest.approx(float(tiny.encode_text(best.text) @ semantic), abs=1e-5)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_frame_of_one_colour_is_not_described(level: int) -> None:
    noise = np.random.default_rng(1).normal(0, 6, (300, 400, 3))
    frame = np.clip(level + noise, 0, 255).astype(np.uint8)
    found = model(SEEN).describe(frame)
    assert not found.captions and not found.labels
    assert (found.probability, found.needs_review, found.withheld) == (0.0, True, False)
    assert np.linalg.norm(found.visual) == pytest.approx(1, abs=1e-5)


def test_a_plain_photograph_is_described() -> None:
    frame = np.full((300, 400, 3), 230, np.uint8)
    frame[100:200, 150:250] = (200, 60, 40)
    assert model(SEEN).describe(frame).captions


@pytest.mark.parametrize("beam", [0, 17, -1])
def test_a_beam_out_of_range_is_refused(beam: int) -> None:
    with pytest.raises(ValueError, match="1 to 16"):
        model(SEEN).describe(PHOTOGRAPH, beam=beam)
    with pytest.raises(ValueError, match="1 to 16"):
        model(SEEN).describe(np.zeros_like(PHOTOGRAPH), beam=beam)


@pytest.mark.parametrize("text", ["a dog runs", "zebra", "", "a " * 500])
def test_any_query_has_a_unit_vector(text: str) -> None:
    assert np.linalg.norm(model(SEEN).encode_text(text)) == pytest.approx(1, abs=1e-5)


def test_texts_encoded_together_have_the_vectors_they_have_alone() -> None:
    texts = ["a dog runs", "", "dog", "a dog runs in a beach in a dog", "zebra"]
    encoder = TextEncoder(
        {
            "embedding": random(9, 3), "gru/kernel": random(3, 12), "gru/recurrent": random(4, 12),
            "gru/bias": random(12), "gru/recurrent_bias": random(12), "out": random(4, 256),
        },
        WORDS,
    )  # fmt: skip
    for text, vector in zip(texts, encoder.encode_all(texts), strict=True):
        assert vector == pytest.approx(encoder.encode(text), abs=1e-5)
    assert encoder.encode_all([]) == []


def test_words_never_seen_do_not_move_a_query() -> None:
    tiny = model(SEEN)
    assert np.array_equal(tiny.encode_text("a zebra dog"), tiny.encode_text("a dog"))


def test_a_vector_without_length_becomes_the_even_vector() -> None:
    assert unit(np.zeros(4, np.float32)) == pytest.approx([0.5] * 4)


def test_a_map_is_described_as_its_photograph_is() -> None:
    seeing = model(SEEN)
    again = seeing.describe_map(seeing.map(PHOTOGRAPH), beam=2)
    whole = seeing.describe(PHOTOGRAPH, beam=2)
    assert [caption.text for caption in again.captions] == [c.text for c in whole.captions]
    assert np.array_equal(again.visual, whole.visual)


def test_what_the_model_wrote_it_looks_at_again_as_it_did() -> None:
    found = model(SEEN)
    written = found.describe(PHOTOGRAPH).captions[0]
    (again,) = found.attention(PHOTOGRAPH, [written.text]).captions
    assert [word.text for word in again] == written.text.split()
    for once, other in zip(written.words, again, strict=True):
        np.testing.assert_allclose(once.attention, other.attention, atol=1e-6)
        assert once.log_prob == pytest.approx(other.log_prob, abs=1e-5)


def test_a_persons_words_are_looked_up_too_known_or_not() -> None:
    looked = model(SEEN).attention(PHOTOGRAPH, ["A Dog, an axolotl!", "", "a " * 99])
    assert looked.shape == (CELLS, CELLS)
    first, none, long = looked.captions
    assert [word.text for word in first] == ["a", "dog", "an", "axolotl"]
    assert all(word.attention.sum() == pytest.approx(1) for word in first)
    assert none == () and len(long) == LONGEST_QUERY
