"""The reward that the decoder trains on is the score that it is judged by."""

import pytest

from training.reward import CiderReward
from training.scores import cider

CAPTIONS = [
    ["a brown dog runs in the green grass", "a dog is running in grass"],
    ["two men are playing football", "men play football on a field"],
    ["a girl in a red dress stands on a field", "the girl wears a red dress"],
]
CANDIDATES = ["a dog runs in the grass", "two dogs play football on a field", "a red red dress"]
WORDS = sorted(
    {w for text in (*CANDIDATES, *CAPTIONS[0], *CAPTIONS[1], *CAPTIONS[2]) for w in text.split()}
)
NUMBERS = {word: number for number, word in enumerate(WORDS)}


def numbers(text: str) -> list[int]:
    return [NUMBERS[word] for word in text.split()]


def test_it_is_pycocoevalcaps_cider() -> None:
    pytest.importorskip("pycocoevalcap", reason="compares with pycocoevalcap")
    reward = CiderReward([[numbers(text) for text in group] for group in CAPTIONS])
    ours = [reward.score(i, numbers(text)) for i, text in enumerate(CANDIDATES)]
    assert 100 * sum(ours) / 3 == pytest.approx(cider(CANDIDATES, CAPTIONS), abs=0.01)


def test_a_caption_of_another_photograph_earns_less() -> None:
    reward = CiderReward([[numbers(text) for text in group] for group in CAPTIONS])
    caption = numbers(CANDIDATES[0])
    assert reward.score(0, caption) > 2 * reward.score(1, caption)


def test_nothing_said_earns_nothing() -> None:
    reward = CiderReward([[numbers(text) for text in group] for group in CAPTIONS])
    assert reward.score(0, []) == 0
