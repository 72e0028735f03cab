"""Scores of captions and of retrieval, by the published protocols."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge

from captioner.vision.text import words_of
from training.arrays import F32, F64


def scored_tokens(caption: str) -> str:
    """Give a caption as scorers count it: cleaned, the possessive split off as PTB does."""
    return " ".join(words_of(caption)).replace("'s", " 's")


def caption_scores(
    candidates: Sequence[str], references: Sequence[Sequence[str]], *, meteor: bool = False
) -> dict[str, float]:
    """Corpus scores in per cent of one caption a photograph against what people wrote of each.

    Gives ``bleu1`` .. ``bleu4`` (corpus, closest reference length, no smoothing), ``rouge_l``,
    ``cider``, and ``meteor`` where asked for and Java is there.
    """
    wanted, given = _as_scored(candidates, references)
    bleu, _ = Bleu(4).compute_score(wanted, given, verbose=0)
    scores = {f"bleu{n}": _percent(value) for n, value in enumerate(bleu, 1)}
    for name, scorer in (("rouge_l", Rouge()), ("cider", Cider())):
        scores[name] = _percent(scorer.compute_score(wanted, given)[0])
    if meteor and shutil.which("java"):
        scores["meteor"] = _percent(_meteor(wanted, given))
    return scores


def cider(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """CIDEr alone, in per cent, as epochs are chosen by."""
    return _percent(Cider().compute_score(*_as_scored(candidates, references))[0])


def cider_each(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> F64:
    """CIDEr of each caption in per cent, their mean being that of `cider`: float64 (n,)."""
    _, each = Cider().compute_score(*_as_scored(candidates, references))
    return np.asarray(100 * each, np.float64)


def _as_scored(
    candidates: Sequence[str], references: Sequence[Sequence[str]]
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    wanted = {i: [scored_tokens(text) for text in texts] for i, texts in enumerate(references)}
    return wanted, {i: [scored_tokens(text)] for i, text in enumerate(candidates)}


def _meteor(wanted: dict[int, list[str]], given: dict[int, list[str]]) -> float:
    scorer = Meteor()
    try:
        return float(scorer.compute_score(wanted, given)[0])
    finally:
        process = scorer.meteor_p
        process.kill()
        process.communicate()


def _percent(value: float) -> float:
    return round(100 * float(value), 2)


def retrieval(queries: F32, targets: F32, right: Sequence[Sequence[int]]) -> dict[str, float]:
    """Recall at 1, 5 and 10 in per cent, and the median rank, of unit vectors (q, d), (t, d).

    ``right`` has the targets of each query, of which the best rank counts.
    """
    similarity = queries @ targets.T
    ranks = []
    for row, wanted in zip(similarity, right, strict=True):
        ranks.append(1 + int((row > row[list(wanted)].max()).sum()))
    recalls = {f"r{k}": _percent(float(np.mean(np.array(ranks) <= k))) for k in (1, 5, 10)}
    return recalls | {"median_rank": float(np.median(ranks))}


NEAREST = 10
LONGEST_GRAM = 4


def likeness(captions: Sequence[Sequence[str]]) -> F32:
    """CIDEr likeness of each photograph's captions to each other's, in per cent: float32 (n, n).

    Symmetric; CIDEr as first published (Vedantam 2015, equations 2 to 4: the mean cosine over all
    pairs of captions and over n-grams of 1 to 4 words), with its factor of 10, the inverse document
    frequency over the photographs given.
    """
    total = np.zeros((len(captions), len(captions)))
    for length in range(1, LONGEST_GRAM + 1):
        for rows, weights in _postings(captions, length):
            total[np.ix_(rows, rows)] += np.outer(weights, weights)
    return np.asarray(1000 * total / LONGEST_GRAM, np.float32)


def _postings(captions: Sequence[Sequence[str]], length: int) -> Iterator[tuple[list[int], F32]]:
    """Of each n-gram, the photographs it is said of, and its share of their mean vectors."""
    counted = [[_grams(text, length) for text in group] for group in captions]
    seen_in = Counter(gram for group in counted for gram in set().union(*group))
    idf = {gram: np.log(len(captions) / count) for gram, count in seen_in.items()}
    found: defaultdict[str, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    for row, group in enumerate(counted):
        for grams in group:
            norm = np.sqrt(sum((count * idf[gram]) ** 2 for gram, count in grams.items()))
            for gram, count in grams.items():
                found[gram][row] += count * idf[gram] / max(norm, 1e-9) / len(group)
    for weights in found.values():
        yield list(weights), np.array(list(weights.values()), np.float32)


def _grams(text: str, length: int) -> Counter[str]:
    words = scored_tokens(text).split()
    return Counter(" ".join(words[at : at + length]) for at in range(len(words) - length + 1))


def neighbour_figures(alike: F32, visual: F32, raw: F32) -> dict[str, float]:
    """Mean likeness, ``alike`` (n, n), of photographs to their ten nearest in each space.

    ``neighbours_visual`` by the product of unit vectors (n, d), as the product's search does;
    ``neighbours_raw`` by the distance of raw features (n, c), as fc2 features were compared;
    ``neighbours_random``, over every other photograph; ``neighbours_best``, over the most alike.
    """
    closeness = {"visual": visual @ visual.T, "raw": -_distances(raw), "best": alike}
    count = len(alike)
    others = alike.sum() - np.trace(alike)
    random = float(others / max(count * (count - 1), 1))
    means = {name: _mean_of_nearest(alike, near) for name, near in closeness.items()}
    return {f"neighbours_{k}": round(v, 2) for k, v in (means | {"random": random}).items()}


def _distances(vectors: F32) -> F32:
    squares = (vectors**2).sum(1)
    return np.asarray(squares[:, None] + squares[None] - 2 * vectors @ vectors.T, np.float32)


def _mean_of_nearest(alike: F32, closeness: F32) -> float:
    near = closeness.copy()
    np.fill_diagonal(near, -np.inf)
    order = np.argsort(-near, axis=1, kind="stable")[:, : min(NEAREST, len(alike) - 1)]
    return float(np.take_along_axis(alike, order, 1).mean()) if order.size else 0.0
