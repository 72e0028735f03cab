"""BLEU agrees with an independent implementation, which takes seconds to import."""

import pytest

pytest.importorskip("pycocoevalcap", reason="scoring needs pycocoevalcap (training extra)")

from training.scores import caption_scores

CANDIDATES = ["a dog runs in the grass", "two men play football", "a girl in a red dress"]
REFERENCES = [
    ["a brown dog runs in the green grass", "a dog is running in grass", "the dog runs"],
    ["two men are playing football", "men play football on a field", "a football match"],
    ["a girl in a red dress stands", "the girl wears a red dress", "girl in red"],
]


def test_corpus_bleu_agrees_with_nltk() -> None:
    bleu = pytest.importorskip("nltk.translate.bleu_score")
    references = [[text.split() for text in texts] for texts in REFERENCES]
    candidates = [text.split() for text in CANDIDATES]
    scores = caption_scores(CANDIDATES, REFERENCES)
    for n in range(1, 5):
        theirs = bleu.corpus_bleu(references, candidates, weights=[1 / n] * n)
        assert scores[f"bleu{n}"] == pytest.approx(100 * theirs, abs=0.01)
