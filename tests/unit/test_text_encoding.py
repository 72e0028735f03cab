"""The encoding of a text is told for certain, or asked for."""

import io
import itertools
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_repo_formats.captions import read
from image_repo_formats.entries import CaptionFileError, Line, UnreadableLine

WESTERN = [
    "A girl’s “red” hat — on café.",
    "A boy… pays €5 for “two” apples – it’s 20°C",
    "Une fille déjà là, où l’été naît ; à côté d’un bœuf « noir »",
    "Ein Mädchen läuft über die Straße und ruft „schnell“",
    "El niño está en el camión, ¿qué mira el pingüino?",
    "Uma mãe e o pão; dois aviões à noite, não é?",
    "La città è più bella perché così piace",
    "Een idee met twee ideeën en één hond in België",
    "En flicka går över ån på ängen",
    "Rød grød med fløde på bordet og en æblekage",
]
ASKED = {
    "cp1251": ["Коричневая собака бежит по траве", "Девочка в красной шапке"],
    "koi8_r": ["Коричневая собака бежит по траве", "Девочка в красной шапке"],
    "gbk": ["一只棕色的狗在跑", "一个戴红帽子的女孩", "女孩"],
    "big5": ["一隻棕色的狗在跑", "一個戴紅帽子的女孩"],
    "shift_jis": ["茶色の犬が走っている", "赤い帽子の女の子"],
    "euc_jp": ["茶色の犬が走っている", "赤い帽子の女の子"],
    "euc_kr": ["갈색 개가 달린다", "빨간 모자를 쓴 소녀"],
    "mac_roman": ["A girl’s “red” hat — on café", "El niño está en el camión", "Das Mädchen läuft"],
    "cp850": ["Ein Mädchen läuft schön", "Une fille déjà là", "El niño está aquí"],
    "cp1250": ["Hnědý pes běží po louce", "Brązowy pies biegnie po łące", "Egy nő fut az erdőben"],
    "cp1253": ["Ένα καφέ σκυλί τρέχει", "Κορίτσι με κόκκινο καπέλο"],
    "cp1254": ["Kahverengi bir köpek çimlerde koşuyor", "Kırmızı şapkalı kız"],
    "cp1255": ["כלב חום רץ", "ילדה בכובע אדום"],
    "cp1256": ["كلب بني يركض", "فتاة ترتدي قبعة حمراء"],
    "cp1257": ["Rudas šuo bėga per žolę", "Brūns suns skrien pa zāli"],
    "tis_620": ["สุนัขสีน้ำตาลวิ่ง", "เด็กผู้หญิงสวมหมวกแดง"],
}

# Short captions, each tried as a file of its own: the least that there is to tell by.
SHORT = {
    ("cp1250", "iso8859_2", "mac_latin2", "cp852"): [
        "Pes běží po louce",
        "Žena v červených šatech",
        "Člověk skáče do vody",
        "Pies biegnie po plaży",
        "Dwóch chłopców gra w piłkę",
        "Koń skacze przez przeszkodę",
        "Egy kutya fut a fűben",
        "Egy nő piros kabátban",
        "Crveni auto stoji ispred kuće",
        "Dječak trči po plaži",
        "Un câine aleargă pe iarbă",
    ],
    ("cp1254", "mac_turkish", "cp857"): [
        "Köpek çimenlerde koşuyor",
        "Küçük kız gülüyor",
        "Adam ağaca tırmanıyor",
    ],
    ("cp1257", "cp775"): ["Šuo bėga pievoje", "Suns skrien pa pļavu", "Koer jookseb mööda muru"],
    ("mac_roman", "cp850", "cp437"): [
        "Une fille avec un chapeau à la plage",
        "L’enfant joue près de la fenêtre",
        "Das Mädchen spielt",
        "Große Straße",
        "El niño corre",
        "Un camión rojo",
        "así es",
        "O avião e a mãe",
        "La città è più bella",
        "Två pojkar åker skidor",
        "To børn leger",
        "She said “hello” — twice",
    ],
}


def lines_of(captions: list[str]) -> str:
    return "".join(f"{number}.jpg {text}\r\n" for number, text in enumerate(captions))


def captions_in(content: bytes, encoding: str | None = None) -> tuple[str, list[str | None]]:
    found = read(io.BytesIO(content), "descriptions.txt", encoding=encoding)
    told = [entry.caption for entry in found.entries if isinstance(entry, Line)]
    return found.encoding, told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("caption", WESTERN)
def test_unicode_and_windows_are_told_by_a_single_line(encoding: str, caption: str) -> None:
    found, captions = captions_in(f"a.jpg {caption}\n".encode(encoding))
    assert captions == [caption]
    assert found == encoding.removesuffix("-sig")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("captions", [WESTERN, ASKED["gbk"]])
