"""How words, attributes, meaning and image become one score, and how that is explained."""

from dataclasses import replace

import pytest

from chalicelib.images import Attribute, Label, Source
from chalicelib.search import Query, SearchIndex
from chalicelib.search.query import AUTO, Contribution, Mode, Weights
from chalicelib.search.ranking import EMPHASIS, EMPHASIS_ON_A_MODEL, idf
from chalicelib.search.tuned import WEIGHTS
from tests.corpora import vector
from tests.searching import Shown, ids, told

HERE, THERE, BETWEEN = vector(1), vector(0, 1), vector(1, 1)
# The most that a text can reach, without attributes.
TEXT = WEIGHTS.words + WEIGHTS.labels + WEIGHTS.name + WEIGHTS.meaning
FUSED = Query("ann", text="dog", mode=Mode.FUSED, semantic=HERE)


def test_words_of_a_person_count_more_than_those_of_a_model(index: SearchIndex) -> None:
    index.apply(
        [
            told("model", "a dog", source=Source.MODEL, semantic=BETWEEN),
            told("person", "a dog", source=Source.USER, semantic=BETWEEN),
            told("neither", "a cat", semantic=BETWEEN),
        ]
    )
    assert ids(index.search(FUSED)) == ["person", "model", "neither"]


def test_of_many_words_one_is_enough_where_meaning_ranks_too(index: SearchIndex) -> None:
    index.apply([told("one", "a dog"), told("none", "a cat")])
    query = replace(FUSED, text="a dog runs over the green grass")
    assert ids(index.search(query)) == ["one"]


def test_a_phrase_and_an_exclusion_still_hold(index: SearchIndex) -> None:
    index.apply(
        [
            told("phrase", "a brown dog", semantic=HERE),
            told("words", "a dog, brown", semantic=HERE),
        ]
    )
    assert ids(index.search(replace(FUSED, text='"brown dog"'))) == ["phrase"]
    assert ids(index.search(replace(FUSED, text='dog -"brown dog"'))) == ["words"]


def test_the_subjects_of_a_text_speak_for_their_kin(index: SearchIndex) -> None:
    index.apply(
        [
            told("dog", "it runs", attributes=(Attribute("dog", ("brown",)),)),
            told("car", "it runs", attributes=(Attribute("car", ("brown",)),)),
        ]
    )
    query = replace(FUSED, text="a brown animal", semantic=HERE, explain=True)
    (hit,) = index.search(query).hits
    assert hit.image_id == "dog"
    assert hit.explanation is not None
    (part,) = hit.explanation
    said = {"an animal", "an animal, brown"}
    assert (part.part, set(part.terms), part.score) == ("attributes", said, 1.0)


def test_of_a_subject_and_its_traits_each_speaks_that_holds(index: SearchIndex) -> None:
    index.apply(
        [
            told("all", "it", attributes=(Attribute("dog", ("brown",), ("run",)),)),
            told("part", "it", attributes=(Attribute("dog", ("brown",)), Attribute("cat"))),
            told("apart", "it", attributes=(Attribute("dog"), Attribute("cat", ("brown",)))),
        ]
    )
    query = replace(FUSED, text="a brown dog runs", explain=True)
    hits = index.search(query).hits
    assert [hit.image_id for hit in hits] == ["all", "part", "apart"]
    terms = {hit.image_id: set(part.terms) for hit in hits for part in hit.explanation or ()}
    assert terms == {
        "all": {"a dog", "a dog, brown", "a dog, running", "a dog, brown, running"},
        "part": {"a dog", "a dog, brown"},
        "apart": {"a dog"},
    }


def test_what_is_understood_ranks_and_excludes_nothing(index: SearchIndex) -> None:
    red = (Attribute("boy", ("red",)),)
    index.apply(
        [
            told("said", "a boy in a red shirt", attributes=red, semantic=BETWEEN),
            told("seen", "a toddler plays", semantic=HERE),
        ]
    )
    query = replace(FUSED, text="boy in a red shirt")
    assert ids(index.search(query)) == ["said", "seen"]


