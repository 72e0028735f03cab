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


# In letters that English has, too.
LATIN = {
    "german": ("Ein brauner Hund läuft über die Wiese", "hund"),
    "german without accents": ("Die Frau in dem roten Kleid sitzt im Park", "kleid"),
    "french": ("Un chien brun court dans l'herbe", "chien"),
    "spanish": ("Un perro marrón corre por la hierba", "perro"),
    "portuguese": ("Um cachorro marrom corre na grama", "cachorro"),
    "italian": ("Un cane marrone corre sull'erba", "cane"),
    "dutch": ("Een bruine hond rent over het gras", "hond"),
    "swedish": ("En brun hund springer i gräset", "gräset"),
    "danish": ("To drenge leger med en bold på stranden", "bold"),
    "polish": ("Dwa psy bawią się na plaży", "plaży"),
    "czech": ("Muž se psem stojí na pláži", "pláži"),
    "turkish": ("Bir köpek çimlerde koşuyor", "köpek"),
    "vietnamese": ("Con chó nâu chạy trên cỏ", "chó"),
    "indonesian": ("Seorang anak bermain dengan bola", "bola"),
}


@pytest.mark.parametrize("script", CAPTIONS)
def test_a_caption_of_any_script_is_found_by_its_word_and_no_other_is(
    index: SearchIndex, script: str
) -> None:
    index.apply([document(name, caption) for name, (caption, _) in CAPTIONS.items()])
    _, word = CAPTIONS[script]
    assert found(index, text=word) == {script}


@pytest.mark.parametrize("language", LATIN)
def test_a_caption_of_another_language_is_found_by_its_word(
    index: SearchIndex, language: str
) -> None:
    caption, word = LATIN[language]
    index.apply([document(language, caption), document("english", "a dog runs on a beach")])
    assert found(index, text=word) == {language}


@pytest.mark.parametrize("script", CAPTIONS)
def test_a_thousand_characters_of_any_script_are_found_by_their_words_and_can_be_asked_for(
    index: SearchIndex, script: str
) -> None:
    caption, word = CAPTIONS[script]
    filled = f"{caption} " * 100
    long = f"{filled[: 999 - len(word)]} {word}"
    assert len(long) == 1_000
    others = [document(name, text) for name, (text, _) in CAPTIONS.items() if name != script]
    index.apply([document("long", long), *others])
    assert found(index, text=word) == {"long"}
    assert "long" in found(index, text=long)


def test_a_thousand_characters_of_combining_marks_are_a_text_like_any(index: SearchIndex) -> None:
    caption = "a" + "\u0301\u0323" * 499
    index.apply([document("marked", caption), document("plain", "a dog")])
    assert found(index, text="dog") == {"plain"}
    assert "marked" in found(index, text=caption)


@pytest.mark.parametrize(
    "script", ["russian", "greek", "hebrew", "arabic", "hindi", "thai", "chinese", "korean"]
)
def test_no_nonsense_subject_is_read_from_a_language_that_the_rules_do_not_know(
    script: str,
) -> None:
    caption, _ = CAPTIONS[script]
    assert not extract(caption)


@pytest.mark.parametrize("language", LATIN)
def test_no_nonsense_subject_is_read_from_another_language_in_latin_letters(language: str) -> None:
    caption, _ = LATIN[language]
    assert not extract(caption)


@pytest.mark.parametrize(
    ("caption", "subject"),
    [
        ("Sunset over El Capitan", "sunset"),
        ("A man drinks at a café in La Paz", "man"),
        ("dachshund", "dachshund"),
        ("a kimono-clad woman beside a piñata", "woman"),
    ],
)
def test_an_english_caption_with_foreign_words_is_read(caption: str, subject: str) -> None:
    assert extract(caption)[0].subject == subject
