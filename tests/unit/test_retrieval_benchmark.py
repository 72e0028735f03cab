"""The retrieval benchmark counts what it says it counts, by the engine's own formulas."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.retrieval.choosing import ranks
from benchmarks.retrieval.cutoffs import ScoredQueries
from benchmarks.retrieval.material import Asked
from benchmarks.retrieval.photographs import OWNER, Kept, likely_words
from benchmarks.retrieval.recall import NEVER, WAYS, filled, told
from benchmarks.retrieval.recall import ranks as asked_ranks
from benchmarks.retrieval.values import values_of
from chalicelib.attributes import extract
from chalicelib.images import Source
from chalicelib.search import Document, Query
from chalicelib.search.query import Mode
from chalicelib.search.tuned import WEIGHTS, Cutoff
from tests.corpora import VECTORS

CAPTIONS = (
    "a brown dog runs in the snow",
    "two children in red shirts play on the beach",
    "a dog",
    "a man rides a bicycle",
)


def documents() -> list[Document]:
    return [
        Document(
            image_id=f"id-{at}",
            rev=1,
            owner=OWNER,
            text=text,
            source=Source.USER if at % 2 else Source.MODEL,
            attributes=tuple(extract(text)),
            semantic=VECTORS[at],
            visual=VECTORS[at],
        )
        for at, text in enumerate(CAPTIONS)
    ]


@pytest.mark.parametrize("text", ["brown dog running", "a child in a red shirt", "an animal"])
def test_weights_are_chosen_by_the_scores_that_the_engine_gives(text: str) -> None:
    (expected,) = values_of(documents(), [text], [VECTORS[5]]).scores(WEIGHTS)
    query = Query(OWNER, text=text, mode=Mode.FUSED, semantic=VECTORS[5], likely=likely_words(text))
    hits = filled(documents()).search(query).hits
    parts = ("words", "labels", "name", "meaning", "attributes", "likely")
    given = sum(getattr(WEIGHTS, part) for part in parts)
    found = {hit.image_id: hit.score * given for hit in hits}
    assert len(found) == len(CAPTIONS)
    scores = [found[document.image_id] for document in documents()]
    assert scores == pytest.approx(list(expected), abs=0.015)  # cosines of signed bytes


def test_a_photograph_that_its_query_does_not_find_is_never_found() -> None:
    asked = Asked(["dog", "dog"], [VECTORS[0]] * 2, [2, 3])
    found = asked_ranks(filled(documents()), documents(), asked, WAYS["words"])
    assert found == [1, NEVER]


def test_recall_is_told_in_per_cent_and_a_median_out_of_sight_is_none() -> None:
    assert told([1, 3, 8, 30]) == {
        "R@1": 25.0,
        "R@5": 50.0,
        "R@10": 75.0,
        "median_rank": 5.5,
        "queries": 4,
    }
    assert told([NEVER, NEVER, 1])["median_rank"] is None


def test_equal_scores_share_their_mean_rank() -> None:
    scores = np.array([[0.5, 0.5, 0.9], [0.1, 0.2, 0.3]], np.float32)
    assert list(ranks(scores, np.array([0, 2]))) == [2.5, 1.0]


def test_a_cut_is_judged_by_what_it_keeps_of_the_answers() -> None:
    scores = np.array([[1.0, 0.8, 0.3], [9, 9, 9], [0.2, 0.1, 0.1]], np.float32)
    answers = np.array([[True, False, True], [True] * 3, [False] * 3])
    half_a = ScoredQueries(scores, answers).told(Cutoff(0.5, 0.25), 0)
    assert (half_a["precision"], half_a["recall"]) == (0.5, 0.5)
    assert half_a["shown_where_nothing_answers"] == 0


def test_what_was_cut_off_while_it_was_written_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "cache.jsonl"

    def failing() -> Callable[[], str]:
        raise AssertionError("made twice")

    Kept(file).get("a", lambda: "made")
    Kept(file).get("b", lambda: "made")
    file.write_text(file.read_text()[:-3])
    kept = Kept(file)
    assert kept.get("a", failing) == "made"
    assert kept.get("b", lambda: "again") == "again"
    assert Kept(file).get("b", failing) == "again"
