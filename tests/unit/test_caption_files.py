"""How files of captions are read: lines, tables, COCO's JSON."""

import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_repo_formats import MAX_CAPTION_CHARS
from image_repo_formats.captions import Form, first_captions, names, rank, read, sidecar_names
from image_repo_formats.entries import CaptionFileError, Entry, Line, UnreadableLine

DATA = Path(__file__).parents[1] / "data"
WORDS = st.text(st.sampled_from("abcdefgh "), min_size=1, max_size=30).filter(str.strip)
CASES = {
    "a.jpg": "A brown dog runs.",
    "b.jpg": "A girl’s “red” hat — on café.",
    "c.jpg": "Two children play.",
}


def firsts(content: bytes, name: str = "descriptions.txt", *, folders: bool = False) -> list[Entry]:
    return list(first_captions(read(io.BytesIO(content), name, folders=folders).entries))


def captions(content: bytes, name: str = "descriptions.txt") -> dict[str, str | None]:
    return {entry.name: entry.caption for entry in firsts(content, name) if isinstance(entry, Line)}


def coco(*pairs: tuple[str, str]) -> bytes:
    files = list(dict.fromkeys(name for name, _ in pairs))
    images = [{"id": number, "file_name": name, "width": 640} for number, name in enumerate(files)]
    annotations = [{"image_id": files.index(name), "caption": text} for name, text in pairs]
    return json.dumps({"info": {}, "images": images, "annotations": annotations}).encode()


@pytest.mark.fault(26, by="bytes of a file")
@pytest.mark.parametrize("name", ["descriptions_utf16.txt", "descriptions_cp1252.txt"])
def test_a_windows_file_is_read_as_it_was_written(name: str) -> None:
    assert captions((DATA / name).read_bytes()) == CASES


def test_a_line_is_a_name_and_a_caption() -> None:
    assert firsts(b"dog.jpg a brown dog\ncat.png\ta cat\nf.HEIC a fox") == [
        Line(1, "dog.jpg", "a brown dog"),
        Line(2, "cat.png", "a cat"),
        Line(3, "f.HEIC", "a fox"),
    ]


@pytest.mark.fault(26, by="bytes of a file")
def test_of_numbered_captions_the_first_counts() -> None:
    content = b"dog.jpg#0\ta dog\ndog.jpg#1\ta brown dog\ncat.jpg#3\ta cat\n"
    assert captions(content, "Flickr8k.token.txt") == {"dog.jpg": "a dog", "cat.jpg": "a cat"}


def test_all_captions_of_a_photograph_are_there_for_who_wants_them() -> None:
    content = b"dog.jpg#0\ta dog\ndog.jpg#1\ta brown dog\n"
    entries = read(io.BytesIO(content), "Flickr8k.token").entries
    assert [entry.caption for entry in entries if isinstance(entry, Line)] == [
        "a dog",
        "a brown dog",
    ]


@pytest.mark.fault(26, by="bytes of a file")
@pytest.mark.fault(26, by="bytes of a file")
def test_a_second_line_for_a_photograph_is_reported() -> None:
    (_, problem) = firsts(b"dog.jpg a dog\ndog.jpg another\n")
    assert problem == UnreadableLine(2, "line 1 describes dog.jpg already")


def test_a_byte_order_mark_and_line_ends_of_any_system_leave_no_trace() -> None:
    assert firsts(b"\xef\xbb\xbfdog.jpg a dog\r\n\r\ncat.jpg a cat\rf.jpg a fox\n") == [
        Line(1, "dog.jpg", "a dog"),
        Line(3, "cat.jpg", "a cat"),
        Line(4, "f.jpg", "a fox"),
    ]


@pytest.mark.fault(26, by="bytes of a file")
def test_tabs_in_a_caption_are_blanks() -> None:
    assert firsts(b"a.jpg\ta dog\tand a  cat") == [Line(1, "a.jpg", "a dog and a cat")]
    assert firsts(b"a.jpg a dog\tand a cat") == [Line(1, "a.jpg", "a dog and a cat")]


def test_a_name_may_hold_blanks_or_have_no_extension() -> None:
    assert firsts(b"my dog.JPG a dog\nimage7 a cat") == [
        Line(1, "my dog.JPG", "a dog"),
        Line(2, "image7", "a cat"),
    ]


