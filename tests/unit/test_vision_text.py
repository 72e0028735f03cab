"""The text side: one query, one vector, whatever is typed."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.vision import text, words
from captioner.vision.bundle import DEFAULT_BUNDLE
from captioner.vision.manifest import BundleError

ENCODER = words.load(DEFAULT_BUNDLE)


def test_words_and_their_order_make_the_vector() -> None:
    dog, dogs, other = map(ENCODER.encode, ("a dog", "two dogs", "a man rides a bicycle"))
    assert dog @ dogs > dog @ other
    assert not np.allclose(ENCODER.encode("dog bites man"), ENCODER.encode("man bites dog"))


def test_texts_together_have_the_vectors_that_each_has_alone() -> None:
    texts = ["dog", "a boy in a red shirt jumps into a pool", "", "dog " * 50]
    alone = np.stack([ENCODER.encode(one) for one in texts])
    assert np.allclose(np.stack(ENCODER.encode_all(texts)), alone, atol=1e-6)


@pytest.mark.parametrize("query", ["", "???", "qqq xyzzy"])
def test_a_text_without_a_known_word_gives_the_even_vector(query: str) -> None:
    assert np.allclose(ENCODER.encode(query), 1 / 16)
    assert np.allclose(ENCODER.encode_query(query), 1 / 16)


@settings(max_examples=30)
@given(st.text(max_size=80))
def test_any_text_gives_a_vector_of_unit_length(query: str) -> None:
    assert np.linalg.norm(ENCODER.encode(query)) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(ENCODER.encode_query(query)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("query", ["dog", "beach", "a boy in a red shirt"])
def test_a_query_has_less_of_what_all_words_have_in_common(query: str) -> None:
    common = np.mean(ENCODER.encode_all(ENCODER.words[: text.COMMON_WORDS]), axis=0)
    assert ENCODER.encode_query(query) @ common < ENCODER.encode(query) @ common


def test_of_a_whole_caption_nothing_is_taken() -> None:
    caption = "two brown dogs run through the deep snow on a hill"
    assert np.array_equal(ENCODER.encode_query(caption), ENCODER.encode(caption))


@pytest.mark.parametrize(
    ("asked", "known"), [("lorry", "truck"), ("aeroplanes", "airplane"), ("tyre", "tire")]
)
def test_british_words_are_known_as_american_ones(asked: str, known: str) -> None:
    assert np.array_equal(ENCODER.encode(asked), ENCODER.encode(known))


def test_onnx_runtime_is_not_imported() -> None:
    program = (
        "import sys; from captioner.vision import words\n"
        "words.load().encode_query('a dog')\n"
        "sys.exit('onnxruntime' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for name in ("bundle.json", *text.FILES):
        shutil.copy(DEFAULT_BUNDLE / name, tmp_path)
    (tmp_path / "text.npz").write_bytes(b"PK")
    with pytest.raises(BundleError, match=r"text\.npz is damaged"):
        words.load(tmp_path)
