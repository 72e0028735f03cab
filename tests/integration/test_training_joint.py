"""The joint space is served as it was trained: turned alike, products stay."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

from captioner.vision.text import SPECIALS, TextEncoder, Tokenizer
from captioner.vision.vectors import Vectors
from training.joint import JointRecipe, JointSpace
from training.visual_space import pooled

pytestmark = [pytest.mark.training, pytest.mark.slow]

WORDS = ("red", "ball", "floor")


def test_what_is_served_finds_images_as_alike_to_texts_as_what_was_trained() -> None:
    rng = np.random.default_rng(2)
    maps = np.abs(rng.normal(size=(5, 3, 3, 8))).astype(np.float16)
    words = Tokenizer(WORDS, len(SPECIALS) + len(WORDS))
    space = JointSpace(JointRecipe(state=12, hidden=16), len(words.words), pooled(maps))
    texts = ("red ball", "ball floor")
    numbers = np.array([words.known(text) for text in texts])
    trained = space.image(pooled(maps)).numpy() @ space.text(numbers).numpy().T
    text = TextEncoder(space.text_arrays(), words)
    images = Vectors(space.image_arrays())
    semantic = np.stack([images.semantic(one) for one in pooled(maps)])
    served = semantic @ np.stack([text.encode(one) for one in texts]).T
    assert np.allclose(served, trained, atol=1e-4)
