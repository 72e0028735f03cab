"""What an import takes out of a folder, and what it says of the rest."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from image_repo.errors import CommandError
from image_repo.folders import MOST_COUNTED
from image_repo.importing import Folder, read_folder
from image_repo_formats import MAX_KEYWORD_CHARS, MAX_KEYWORDS, xmp
from tests.importing import PNG, jpeg

HEIC = b"\0\0\0\x18ftypheic" + bytes(16)
TIFF = b"II*\0" + bytes(16)
MOVIE = b"\0\0\0\x14ftypqt  " + bytes(16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.jpg").write_bytes(jpeg("a"))
    return tmp_path


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yield a folder that everybody may look into; those of pytest are its user's alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "a.jpg").write_bytes(jpeg("a"))
        yield Path(name)


@contextmanager
def not_as_root(folder: Path) -> Iterator[None]:
    """Read as a user whom permissions hold, once all is imported that reading a folder needs."""
    read_folder(folder, is_recursive=True)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # nobody
    try:
        yield
    finally:
        os.seteuid(user)


def labels(found: Folder) -> list[str]:
    return [one.label for one in found.photographs]


def left_out(found: Folder) -> dict[str, str]:
    return {one.file: str(one.kind) for one in found.left_out}


@pytest.mark.fault(41, by="a folder")
def test_photographs_are_told_by_their_contents_whatever_they_are_called(folder: Path) -> None:
    files = {
        "IMG_0001": jpeg("1"),
        "IMG_2.JPG": jpeg("2"),
        "photo.jfif": jpeg("3"),
        "photo.JPG": PNG,
        "notes.txt.bak": HEIC,
        "scan.TIF": TIFF,
    }
    for name, body in files.items():
        (folder / name).write_bytes(body)
    found = read_folder(folder)
    assert set(labels(found)) == {"a.jpg", *files}
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("._IMG_0001.JPG", jpeg("resource fork"), "hidden file"),
        (".hidden.jpg", jpeg("hidden"), "hidden file"),
        ("IMG_0001.MOV", MOVIE, "film"),
        ("film.mp4", b"\0\0\0\x14ftypisom", "film"),
        ("IMG_1.CR2", TIFF, "RAW file"),
        ("IMG_1.nef", TIFF, "RAW file"),
        ("IMG_1.ARW", TIFF, "RAW file"),
        ("IMG_1.dng", TIFF, "RAW file"),
        ("IMG_1.CR3", b"\0\0\0\x18ftypcrx ", "RAW file"),
        ("letter.pdf", b"%PDF-1.7", "document"),
        ("IMG_9.xmp", b"<x:xmpmeta/>", "sidecar"),
        ("IMG_9.AAE", b"<plist/>", "sidecar"),
        ("empty.jpg", b"", "empty file"),
        ("text.jpg", b"not a photograph", "unknown file"),
        ("layers.psd", b"8BPS", "unknown file"),
    ],
)
def test_what_is_left_out_is_told_by_its_kind(
    folder: Path, name: str, body: bytes, kind: str
) -> None:
    (folder / name).write_bytes(body)
    found = read_folder(folder)
    assert labels(found) == ["a.jpg"]
    assert left_out(found) == {name: kind}


def test_a_raw_file_that_is_called_one_only_is_a_photograph(folder: Path) -> None:
    (folder / "IMG_1.dng").write_bytes(jpeg("camera"))
    assert labels(read_folder(folder)) == ["IMG_1.dng", "a.jpg"]


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini"])
def test_files_that_systems_put_everywhere_do_not_count(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    assert left_out(read_folder(folder)) == {}


def test_links_to_nothing_and_in_circles_and_pipes_are_left_out(folder: Path) -> None:
    (folder / "nothing.jpg").symlink_to(folder / "missing.jpg")
    (folder / "circle.jpg").symlink_to(folder / "circle.jpg")
    os.mkfifo(folder / "pipe.jpg")
    found = read_folder(folder)
    assert labels(found) == ["a.jpg"]
    kinds = left_out(found)
    assert kinds.keys() == {"nothing.jpg", "circle.jpg", "pipe.jpg"}
    assert kinds["nothing.jpg"] == kinds["circle.jpg"] == "unreadable file"


def test_what_nobody_may_read_is_left_out(open_folder: Path) -> None:
    (open_folder / "secret.jpg").write_bytes(jpeg("secret"))
    (open_folder / "secret.jpg").chmod(0)
    with not_as_root(open_folder):
        found = read_folder(open_folder)
    assert left_out(found) == {"secret.jpg": "unreadable file"}


@pytest.mark.parametrize("is_recursive", [False, True])
def test_a_subfolder_into_which_nobody_may_look_is_left_out(
    open_folder: Path, is_recursive: bool
) -> None:
    closed = open_folder / "sub" / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0)
    with not_as_root(open_folder):
        (one,) = read_folder(open_folder, is_recursive=is_recursive).left_out
    closed.chmod(0o700)
    assert one.file == ("sub/closed" if is_recursive else "sub")
    assert (one.kind, one.reason) == ("unreadable file", "cannot be read: Permission denied")


def test_subfolders_are_left_out_with_the_number_of_their_photographs(folder: Path) -> None:
    inner = folder / "sub" / "deeper"
    inner.mkdir(parents=True)
    (inner / "b.jpg").write_bytes(jpeg("b"))
    (inner / "._b.jpg").write_bytes(jpeg("b"))
    (folder / "empty").mkdir()
    found = read_folder(folder)
    (one,) = found.left_out
    assert (one.file, one.kind) == ("sub", "folder")
    assert one.reason == "holds 1 photograph: 'image-repo import --recursive' takes subfolders"
    found = read_folder(folder, is_recursive=True)
    assert labels(found) == ["a.jpg", "sub/deeper/b.jpg"]
    assert left_out(found) == {"sub/deeper/._b.jpg": "hidden file"}


def test_a_huge_subfolder_is_not_counted_to_its_end(folder: Path) -> None:
    (folder / "sub").mkdir()
    for number in range(MOST_COUNTED + 2):
        (folder / "sub" / f"{number}.jpg").hardlink_to(folder / "a.jpg")
    (one,) = read_folder(folder).left_out
    assert "more than 1000 photographs" in one.reason


def test_folders_that_lead_round_in_circles_are_looked_through_once(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "b.jpg").write_bytes(jpeg("b"))
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "twin").symlink_to(folder / "sub", target_is_directory=True)
    found = read_folder(folder, is_recursive=True)
    assert labels(found) == ["a.jpg", "sub/b.jpg"]
    assert left_out(found) == {"sub/up": "folder", "twin": "folder"}


def test_hidden_folders_stay_out_and_are_named(folder: Path) -> None:
    (folder / ".trash").mkdir()
    (folder / ".trash" / "b.jpg").write_bytes(jpeg("b"))
    (folder / ".git").mkdir()
    found = read_folder(folder, is_recursive=True)
    assert labels(found) == ["a.jpg"]
    assert [one.reason for one in found.left_out] == ["is hidden and holds 1 photograph"]


def test_a_folder_with_nothing_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no photographs"):
        read_folder(tmp_path)


def captions(found: Folder) -> dict[str, str]:
    return {one.label: one.said["caption"].value for one in found.photographs if one.said}


@pytest.mark.fault(26, by="a folder")
def test_captions_meet_their_files_and_the_other_lines_are_reported(folder: Path) -> None:
    (folder / "b.jpg").write_bytes(jpeg("b"))
    lines = b"\xef\xbb\xbfa.jpg A dog.\r\nb.jpg#0\tA cat.\nmissing.jpg A cow.\n\nnonsense\n"
    (folder / "descriptions.txt").write_bytes(lines)
    found = read_folder(folder)
    assert captions(found) == {"a.jpg": "A dog.", "b.jpg": "A cat."}
    assert found.described == 2
    assert {(one.file, one.line) for one in found.problems} == {
        ("descriptions.txt", 3),
        ("descriptions.txt", 5),
    }


def test_captions_go_by_path_and_by_each_folders_own_file(tmp_path: Path) -> None:
    for name in ("a.jpg", "north/a.jpg", "south/a.jpg", "south/only.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(jpeg(name))
    (tmp_path / "descriptions.txt").write_text(
        "a.jpg Here\nnorth/a.jpg From above\nsouth/a.jpg By its path\nonly.jpg The only one\n"
    )
    (tmp_path / "north" / "descriptions.txt").write_text("a.jpg Of the north\n")
    found = read_folder(tmp_path, is_recursive=True)
    assert captions(found) == {
        "a.jpg": "Here",
        "north/a.jpg": "Of the north",
        "south/a.jpg": "By its path",
        "south/only.jpg": "The only one",
    }
    (problem,) = found.problems
    assert (problem.file, problem.line) == ("descriptions.txt", None)
    assert problem.reason == "1 caption passed over: those of other files stand"


def test_a_bare_name_that_lies_in_two_folders_is_a_problem(tmp_path: Path) -> None:
    for where in ("north", "south"):
        (tmp_path / where).mkdir()
        (tmp_path / where / "a.jpg").write_bytes(jpeg(where))
    (tmp_path / "captions.csv").write_text("image,caption\na.jpg,Which?\n")
    found = read_folder(tmp_path, is_recursive=True)
    assert captions(found) == {}
    (problem,) = found.problems
    assert problem.line == 2
    assert problem.reason == "2 photographs are called 'a.jpg': give its path"


@pytest.mark.parametrize(
    ("file", "body"),
    [
        ("Flickr8k_text/Flickr8k.token.txt", "a.jpg#0\tA dog\na.jpg#1\tA hound\n"),
        (
            "annotations/captions_train2017.json",
            '{"images": [{"id": 7, "file_name": "a.jpg"}],'
            ' "annotations": [{"image_id": 7, "caption": "A dog"}]}',
        ),
    ],
)
def test_data_sets_keep_captions_in_a_folder_of_their_own(
    tmp_path: Path, file: str, body: str
) -> None:
    for name in ("images/a.jpg", file):
        (tmp_path / name).parent.mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(jpeg("a"))
    (tmp_path / file).write_text(body)
    found = read_folder(tmp_path, is_recursive=True)
    assert captions(found) == {"images/a.jpg": "A dog"}
    assert found.problems == ()


def test_a_persons_lines_are_of_no_folder_beside_theirs(tmp_path: Path) -> None:
    for where in ("monday", "tuesday"):
        (tmp_path / where).mkdir()
    (tmp_path / "monday" / "IMG_1.jpg").write_bytes(jpeg("monday"))
    (tmp_path / "tuesday" / "descriptions.txt").write_text("IMG_1.jpg Of tuesday\n")
    found = read_folder(tmp_path, is_recursive=True)
    assert captions(found) == {}
    assert [one.line for one in found.problems] == [1]


def test_an_encoding_that_cannot_be_told_is_asked_for(folder: Path) -> None:
    text = "a.jpg Собака бежит по пляжу вдоль моря рано утром\n"
    (folder / "descriptions.txt").write_bytes(text.encode("cp1251"))
    (one,) = read_folder(folder).left_out
    assert (one.file, one.kind) == ("descriptions.txt", "unreadable file")
    assert "--encoding" in one.reason
    with pytest.raises(CommandError, match="no encoding is called 'cp1521'"):
        read_folder(folder, encoding="cp1521")
    found = read_folder(folder, encoding="cp1251")
    assert captions(found) == {"a.jpg": "Собака бежит по пляжу вдоль моря рано утром"}


@pytest.mark.parametrize(
    ("name", "body"), [("captions.json", b"{}"), ("a.xmp", b"<no>xmp"), ("a.xmp", b"")]
)
def test_a_file_of_captions_that_is_none_is_left_out(folder: Path, name: str, body: bytes) -> None:
    (folder / name).write_bytes(body)
    found = read_folder(folder)
    assert left_out(found) == {name: "unreadable file"}
    assert captions(found) == {}


@pytest.mark.parametrize("name", ["a.xmp", "a.jpg.xmp", "a.XMP"])
def test_sidecars_describe_their_photograph(folder: Path, name: str) -> None:
    (folder / name).write_bytes(xmp.write("A dog", ["beach", "summer"]))
    found = read_folder(folder)
    (one,) = found.photographs
    assert one.said["caption"].value == "A dog"
    assert one.said["keywords"].value == ["beach", "summer"]
    assert not found.left_out
    assert not found.problems


def test_the_first_that_has_a_caption_or_keywords_gives_them(folder: Path) -> None:
    (folder / "descriptions.txt").write_text("a.jpg A dog\n")
    (folder / "captions.csv").write_text("image,caption,keywords\na.jpg,A cat,beach\n")
    (folder / "a.jpg.xmp").write_bytes(xmp.write("A cow", ["snow"]))
    (folder / "a.xmp").write_bytes(xmp.write("A pig", ["rain"]))
    found = read_folder(folder)
    (one,) = found.photographs
    assert (one.said["caption"].value, one.said["keywords"].value) == ("A dog", ["beach"])
    assert [problem.file for problem in found.problems] == ["captions.csv"]


def test_keywords_that_do_not_fit_are_left_out_and_reported(folder: Path) -> None:
    words = ["w" * (MAX_KEYWORD_CHARS + 1), *map(str, range(MAX_KEYWORDS + 1))]
    (folder / "a.xmp").write_bytes(xmp.write(None, words))
    found = read_folder(folder)
    assert found.photographs[0].said["keywords"].value == [str(n) for n in range(MAX_KEYWORDS)]
    (problem,) = found.problems
    assert problem.reason.startswith("2 keywords left out")


def test_a_sidecar_of_the_models_caption_or_of_nothing_says_nothing(folder: Path) -> None:
    (folder / "a.xmp").write_bytes(xmp.write("A dog", generated=True))
    (folder / "a.jpg.xmp").write_bytes(xmp.write(None))
    found = read_folder(folder)
    assert found.photographs[0].said == {}
    assert not found.left_out
    assert not found.problems