@pytest.mark.fault(26, by="bytes of a file")
def test_a_line_that_cannot_be_used_says_why_and_the_others_are() -> None:
    long = b"x" * (MAX_CAPTION_CHARS + 1)
    content = b"dog.jpg\nsub/up.jpg a dog\nl.jpg " + long + b"\nn.jpg a\0b\ncat.jpg a cat\n"
    found = firsts(content)
    assert [entry.number for entry in found] == [1, 2, 3, 4, 5]
    assert [getattr(entry, "reason", "")[:12] for entry in found] == [
        "a name and a",
        "the name mus",
        "the caption ",
        "control char",
        "",
    ]


def test_names_may_lead_into_folders_where_these_are_read_and_never_out() -> None:
    content = b"sub/a.jpg a dog\nsub\\b.jpg a cat\n../c.jpg x\n/d.jpg x\nC:/e.jpg x\n"
    found = firsts(content, folders=True)
    assert found[:2] == [Line(1, "sub/a.jpg", "a dog"), Line(2, "sub/b.jpg", "a cat")]
    assert {type(entry) for entry in found[2:]} == {UnreadableLine}


def test_kaggles_table_is_captions_as_written() -> None:
    content = (DATA / "descriptions_kaggle.txt").read_bytes()
    assert read(io.BytesIO(content), "captions.txt").form is Form.TABLE
    assert captions(content, "captions.txt") == {
        "a.jpg": "A child in a pink dress .",
        "b.jpg": "A black dog, and a dog .",
        "c.jpg": "A little girl .",
    }


@pytest.mark.parametrize(
    "content",
    [
        'image,caption\na.jpg,"a dog, a ""cat"""\n',
        'Caption;File\r\na dog, a "cat";a.jpg\r\n',
        'sep=;\nfile_name;caption\na.jpg;"a dog, a ""cat"""\n',
        'image_name| comment_number| comment\na.jpg| 0| a dog, a "cat"\n',
        'a.jpg,a dog, a "cat"\n',
        'image\tcaption\na.jpg\ta dog, a "cat"\n',
        'image,caption\na.jpg,"a dog,\na ""cat"""\n',
    ],
)
def test_tables_are_read_by_their_header_whatever_parts_the_cells(content: str) -> None:
    assert captions(content.encode(), "captions.csv") == {"a.jpg": 'a dog, a "cat"'}


@pytest.mark.parametrize("keyword", ["pet\0", "\x1b[31mpet", "+2AA-"])
def test_a_keyword_that_cannot_be_written_is_a_problem(keyword: str) -> None:
    content = f"image,caption,keywords\na.jpg,a dog,{keyword}; summer\n".encode()
    found = read(io.BytesIO(content), "captions.csv", encoding="utf-7")
    assert [*found.entries] == [UnreadableLine(2, "control characters are not allowed")]


def test_keywords_have_blanks_as_captions_have_them() -> None:
    (line,) = firsts(b"image,caption,keywords\na.jpg,a dog,summer\t of  69;\t\n", "captions.csv")
    assert isinstance(line, Line) and line.keywords == ("summer of 69",)


def test_keywords_may_stand_in_a_table() -> None:
    (line,) = firsts(b'image,caption,keywords\na.jpg,a dog,"beach; summer"\n', "captions.csv")
    assert isinstance(line, Line) and line.keywords == ("beach", "summer")


def test_a_quote_that_nobody_closed_is_its_own_lines_matter() -> None:
    content = b'image,caption\na.jpg,"a dog\nb.jpg,a 5" nail\nc.jpg,a cat\n'
    assert captions(content) == {"a.jpg": "a dog", "b.jpg": 'a 5" nail', "c.jpg": "a cat"}


def test_a_row_without_a_caption_is_a_problem() -> None:
    assert firsts(b"image,caption\na.jpg\n,a dog\n") == [
        UnreadableLine(2, "a name and a caption are needed"),
        UnreadableLine(3, "a name and a caption are needed"),
    ]


