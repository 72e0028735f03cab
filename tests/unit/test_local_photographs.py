"""The demo's own photographs: what is owed for them, and where they come from."""

import io
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from chalicelib.attributes import base_form, basic_colour, singular
from local.errors import LocalError
from local.photographs import INSTALLED, PHOTOGRAPHS, DemoPhotograph, lay_out

LICENCES = {
    "CC0", "CC BY 2.0", "MIT", "public domain",
    "free to use and publish", "released for unrestricted use",
}  # fmt: skip


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda photograph: photograph.name)
def test_author_and_a_free_licence_are_known(photograph: DemoPhotograph) -> None:
    assert photograph.author
    assert photograph.licence in LICENCES


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda photograph: photograph.name)
def test_what_it_shows_is_said_in_the_words_of_attributes(photograph: DemoPhotograph) -> None:
    assert photograph.shows
    assert all(noun == singular(noun) for noun in photograph.shows)
    assert all(colour == basic_colour(colour) for colour in photograph.colours)
    assert all(action == base_form(action) for action in photograph.actions)


def test_there_are_enough_of_them_and_no_two_of_a_name() -> None:
    assert 15 <= len({photograph.name for photograph in PHOTOGRAPHS}) == len(PHOTOGRAPHS) <= 25


@pytest.mark.skipif(not INSTALLED.is_dir(), reason="run: make setup")
def test_the_packages_hold_every_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "of_an_older_demo.png").touch()
    lay_out(tmp_path, PHOTOGRAPHS)
    assert {file.name for file in tmp_path.iterdir()} == {each.name for each in PHOTOGRAPHS}
    for file in tmp_path.iterdir():
        with Image.open(file) as image:
            assert min(image.size) >= 200, file.name


def test_one_out_of_an_archive_is_what_the_archive_holds(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "cats.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("cat.jpg")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"cat"))
    cat = DemoPhotograph("a.jpg", "cats.tar.gz", "someone", "CC0", ("cat",), member="cat.jpg")
    lay_out(tmp_path / "demo", [cat], [tmp_path])
    assert (tmp_path / "demo" / "a.jpg").read_bytes() == b"cat"


def test_a_package_that_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="is not installed") as failure:
        lay_out(tmp_path / "demo", PHOTOGRAPHS, [tmp_path])
    assert failure.value.remedy == "run: make setup"
