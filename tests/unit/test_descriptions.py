"""How ``descriptions.txt`` is read."""

import io

from hypothesis import given
from hypothesis import strategies as st

from image_repo_formats import MAX_CAPTION_CHARS
from image_repo_formats.descriptions import Line, UnreadableLine, names, parse

WORDS = st.text(st.sampled_from("abcdefgh "), min_size=1, max_size=30).filter(str.strip)


def read(content: bytes) -> list[Line | UnreadableLine]:
    return list(parse(io.BytesIO(content)))


def test_a_line_is_a_name_and_a_caption() -> None:
    assert read(b"dog.jpg a brown dog\ncat.png\ta cat\n") == [
        Line(1, "dog.jpg", "a brown dog"),
        Line(2, "cat.png", "a cat"),
    ]


def test_of_numbered_captions_the_first_counts() -> None:
    content = b"dog.jpg#0\ta dog\ndog.jpg#1\ta brown dog\ncat.jpg#3\ta cat\n"
    assert read(content) == [Line(1, "dog.jpg", "a dog"), Line(3, "cat.jpg", "a cat")]


def test_a_second_line_for_a_photograph_is_reported() -> None:
    (_, problem) = read(b"dog.jpg a dog\ndog.jpg another\n")
    assert problem == UnreadableLine(2, "line 1 describes dog.jpg already")


def test_a_byte_order_mark_and_windows_line_ends_leave_no_trace() -> None:
    assert read(b"\xef\xbb\xbfdog.jpg a dog\r\n\r\ncat.jpg a cat\r\n") == [
        Line(1, "dog.jpg", "a dog"),
        Line(3, "cat.jpg", "a cat"),
    ]


def test_latin_1_is_understood_line_by_line() -> None:
    content = "a.jpg a café\n".encode("latin-1") + "b.jpg a café\n".encode()
    assert read(content) == [Line(1, "a.jpg", "a café"), Line(2, "b.jpg", "a café")]


def test_tabs_in_a_caption_are_blanks() -> None:
    assert read(b"a.jpg\ta dog\tand a  cat") == [Line(1, "a.jpg", "a dog and a cat")]
    assert read(b"a.jpg a dog\tand a cat") == [Line(1, "a.jpg", "a dog and a cat")]


def test_a_name_may_hold_blanks_or_have_no_extension() -> None:
    assert read(b"my dog.JPG a dog\nimage7 a cat") == [
        Line(1, "my dog.JPG", "a dog"),
        Line(2, "image7", "a cat"),
    ]


def test_a_line_that_cannot_be_used_says_why_and_the_others_are() -> None:
    long = b"x" * (MAX_CAPTION_CHARS + 1)
    content = b"dog.jpg\n../up.jpg a dog\nl.jpg " + long + b"\nn.jpg a\0b\ncat.jpg a cat\n"
    found = read(content)
    assert [entry.number for entry in found] == [1, 2, 3, 4, 5]
    assert [getattr(entry, "reason", "")[:12] for entry in found] == [
        "a name and a",
        "the name mus",
        "the caption ",
        "control char",
        "",
    ]


def test_a_long_file_is_read_as_it_comes() -> None:
    def endless() -> object:
        number = 0
        while True:
            number += 1
            yield f"{number}.jpg a dog\n".encode()

    entries = parse(endless())  # type: ignore[arg-type]
    assert [next(entries).number for _ in range(3)] == [1, 2, 3]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), WORDS), max_size=20))
def test_every_line_is_told_of_once_and_the_first_wins(rows: list[tuple[str, str]]) -> None:
    content = "\r\n".join(f"{name}.jpg {caption}" for name, caption in rows).encode()
    found = read(content)
    assert [entry.number for entry in found] == list(range(1, len(rows) + 1))
    first: dict[str, str] = {}
    for name, caption in rows:
        first.setdefault(f"{name}.jpg", " ".join(caption.split()))
    assert {e.name: e.caption for e in found if isinstance(e, Line)} == first


@given(st.binary(max_size=400))
def test_whatever_the_bytes_there_are_lines_or_problems(content: bytes) -> None:
    for entry in read(content):
        assert entry.number >= 1
        assert entry.caption if isinstance(entry, Line) else entry.reason


def test_a_name_stands_for_its_file_however_accents_are_stored() -> None:
    assert names("dog.jpg") == ("dog.jpg",)
    assert names("cafe\u0301.jpg") == ("cafe\u0301.jpg", "café.jpg")
    assert "image7.jpg" in names("image7")
