"""Captions in any script are found by their words, on every engine."""

import pytest

from chalicelib.attributes import extract
from chalicelib.search import SearchIndex
from tests.searching import document, found

pytestmark = pytest.mark.fault(44)

CAPTIONS = {
    "russian": ("Коричневая собака бежит по траве", "собака"),
    "greek": ("Ένας σκύλος τρέχει στο γρασίδι", "σκύλος"),
    "hebrew": ("כלב חום רץ על הדשא", "כלב"),
    "arabic": ("كلب بني يركض على العشب", "كلب"),
    "hindi": ("भूरा कुत्ता घास पर दौड़ रहा है", "कुत्ता"),
    "thai": ("สุนัข สีน้ำตาล วิ่ง", "สุนัข"),
    "chinese": ("一只 棕色 的 狗", "棕色"),
    "korean": ("갈색 개가 풀밭을 달린다", "풀밭을"),
    "decomposed": ("Un cafe\u0301 pre\u0300s de la plage", "caf\u00e9"),
    "mixed": ("Кошка runs по beach", "beach"),
}


@pytest.mark.parametrize("script", CAPTIONS)
def test_a_caption_of_any_script_is_found_by_its_word_and_no_other_is(
    index: SearchIndex, script: str
) -> None:
    index.apply([document(name, caption) for name, (caption, _) in CAPTIONS.items()])
    _, word = CAPTIONS[script]
    assert found(index, text=word) == {script}


def test_a_thousand_characters_of_combining_marks_are_a_text_like_any(index: SearchIndex) -> None:
    caption = "a" + "\u0301\u0323" * 499
    index.apply([document("marked", caption), document("plain", "a dog")])
    assert found(index, text="dog") == {"plain"}


@pytest.mark.parametrize(
    "script", ["russian", "greek", "hebrew", "arabic", "hindi", "thai", "chinese", "korean"]
)
def test_no_nonsense_subject_is_read_from_a_language_that_the_rules_do_not_know(
    script: str,
) -> None:
    caption, _ = CAPTIONS[script]
    assert not extract(caption)
