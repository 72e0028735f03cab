"""Every engine finds all forms of a word, words of scripts without blanks, and file names."""

from dataclasses import replace

import pytest

from chalicelib.attributes import extract
from chalicelib.images import Attribute, Image, Label, State
from chalicelib.search import Clause, Query, SearchIndex
from chalicelib.search.port import document_of
from chalicelib.search.query import Mode, Unmet
from tests.corpora import vector
from tests.searching import found, ids, told

HERE = vector(1)


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("men", "a man"),
        ("man", "two men"),
        ("children", "a child"),
        ("people", "a person"),
        ("person", "people"),
        ("geese", "a goose"),
        ("riding", "he rode"),
        ("sat", "sitting"),
        ("leaves", "a leaf"),
        ("colour", "color"),
        ("grey", "gray"),
        ("tyre", "tires"),
        ("Cafe", "a café"),
        ("ÉTÉ", "été"),
        ("café", "cafe\u0301"),
    ],
)
def test_all_forms_of_a_word_are_one(index: SearchIndex, asked: str, held: str) -> None:
    index.apply([told("held", held), told("other", "a boat")])
    assert found(index, text=asked) == {"held"}


@pytest.mark.parametrize(("asked", "held"), [("rose", "it rises"), ("dove", "he dives")])
def test_words_that_only_look_like_forms_are_apart(
    index: SearchIndex, asked: str, held: str
) -> None:
    index.apply([told("held", held)])
    assert found(index, text=asked) == set()


@pytest.mark.parametrize(
    ("caption", "word", "other"),
    [
        ("公園を走る黒い犬", "犬", "猫"),
        ("公園を走る黒い犬", "公園", "園公"),
        ("一只狗在雪地里奔跑", "雪地", "地雪"),
        ("공원에서 개가 뛰고 있다", "공원", "원공"),
        ("공원에서 개가 뛰고 있다", "개", "고양이"),
        ("สุนัขวิ่งบนชายหาด", "ชายหาด", "แมว"),
        ("ネコが寝ている", "ﾈｺ", "イヌ"),
    ],
)
def test_a_word_is_found_in_a_script_without_blanks(
    index: SearchIndex, caption: str, word: str, other: str
) -> None:
    index.apply([told("held", caption), told("english", "a dog")])
    assert found(index, text=word) == {"held"}
    assert found(index, text=f'"{word}"') == {"held"}
    assert found(index, text=other) == set()
    assert extract(caption) == ()


@pytest.mark.parametrize("text", ["dog,cat", "dog/cat", "dog;cat", "cat、dog", "dog & cat"])
def test_what_stands_between_words_parts_them(index: SearchIndex, text: str) -> None:
    index.apply([told("both", "a cat beside a dog"), told("one", "a dog")])
    assert found(index, text=text) == {"both"}


def test_what_stands_within_a_word_does_not_part_it(index: SearchIndex) -> None:
    index.apply([told("one", "a t-shirt"), told("apart", "a shirt and a t")])
    assert found(index, text="t-shirt") == {"one"}


def image(image_id: str, name: str) -> Image:
    return Image(image_id, "ann", "b", f"uploads/ann/{name}", State.NEEDS_REVIEW)


def test_a_photograph_is_found_by_its_files_name_after_captions(
    index: SearchIndex,
) -> None:
    index.apply(
        [
            document_of(image("named", "astronaut_2.jpg")),
            document_of(image("number", "3435015880_ab12.png")),
            told("said", "an astronaut waves", semantic=None),
            told("seen", source=None, labels=(Label("astronaut", 0.9),), semantic=None),
        ]
    )
    for more in ({}, {"mode": Mode.FUSED, "semantic": HERE}):
        query = Query("ann", text="astronaut", **more)  # type: ignore[arg-type]
        assert ids(index.search(query)) == ["said", "named", "seen"]
    assert found(index, text="3435015880") == {"number"}
    assert found(index, text='"astronaut 2"') == {"named"}
    assert found(index, text="jpg") == set()


def test_an_empty_answer_says_what_nobody_has(index: SearchIndex) -> None:
    dog = (Attribute("dog", ("brown",), ("run",)),)
    index.apply(
        [
            told("dog", "a brown dog runs", attributes=dog),
            told("car", "a red car", attributes=(Attribute("car", ("red",)),)),
            told("theirs", "a blonde girl", owner="bob", attributes=(Attribute("girl"),)),
        ]
    )

    def unmet(**asked: object) -> tuple[Unmet, ...]:
        return index.search(Query("ann", **asked)).unmet  # type: ignore[arg-type]

    assert unmet(text='"dog brown"') == (Unmet("phrase", "dog brown"),)
    assert unmet(attributes=Clause("dog", ("blonde",))) == (
        Unmet("colour", "blonde", ("brown", "red")),
    )
    assert unmet(attributes=Clause("girl")) == (Unmet("subject", "girl", ("car", "dog")),)
    assert unmet(attributes=Clause("dog", ("red",))) == (Unmet("clause", "a dog, red"),)
    assert unmet(text="dog") == () == unmet(text="zebra")


def test_scores_are_one_at_most(index: SearchIndex) -> None:
    index.apply([told("a", "a dog", labels=(Label("dog", 0.9),), name="dog", semantic=HERE)])
    words = Query("ann", text="dog")
    fused = replace(words, mode=Mode.FUSED, semantic=HERE, visual=HERE)
    for query in (words, fused, Query("ann"), Query("ann", visual=HERE)):
        assert all(0 <= hit.score <= 1 for hit in index.search(query).hits)