def test_attributes_of_a_model_are_trusted_less(index: SearchIndex) -> None:
    dog = (Attribute("dog", ("brown",)),)
    index.apply(
        [
            told("model", "it", source=Source.MODEL, attributes=dog),
            told("person", "it", source=Source.USER, attributes=dog),
        ]
    )
    first, second = index.search(replace(FUSED, text="a brown animal")).hits
    assert (first.image_id, second.image_id) == ("person", "model")
    assert first.score == pytest.approx(WEIGHTS.attributes / (TEXT + WEIGHTS.attributes))
    assert second.score == pytest.approx(WEIGHTS.trust * first.score)


def test_a_phrase_speaks_where_no_other_word_is_held(index: SearchIndex) -> None:
    index.apply(
        [
            told("phrase", "a brown dog", semantic=THERE),
            told("all", "a brown dog and a cat", semantic=HERE),
        ]
    )
    query = replace(FUSED, text='cat "brown dog"', explain=True)
    second = index.search(query).hits[1]
    assert second.image_id == "phrase"
    assert [part.part for part in second.explanation or ()] == ["words", "meaning"]


def test_half_of_the_words_is_worth_less_than_half_of_all(index: SearchIndex) -> None:
    people = [told("both", "dog and cat"), told("one", "dog")]
    model = [
        replace(one, image_id=f"model's {one.image_id}", source=Source.MODEL) for one in people
    ]
    index.apply([*people, *model, told("cat", "cat"), told("another", "cat")])
    scores = {hit.image_id: hit.score for hit in index.search(replace(FUSED, text="dog cat")).hits}
    whole = WEIGHTS.words / (TEXT + WEIGHTS.attributes)
    assert scores["both"] == pytest.approx(whole)
    assert scores["one"] == pytest.approx(whole * 0.5**EMPHASIS)
    trusted = whole * WEIGHTS.trust
    assert scores["model's both"] == pytest.approx(trusted)
    assert scores["model's one"] == pytest.approx(trusted * 0.5**EMPHASIS_ON_A_MODEL)


def test_a_part_that_weighs_nothing_leaves_the_order_to_the_others(index: SearchIndex) -> None:
    index.apply(
        [
            told("words", "a dog", semantic=THERE),
            told("meaning", "a cat", semantic=HERE),
        ]
    )
    only_words = Weights(
        words=1, meaning=0, attributes=0, image=0, trust=1, labels=0, name=0, likely=0
    )
    assert ids(index.search(replace(FUSED, weights=only_words)))[0] == "words"
    only_meaning = replace(only_words, words=0, meaning=1)
    assert ids(index.search(replace(FUSED, weights=only_meaning)))[0] == "meaning"


# Why ------------------------------------------------------------------------------------------


def test_where_no_vector_can_be_compared_the_words_decide_what_is_relevant(
    index: SearchIndex,
) -> None:
    """What the model sees is worth less than the least score that is asked where meaning ranks."""
    seen = (Label("cat", 0.9),)
    index.apply([told("seen", labels=seen), told("other", labels=(Label("cup", 0.9),))])
    cat = replace(FUSED, text="cat", min_relevance=AUTO)
    assert ids(index.search(cat)) == ["seen"]
    index.apply([told("near", semantic=HERE)])
    assert ids(index.search(cat)) == ["near"]


def test_words_that_the_picture_shows_count_beside_meaning(index: SearchIndex) -> None:
    index.apply(
        [
            told("shown", semantic=BETWEEN, visual=HERE, space="m@1"),
            told("not shown", semantic=BETWEEN, visual=THERE, space="m@1"),
            told("no picture", semantic=BETWEEN, space="m@1"),
            told("another model's", visual=HERE, text="a dog", space="m@0"),
        ]
    )
    query = replace(FUSED, likely=Shown(), space="m@1", explain=True)
    hits = {hit.image_id: hit for hit in index.search(query).hits}
    assert max(hits, key=lambda name: hits[name].score) == "shown"
    assert hits["not shown"].score == pytest.approx(hits["no picture"].score)
    parts = {
        name: {part.part: part for part in hit.explanation or ()} for name, hit in hits.items()
    }
    assert parts["shown"]["likely"].terms == {"dog": pytest.approx(1, abs=0.02)}
    assert parts["not shown"]["likely"].terms == {}
    assert not {"no picture", "another model's"} & {
        name for name, told in parts.items() if "likely" in told
    }
    assert sum(part.share for part in parts["shown"].values()) == pytest.approx(hits["shown"].score)


