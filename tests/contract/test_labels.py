"""Every engine finds photographs by what the model sees, and says that it did."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.images import Attribute, Caption, Image, Label, Source, State
from chalicelib.search import Clause, Document, Filters, Query, SearchIndex
from chalicelib.search.port import SEARCHED_FROM, document_of
from chalicelib.search.query import AUTO, Mode, Suggestion
from chalicelib.search.tuned import WEIGHTS
from tests.corpora import vector
from tests.searching import found, ids, told

HERE = vector(1)
UNSURE = SEARCHED_FROM / 2


def seen(image_id: str, *words: str, probability: float = 0.9, **more: object) -> Document:
    """Return a photograph without a caption in which the model sees these things."""
    labels = tuple(Label(word, probability) for word in words)
    known: dict[str, Any] = {"source": None, "labels": labels} | more
    return told(image_id, **known)


def test_a_text_finds_a_label_that_no_caption_says(index: SearchIndex) -> None:
    index.apply([seen("seen", "cat", "fire engine"), told("other", "a dog")])
    assert found(index, text="cats") == {"seen"}
    assert found(index, text='"fire engine"') == {"seen"}
    assert found(index, text="dog -cat") == {"other"}
    assert found(index, text="cat", mode=Mode.FUSED, semantic=HERE) == {"seen"}


def test_caption_and_labels_together_hold_the_words(index: SearchIndex) -> None:
    index.apply([seen("both", "cup", text="a cat"), told("one", "a cat")])
    assert found(index, text="cat cup") == {"both"}


def test_a_label_that_is_improbable_is_filtered_by_but_no_text_finds_it(index: SearchIndex) -> None:
    index.apply([seen("unsure", "cat", probability=UNSURE)])
    assert found(index, text="cat") == set()
    assert found(index, filters=Filters(labels=("cat",))) == {"unsure"}


@pytest.mark.parametrize("more", [{}, {"mode": Mode.FUSED, "semantic": HERE}])
def test_a_label_counts_less_than_a_word_of_a_caption(
    index: SearchIndex, more: dict[str, object]
) -> None:
    index.apply([seen("seen", "cat"), told("said", "a cat"), told("other", "a dog")])
    query = Query("ann", text="cat", **more)  # type: ignore[arg-type]
    assert ids(index.search(query))[:2] == ["said", "seen"]


def test_what_labels_gave_is_explained_and_adds_up(index: SearchIndex) -> None:
    index.apply([seen("seen", "cat", text="two dogs", semantic=HERE), told("other", "a dog")])
    words = Query("ann", text="cat dog", explain=True)
    for query in (words, replace(words, mode=Mode.FUSED, semantic=HERE)):
        hit = index.search(query).hits[0]
        parts = {part.part: part for part in hit.explanation or ()}
        assert (set(parts["words"].terms), set(parts["labels"].terms)) == ({"dog"}, {"cat"})
    assert sum(part.share for part in parts.values()) == pytest.approx(hit.score)
    assert 0 < parts["labels"].share < WEIGHTS.labels


def test_labels_are_counted_and_a_photograph_must_have_all_that_are_asked_for(
    index: SearchIndex,
) -> None:
    index.apply([seen("a", "cat", "cup"), seen("b", "cat"), seen("c"), told("d", "a cat")])
    results = index.search(Query("ann", facets=("labels", "subjects")))
    assert results.facets == {"labels": (("cat", 2), ("cup", 1)), "subjects": ()}
    assert found(index, filters=Filters(labels=("cat",))) == {"a", "b"}
    assert found(index, filters=Filters(labels=("cat", "cup"))) == {"a"}


def test_a_label_is_no_subject(index: SearchIndex) -> None:
    cat = (Attribute("cat", ("brown",)),)
    index.apply([seen("seen", "cat"), told("said", "it", attributes=cat), seen("bare", "cup")])
    assert found(index, attributes=Clause("cat")) == {"said"}
    assert found(index, attributes=Clause()) == {"said"}


def test_the_more_probable_a_label_is_the_more_it_counts(index: SearchIndex) -> None:
    shares = (0.3, 0.49, 0.5, 0.74, 0.75, 1.0)
    index.apply([seen(f"{share}", "cat", probability=share, semantic=HERE) for share in shares])
    for more in ({}, {"mode": Mode.FUSED, "semantic": HERE}):
        query = Query("ann", text="cat", explain=True, **more)  # type: ignore[arg-type]
        scores = {
            float(hit.image_id): part.score
            for hit in index.search(query).hits
            for part in hit.explanation or ()
            if part.part == "labels"
        }
        assert scores[0.3] == scores[0.49] < scores[0.5] == scores[0.74] < scores[0.75] == scores[1]


def test_other_labels_take_the_place_of_the_former_ones(index: SearchIndex) -> None:
    index.apply([seen("a", "cat")])
    assert found(index, text="cat") == {"a"}
    index.apply([replace(seen("a", "cup"), rev=2)])
    assert (found(index, text="cat"), found(index, text="cup")) == (set(), {"a"})
    assert found(index, filters=Filters(labels=("cat",))) == set()
    index.apply([replace(seen("a", "cup"), rev=3, deleted=True)])
    assert found(index, filters=Filters(labels=("cup",))) == set()


def test_words_of_labels_are_completed_and_known_when_others_are_mistyped(
    index: SearchIndex,
) -> None:
    index.apply([seen("a", "saxophone")])
    assert index.suggest("ann", "saxo", 5) == (Suggestion("word", "saxophone", 1),)
    assert index.nearest("ann", ["saxophone", "saxaphone"]) == {"saxaphone": "saxophone"}
    assert index.suggest("bob", "saxo", 5) == ()


def test_a_keyword_is_found_by_text_and_filter_and_counted_as_a_label(index: SearchIndex) -> None:
    filed = Image(
        "filed", "ann", "b", "k", State.CAPTIONED, keywords=("Lake Como",),
        keywords_source=Source.FILE,
    )  # fmt: skip
    index.apply([document_of(filed), seen("seen", "lake")])
    assert found(index, text="como lake") == {"filed"}
    assert found(index, filters=Filters(labels=("lake como",))) == {"filed"}
    results = index.search(Query("ann", facets=("labels",)))
    assert results.facets == {"labels": (("lake", 1), ("lake como", 1))}
    bare = replace(filed, rev=2, keywords=(), keywords_source=Source.USER)
    index.apply([document_of(bare)])
    assert found(index, filters=Filters(labels=("lake como",))) == set()


def test_a_keyword_is_found_though_caption_and_meaning_are_of_something_else(
    index: SearchIndex,
) -> None:
    filed = Image(
        "filed", "ann", "b", "k", State.CAPTIONED,
        caption=Caption("two dogs run on the grass", Source.MODEL, "net@1", 0.8),
        semantic=vector(0, 1), keywords=("Rex", "Lake Como"), keywords_source=Source.USER,
    )  # fmt: skip
    index.apply([document_of(filed), told("other", "a cat", semantic=vector(0, 1))])
    query = Query("ann", mode=Mode.FUSED, semantic=vector(1), min_relevance=AUTO)
    for text in ("rex", "lake como"):
        assert [hit.image_id for hit in index.search(replace(query, text=text)).hits] == ["filed"]
    (hit,) = index.search(replace(query, text="dogs rex")).hits
    assert hit.highlight == "two <mark>dogs</mark> run on the grass"


def test_what_stands_in_the_file_is_a_source_of_its_own_and_a_persons(index: SearchIndex) -> None:
    index.apply([told("file", "a cat", source=Source.FILE), told("model", "a cat")])
    assert found(index, filters=Filters(sources=(Source.FILE,))) == {"file"}
    facets = index.search(Query("ann", facets=("source",))).facets
    assert facets == {"source": (("file", 1), ("user", 1))}