def test_cocos_captions_are_those_of_its_images() -> None:
    content = coco(("val2014/a.jpg", "A dog ."), ("val2014/a.jpg", "A hound ."), ("b.jpg", "A cat"))
    found = read(io.BytesIO(content), "captions_val2014.json")
    assert found.form is Form.COCO
    assert captions(content, "captions_val2014.json") == {"a.jpg": "A dog .", "b.jpg": "A cat"}
    (first, *_) = firsts(content, "captions.json", folders=True)
    assert isinstance(first, Line) and first.name == "val2014/a.jpg"


def test_two_of_cocos_images_with_one_name_are_not_mixed_up() -> None:
    content = coco(("one/a.jpg", "A dog"), ("two/a.jpg", "A cat"))
    assert firsts(content, "captions.json") == [
        Line(1, "a.jpg", "A dog", several=True),
        UnreadableLine(2, "two images are called a.jpg"),
    ]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"images": 1}', b"[" * 100_000, b"\xff", b'{"annotations": []}']
)
def test_json_that_is_not_cocos_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(CaptionFileError) as raised:
        read(io.BytesIO(content), "captions.json")
    assert raised.value.reason


def test_annotations_that_say_nothing_are_problems() -> None:
    content = b'{"images": [{"id": 1, "file_name": "a.jpg"}, 3], "annotations": [null, {}, 7]}'
    assert [entry.number for entry in firsts(content, "captions.json")] == [1, 2, 3]


@pytest.mark.fault(26, by="bytes of a file")
def test_a_long_file_is_read_as_it_comes() -> None:
    lines = b"".join(b"%d.jpg a dog\n" % number for number in range(50_000))
    file = io.BytesIO(lines)
    entries = read(file, "descriptions.txt").entries
    assert [next(entries).number for _ in range(3)] == [1, 2, 3]
    assert file.tell() < 100


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), WORDS), max_size=20))
def test_every_line_is_told_of_once_and_the_first_wins(rows: list[tuple[str, str]]) -> None:
    content = "\r\n".join(f"{name}.jpg {caption}" for name, caption in rows).encode()
    found = firsts(content)
    assert [entry.number for entry in found] == list(range(1, len(rows) + 1))
    first: dict[str, str] = {}
    for name, caption in rows:
        first.setdefault(f"{name}.jpg", " ".join(caption.split()))
    assert {e.name: e.caption for e in found if isinstance(e, Line)} == first


@given(
    st.one_of(st.binary(max_size=400), st.text(st.sampled_from('ab",;|\n\r\t #0.jpg'))),
    st.sampled_from(["", "image,caption\n", "a.jpg;"]),
    st.sampled_from(["descriptions.txt", "captions.json", "a.xmp"]),
    st.sampled_from([None, "gbk", "utf-16", "utf-7", "shift_jis", "hex", "undefined", "x\0"]),
)
def test_whatever_the_bytes_there_are_lines_or_problems_or_the_one_error(
    content: bytes | str, start: str, name: str, encoding: str | None
) -> None:
    body = start.encode() + (content if isinstance(content, bytes) else content.encode())
    found: list[Entry] = []
    with suppress(CaptionFileError):
        found = list(read(io.BytesIO(body), name, encoding=encoding).entries)
    for entry in found:
        assert entry.number >= 1
        assert entry.caption or entry.keywords if isinstance(entry, Line) else entry.reason


def test_a_name_stands_for_its_file_however_accents_are_stored() -> None:
    assert names("dog.jpg") == ("dog.jpg",)
    assert names("cafe\u0301.jpg") == ("cafe\u0301.jpg", "café.jpg")
    assert {"image7.jpg", "image7.HEIC"} <= set(names("image7"))


def test_one_table_says_which_files_hold_captions_and_which_count_first() -> None:
    ranked = [
        "descriptions.txt",
        "Captions.txt",
        "captions.csv",
        "captions_val2017.json",
        "Flickr8k.token",
        "flickr8k.token.txt",
        "IMG_1.JPG.xmp",
    ]
    assert [rank(name) for name in ranked] == list(range(7))
    assert {rank(name) for name in ("my-descriptions.txt", "._captions.csv", "a.jpg")} == {None}


def test_a_sidecar_is_called_after_its_photograph_in_either_way() -> None:
    assert sidecar_names("IMG_1.JPG")[::3] == ("IMG_1.JPG.xmp", "IMG_1.xmp")
