"""Where the matches of short queries end: precision and recall of the cut-off.

A query is a word or two of the human captions; a photograph answers it where at least two of its
captions hold all of them. Beside them stand queries that nothing answers. Thresholds are chosen
on every other query, and told on the others.
"""

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.retrieval.material import Material, told_by_people
from benchmarks.retrieval.photographs import text_vectors
from benchmarks.retrieval.values import Bools, values_of
from captioner.vision.text import F32
from chalicelib.attributes.dictionary import STOP_WORDS
from chalicelib.search.query import Weights
from chalicelib.search.text import stems
from chalicelib.search.tuned import Cutoff
from training.dataset import Split

QUERIES = 600
FEWEST, MOST = 5, 400  # photographs that answer a query
UNANSWERED = 150
# Invented: of a word that no caption holds an encoder may have read in texts.
UNHEARD = ("glimworp", "zanfible", "quorvex", "brelsic", "tromulen", "vaskery", "plindor")
SHARES = tuple(round(0.3 + 0.025 * step, 3) for step in range(28))
MARGIN = 0.1  # the floor lies so much above what words reach that were never heard


@dataclass(frozen=True)
class ScoredQueries:
    """Queries on one collection: scores, and which photographs answer (none: no answer)."""

    scores: F32
    answers: Bools

    def told(self, cutoff: Cutoff, half: int) -> dict[str, float]:
        """Return the mean precision, recall and F1 of answered queries, and what others find.

        Kept is what ``min_relevance=auto`` keeps.
        """
        answered = self.answers.any(1)
        rows = np.arange(len(self.answers)) % 2 == half
        least = np.maximum(cutoff.share * self.scores.max(1, keepdims=True), cutoff.floor)
        kept = (self.scores >= least) & (self.scores > 0)
        right = (kept & self.answers).sum(1)
        precision = right / np.maximum(kept.sum(1), 1)
        recall = right / np.maximum(self.answers.sum(1), 1)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        empty = rows & ~answered
        return {
            "precision": _mean(precision[rows & answered]),
            "recall": _mean(recall[rows & answered]),
            "f1": _mean(f1[rows & answered]),
            "shown": _mean(kept.sum(1)[rows & answered]),
            "shown_where_nothing_answers": _mean(kept.sum(1)[empty]),
        }


def chosen(
    material: Material, train: Split, weights: Weights
) -> tuple[dict[str, Cutoff], dict[str, Any]]:
    """Return the cut-offs of words and of text, and the figures of the half they do not know."""
    split = material.split
    texts = [*_asked(split), *_unanswered(split, train), *UNHEARD]
    random.Random(5).shuffle(texts)
    vectors = text_vectors(texts)
    collections = {
        "captioned by the model": (material.captioned, range(5)),
        "captioned by people": (told_by_people(material, 0, 1), (0, 2, 3, 4)),
    }
    unheard = values_of(material.captioned, UNHEARD, text_vectors(UNHEARD)).scores(weights).max()
    floors = {"text": round(max(float(unheard), 0.0) + MARGIN, 2), "words": 0.0}
    queries: dict[str, dict[str, ScoredQueries]] = {"text": {}, "words": {}}
    for name, (documents, captions) in collections.items():
        values, answers = values_of(documents, texts, vectors), _answers(texts, split, captions)
        queries["text"][name] = ScoredQueries(values.scores(weights), answers)
        queries["words"][name] = ScoredQueries(values.parts[0], answers)
    found: dict[str, Cutoff] = {}
    told: dict[str, Any] = {"best score of words never heard": round(float(unheard), 3)}
    for kind, floor in floors.items():
        every = queries[kind].values()
        cuts = [Cutoff(share, floor) for share in SHARES]
        found[kind] = max(cuts, key=lambda cut: sum(one.told(cut, 0)["f1"] for one in every))
        told[kind] = {name: one.told(found[kind], 1) for name, one in queries[kind].items()}
    return found, told


def _mean(values: Any) -> float:
    return round(float(np.mean(values)), 4) if len(values) else 0.0


def _asked(split: Split) -> list[str]:
    heard: dict[frozenset[str], str] = {}
    for captions in split.captions:
        for caption in captions:
            words = [word for word in caption.lower().split() if _tells(word)]
            pairs = map(" ".join, pairwise(words))
            for text in (*words, *pairs):
                heard.setdefault(frozenset(stems(text)), text)
    texts = sorted(heard.values())
    counts = _answers(texts, split, range(5)).sum(1)
    enough = [text for text, count in zip(texts, counts, strict=True) if FEWEST <= count <= MOST]
    return random.Random(1).sample(enough, min(QUERIES, len(enough)))


def _unanswered(split: Split, train: Split) -> list[str]:
    held = {stem for captions in split.captions for text in captions for stem in stems(text)}
    heard = Counter(
        word
        for captions in train.captions
        for text in captions
        for word in dict.fromkeys(text.lower().split())
        if _tells(word)
    )
    return [word for word, count in heard.items() if count >= 3 and not held & set(stems(word))][
        :UNANSWERED
    ]


def _tells(word: str) -> bool:
    return word.isalpha() and len(word) > 2 and word not in STOP_WORDS


def _answers(texts: Sequence[str], split: Split, captions: Collection[int]) -> Bools:
    """Return which photographs answer: two of these captions hold all stems of the text."""
    held = [[set(stems(told[at])) for at in captions] for told in split.captions]
    having: dict[str, set[int]] = {}
    for at, sets in enumerate(held):
        for stem in set().union(*sets):
            having.setdefault(stem, set()).add(at)
    found = np.zeros((len(texts), len(held)), bool)
    for row, text in enumerate(texts):
        wanted = set(stems(text))
        candidates = set.intersection(*(having.get(stem, set()) for stem in wanted))
        for at in candidates:
            found[row, at] = sum(wanted <= one for one in held[at]) >= 2
    return found