def test_a_byte_order_mark_says_all(encoding: str, captions: list[str]) -> None:
    assert captions_in(lines_of(captions).encode(encoding)) == (encoding, captions)


@pytest.mark.parametrize("encoding", ASKED)
def test_other_encodings_are_asked_for_and_read_when_they_are_named(encoding: str) -> None:
    captions = ASKED[encoding]
    content = lines_of(captions).encode(encoding)
    with pytest.raises(CaptionFileError) as raised:
        captions_in(content)
    assert "say which with 'encoding'" in raised.value.reason
    assert captions_in(content, encoding) == (encoding, captions)


def test_even_of_single_short_lines_few_are_taken_for_what_they_are_not() -> None:
    tried, wrong = 0, []
    for encodings, captions in SHORT.items():
        for encoding, caption in itertools.product(encodings, captions):
            with suppress(CaptionFileError, UnicodeEncodeError):
                content = f"a.jpg {caption}\n".encode(encoding)
                tried += 1
                wrong += (
                    [(encoding, caption)] if captions_in(content)[1] not in ([], [caption]) else []
                )
    assert (tried, len(wrong)) == (88, 14), wrong


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("cp1251", "cp1251"),
        ("gbk", "gb18030"),
        ("mac_roman", "mac_roman"),
        ("cp1250", "cp1250"),
        ("euc_kr", "cp949"),
    ],
)
def test_the_likely_encodings_are_named(encoding: str, named: str) -> None:
    with pytest.raises(CaptionFileError) as raised:
        captions_in(lines_of(ASKED[encoding]).encode(encoding))
    assert named in raised.value.likely and named in raised.value.reason


@pytest.mark.parametrize(("more", "fewer"), [("utf-8", "cp1252"), ("cp1252", "utf-8")])
def test_lines_of_another_encoding_than_most_are_problems_and_no_wrong_text(
    more: str, fewer: str
) -> None:
    kept = "a.jpg a café\nb.jpg a fiancée\n".encode(more)
    other = "c.jpg Öl auf Holz\n".encode(fewer)
    (*good, problem) = read(io.BytesIO(kept + other), "descriptions.txt").entries
    assert [entry.caption for entry in good if isinstance(entry, Line)] == ["a café", "a fiancée"]
    assert isinstance(problem, UnreadableLine) and problem.number == 3


def test_a_line_that_no_western_language_writes_is_a_problem_of_its_own() -> None:
    good = "".join(f"{number}.jpg a café\n" for number in range(40)).encode("cp1252")
    *lines, problem = read(io.BytesIO(good + b"x.jpg caf\x8e\n"), "descriptions.txt").entries
    assert len(lines) == 40
    assert isinstance(problem, UnreadableLine) and "encoding" in problem.reason


@pytest.mark.parametrize("name", ["utf-16", "UTF8", "windows-1251", "Latin-1"])
def test_an_encoding_may_be_named_as_anybody_names_it(name: str) -> None:
    captions = ["собака"] if "1251" in name else ["café"]
    assert captions_in(lines_of(captions).encode(name), name)[1] == captions


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13", "undefined", "a\0", ""])
def test_what_is_no_encoding_of_text_is_refused(name: str) -> None:
    if name:
        with pytest.raises(CaptionFileError, match="no encoding is called"):
            captions_in(b"a.jpg a dog", name)


def test_bytes_that_the_named_encoding_cannot_have_are_problems_of_their_lines() -> None:
    found = read(io.BytesIO(b"a.jpg \xff\xff\nb.jpg a dog\n"), "descriptions.txt", encoding="gbk")
    assert [type(entry) for entry in found.entries] == [UnreadableLine, Line]


@pytest.mark.parametrize(("encoding", "text"), [("cp037", "50%"), ("unicode_escape", r"a\nb")])
def test_a_line_end_that_a_wrong_encoding_finds_is_a_problem(encoding: str, text: str) -> None:
    content = f"image,caption\na.jpg,{text}\n".encode()
    found = read(io.BytesIO(content), "captions.csv", encoding=encoding)
    assert UnreadableLine(2, f"the line is not {encoding}") in [*found.entries]


@given(st.lists(st.text(st.characters(codec="cp1252", categories=["L"]), min_size=1), min_size=1))
def test_text_in_windows_1252_is_read_as_written_or_not_at_all(words: list[str]) -> None:
    content = lines_of(words).encode("cp1252")
    try:
        encoding, captions = captions_in(content)
    except CaptionFileError:
        return
    assert encoding == "utf-8" or set(captions) <= set(words)


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50))
def test_utf_8_is_read_as_written(caption: str) -> None:
    assert captions_in(f"a.jpg {caption}".encode())[1] == [caption]
