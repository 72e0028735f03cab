"""File names: shown on any terminal, and made for any file system."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_repo.names import MAX_BYTES, FileNames, about, portable, shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (os.fsdecode(b"caf\xe9.jpg"), r"caf\xe9.jpg"),
        ("two\nlines\x1b[31m.jpg", r"two\nlines\x1b[31m.jpg"),
        ("дом 家 🏠.jpg", "дом 家 🏠.jpg"),
    ],
)
def test_a_name_is_shown_with_escapes_for_what_is_no_text(name: str, expected: str) -> None:
    assert shown(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dog.jpg", "dog.jpg"),
        ('a:b<c>d"e|f?g*.jpg', "a_b_c_d_e_f_g_.jpg"),
        ("back\\slash.jpg", "back_slash.jpg"),
        ("CON", "_CON"),
        ("nul.jpg", "_nul.jpg"),
        ("console.jpg", "console.jpg"),
        ("com1.tar.jpg", "_com1.tar.jpg"),
        ("ends. . ", "ends"),
        ("...", "_"),
        (".hidden.jpg", "_.hidden.jpg"),
    ],
)
def test_a_name_is_changed_where_windows_would_not_take_it(name: str, expected: str) -> None:
    assert portable(name) == expected


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=20))
def test_every_file_has_a_name_of_its_own_on_every_file_system(names: list[str]) -> None:
    chosen = FileNames()
    given_names = [chosen.of(name.replace("/", "_")) for name in names]
    assert len({name.casefold() for name in given_names}) == len(names)
    assert all(len(name.encode()) <= MAX_BYTES + 5 for name in given_names)
    assert all(name == portable(name) for name in given_names if len(name.encode()) <= MAX_BYTES)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=3), st.integers(200, 260))
def test_a_long_name_is_cut_to_one_that_every_file_system_takes(end: str, length: int) -> None:
    name = portable(f"{'x' * length}{end.replace('/', '_')}{'y' * length}")
    assert len(name.encode()) <= MAX_BYTES
    assert name == portable(name)


@pytest.mark.parametrize("name", [f"{'x' * 235} yy", f"x.{'ä' * 200}", f"ä.{'x' * 400}"])
def test_a_cut_name_does_not_end_with_a_blank_and_is_never_hidden(name: str) -> None:
    cut = portable(name)
    assert len(cut.encode()) <= MAX_BYTES
    assert cut[0] in "xä" and not cut.endswith((" ", "."))


def test_names_that_differ_by_case_or_by_how_accents_are_stored_are_one() -> None:
    names = FileNames(["taken.jpg"])
    wanted = ("Dog.jpg", "dog.JPG", "caf\u00e9.jpg", "cafe\u0301.jpg", "TAKEN.jpg")
    given_names = [names.of(name) for name in wanted]
    assert given_names == [
        "Dog.jpg",
        "dog (2).JPG",
        "café.jpg",
        "cafe\u0301 (2).jpg",
        "TAKEN (2).jpg",
    ]


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ("is empty", "dog.jpg is empty"),
        ("cannot be read: denied", "dog.jpg cannot be read: denied"),
        ("name: must not be empty", "dog.jpg: name: must not be empty"),
    ],
)
def test_a_problem_is_told_as_a_sentence_about_the_file(problem: str, told: str) -> None:
    assert about("dog.jpg", problem) == told
