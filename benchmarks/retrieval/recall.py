"""Recall through the search port, as a person at the search box has it."""

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.retrieval.material import CAPTIONS, Asked, Material, told_by_people
from benchmarks.retrieval.photographs import OWNER, likely_words, progress
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import Document
from chalicelib.search.query import MAX_LIMIT, Mode, Query, Weights

NEVER = 10**9  # the rank of what is not among the first `MAX_LIMIT`
WORDS_ALONE = Weights(
    words=1, meaning=0, attributes=0, image=0, trust=1, labels=0, name=0, likely=0
)
BLEU_QUERIES = 200  # sentence BLEU against every caption takes long

Way = Mapping[str, Any]
"""Fields of `Query`."""

WAYS: Mapping[str, Way] = {
    "words": {"mode": Mode.WORDS},
    "words, any of them": {"mode": Mode.FUSED, "weights": WORDS_ALONE},
    "meaning": {"mode": Mode.MEANING},
    "fused": {"mode": Mode.FUSED},
    "fused, min_relevance auto": {"mode": Mode.FUSED, "min_relevance": "auto"},
}


def filled(documents: Sequence[Document]) -> EmbeddedIndex:
    """Return an embedded index of the documents."""
    index = EmbeddedIndex()
    refused = index.apply(documents)
    assert not refused, refused
    return index


def ranks(index: EmbeddedIndex, documents: Sequence[Document], asked: Asked, way: Way) -> list[int]:
    """Return the rank of each query's own photograph."""
    found = []
    for text, vector, own in zip(asked.texts, asked.vectors, asked.own, strict=True):
        query = Query(
            OWNER,
            text=text,
            semantic=vector,
            likely=likely_words(text),
            limit=MAX_LIMIT,
            **way,
        )
        if query.mode is Mode.WORDS:
            query = replace(query, semantic=None)
        hits = [hit.image_id for hit in index.search(query).hits]
        image_id = documents[own].image_id
        found.append(hits.index(image_id) + 1 if image_id in hits else NEVER)
    return found


def told(found: Sequence[float]) -> dict[str, float | None]:
    """Return recall in per cent and the median rank, None where that is beyond `MAX_LIMIT`."""
    median = statistics.median(found)
    shares = {f"R@{k}": 100 * sum(rank <= k for rank in found) / len(found) for k in (1, 5, 10)}
    return {
        **{name: round(share, 2) for name, share in shares.items()},
        "median_rank": median if median <= MAX_LIMIT else None,
        "queries": len(found),
    }


def measured(material: Material) -> dict[str, dict[str, float | None]]:
    """Return the recall of each way to ask, on what the pipeline stored."""
    index = filled(material.captioned)
    return {
        name: told(ranks(index, material.captioned, material.asked, way))
        for name, way in progress(list(WAYS.items()), "ways asked", every=1)
    }


def upper_bound(material: Material) -> dict[str, dict[str, float | None]]:
    """Return the recall where the index holds the other four human captions of each photograph."""
    found: dict[str, list[int]] = {"words, any of them": [], "fused": []}
    for skipped in range(CAPTIONS):
        documents = told_by_people(material, skipped, CAPTIONS - 1)
        index, asked = filled(documents), material.asked.caption(skipped)
        for name, places in found.items():
            places.extend(ranks(index, documents, asked, WAYS[name]))
    return {name: told(places) for name, places in found.items()}


def bleu_way(material: Material) -> dict[str, float | None]:
    """Return the recall of the prototype's ranking on the same captions, of queries drawn."""
    # It takes SciPy with it: seconds that the other rankings need not wait for.
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu  # noqa: PLC0415

    smooth = SmoothingFunction().method1
    captions = [document.text.split() for document in material.captioned]
    asked = material.asked
    drawn = random.Random(7).sample(range(len(asked.texts)), min(BLEU_QUERIES, len(asked.texts)))
    found = []
    for at in progress(drawn, "queries ranked by BLEU", every=100):
        query = asked.texts[at].lower().split()
        scores = [sentence_bleu([one], query, smoothing_function=smooth) for one in captions]
        own = scores[asked.own[at]]
        better = sum(score > own for score in scores)
        ties = sum(score == own for score in scores) - 1
        found.append(1 + better + ties // 2)
    return told(found)
