"""Scores of captions and of retrieval, by the published protocols."""

import shutil
from collections.abc import Sequence

import numpy as np

from captioner.vision.tokenizer import words_of
from training.arrays import F32, F64, Tensor
from training.errors import TrainingError


def scored_tokens(caption: str) -> str:
    """Give a caption as scorers count it: cleaned, the possessive split off as PTB does."""
    return " ".join(words_of(caption)).replace("'s", " 's")


def caption_scores(
    candidates: Sequence[str], references: Sequence[Sequence[str]], *, meteor: bool = False
) -> dict[str, float]:
    """Corpus scores in per cent.

    Parameters
    ----------
    candidates : sequence of str
        One caption a photograph.
    references : sequence of sequences of str
        What people wrote of each.
    meteor : bool
        Score METEOR too, where there is Java to run it.

    Returns
    -------
    dict
        ``bleu1`` .. ``bleu4`` (corpus, closest reference length, no smoothing),
        ``rouge_l``, ``cider``, and ``meteor`` where asked for and Java is there.

    Raises
    ------
    TrainingError
        Where pycocoevalcap is not installed.
    """
    wanted, given = _as_scored(candidates, references)
    bleu, _ = _scorer("bleu", "Bleu", 4).compute_score(wanted, given, verbose=0)
    scores = {f"bleu{n}": _percent(value) for n, value in enumerate(bleu, 1)}
    for name, module, scorer in (("rouge_l", "rouge", "Rouge"), ("cider", "cider", "Cider")):
        scores[name] = _percent(_scorer(module, scorer).compute_score(wanted, given)[0])
    if meteor and shutil.which("java"):
        scores["meteor"] = _percent(_meteor(wanted, given))
    return scores


def cider(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """CIDEr alone, in per cent, as epochs are chosen by."""
    return _percent(_scorer("cider", "Cider").compute_score(*_as_scored(candidates, references))[0])


def cider_each(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> F64:
    """CIDEr of each caption in per cent, their mean being that of `cider`: float64 (n,)."""
    _, each = _scorer("cider", "Cider").compute_score(*_as_scored(candidates, references))
    return np.asarray(100 * each, np.float64)


def _as_scored(
    candidates: Sequence[str], references: Sequence[Sequence[str]]
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    wanted = {i: [scored_tokens(text) for text in texts] for i, texts in enumerate(references)}
    return wanted, {i: [scored_tokens(text)] for i, text in enumerate(candidates)}


def _scorer(module: str, name: str, *arguments: Tensor) -> Tensor:
    try:
        loaded = __import__(f"pycocoevalcap.{module}.{module}", fromlist=[name])
    except ImportError as error:
        raise TrainingError(
            f"scoring needs pycocoevalcap: pip install pycocoevalcap ({error})"
        ) from error
    return getattr(loaded, name)(*arguments)


def _meteor(wanted: dict[int, list[str]], given: dict[int, list[str]]) -> float:
    scorer = _scorer("meteor", "Meteor")
    try:
        return float(scorer.compute_score(wanted, given)[0])
    finally:
        process = scorer.meteor_p
        process.kill()
        process.communicate()


def _percent(value: float) -> float:
    return round(100 * float(value), 2)


def retrieval(queries: F32, targets: F32, right: Sequence[Sequence[int]]) -> dict[str, float]:
    """Recall at 1, 5 and 10 in per cent, and the median rank.

    Parameters
    ----------
    queries, targets : float32 (q, d), (t, d)
        Unit vectors.
    right : sequence of sequences of int
        The right targets of each query; the best rank counts.
    """
    similarity = queries @ targets.T
    ranks = []
    for row, wanted in zip(similarity, right, strict=True):
        ranks.append(1 + int((row > row[list(wanted)].max()).sum()))
    recalls = {f"r{k}": _percent(float(np.mean(np.array(ranks) <= k))) for k in (1, 5, 10)}
    return recalls | {"median_rank": float(np.median(ranks))}