def test_meaning_alone_is_not_asked_for_words(index: SearchIndex) -> None:
    index.apply([told("shown", semantic=BETWEEN, visual=HERE)])
    query = replace(FUSED, likely=Shown(), mode=Mode.MEANING)
    (hit,) = index.search(query).hits
    assert hit.score == pytest.approx(0.707, abs=0.01)
    assert ids(index.search(replace(query, mode=Mode.FUSED, weights=replace(WEIGHTS, likely=0))))


def test_shares_add_up_to_the_score(index: SearchIndex) -> None:
    index.apply(
        [
            told("a", "a brown dog", attributes=(Attribute("dog", ("brown",)),)),
            told("b", "a dog", source=Source.MODEL, semantic=BETWEEN, visual=BETWEEN),
            told("c", "a cat", semantic=HERE, visual=THERE),
        ]
    )
    query = replace(FUSED, text="a brown dog", visual=HERE, explain=True)
    for hit in index.search(query).hits:
        assert hit.explanation is not None
        assert sum(part.share for part in hit.explanation) == pytest.approx(hit.score)


def explained(index: SearchIndex, query: Query) -> dict[str, Contribution]:
    first = index.search(replace(query, explain=True)).hits[0]
    assert first.explanation is not None
    return {part.part: part for part in first.explanation}


def test_words_are_explained_by_their_rarity(index: SearchIndex) -> None:
    index.apply([told("a", "a brown dog"), *(told(f"{n}", "a dog") for n in range(9))])
    parts = explained(index, replace(FUSED, text="brown dog"))
    words = parts["words"]
    assert words.terms["brown"] > words.terms["dog"] > 0
    assert words.score == pytest.approx(sum(words.terms.values()))
    assert words.rank == 1


def test_what_was_removed_or_replaced_makes_no_word_commoner(index: SearchIndex) -> None:
    index.apply([told(f"{n}", "a dog") for n in range(9)])
    index.apply([replace(told(f"{n}", "a cat"), rev=2) for n in range(4)])
    index.apply([replace(told(f"{n}"), rev=2, deleted=True) for n in range(4, 8)])
    index.apply([told("other", "a fox and a dog")])
    words = explained(index, Query("ann", text="dog fox"))["words"]
    common, rare = idf(count=6, frequency=2), idf(count=6, frequency=1)
    assert words.terms["dog"] == pytest.approx(common / (common + rare))


def test_how_common_a_word_is_among_others_photographs_changes_nothing(index: SearchIndex) -> None:
    index.apply([told("a", "a brown dog"), told("b", "a cat"), told("c", "a cat")])
    query = Query("ann", text="dog", explain=True, limit=1)
    before = index.search(query)
    index.apply([told(f"theirs {n}", "a dog", owner="bob") for n in range(9)])
    assert index.search(query) == before


def test_meaning_and_image_are_explained_by_cosine_and_rank(index: SearchIndex) -> None:
    index.apply(
        [
            told("a", "a dog", semantic=BETWEEN, visual=HERE),
            told("b", semantic=HERE, visual=THERE),
        ]
    )
    parts = explained(index, replace(FUSED, visual=HERE))
    assert parts["meaning"].score == pytest.approx(0.7071, abs=0.01)
    assert (parts["meaning"].rank, parts["image"].rank) == (2, 1)
    assert parts["image"].score == pytest.approx(1, abs=0.02)


def test_nothing_is_explained_unless_asked(index: SearchIndex) -> None:
    index.apply([told("a", "a dog")])
    assert index.search(Query("ann", text="dog")).hits[0].explanation is None
