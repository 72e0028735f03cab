"""Reading photographs and captions: the Flickr8k layout, or a plain folder."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from captioner.vision.text import words_of
from training.errors import DatasetError

PHOTOGRAPHS = "Flicker8k_Dataset"
TEXTS = "Flickr8k_text"


@dataclass(frozen=True)
class Split:
    """One split: photographs in a fixed order, and each one's raw captions."""

    name: str
    photographs: tuple[Path, ...]
    captions: tuple[tuple[str, ...], ...]


def list_photographs(folder: Path) -> tuple[Path, ...]:
    """Every photograph file directly in a folder, sorted by name.

    Raises
    ------
    DatasetError
        If the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise DatasetError(f"no such folder of photographs: {folder}")
    found = tuple(sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES))
    if not found:
        raise DatasetError(f"no photographs in {folder}")
    return found


def read_split(data: Path, split: str) -> Split:
    """One split of a data set.

    Parameters
    ----------
    data : Path
        The Flickr8k layout (``Flicker8k_Dataset/`` and ``Flickr8k_text/``), which
        need hold no more than this split, or a folder of photographs with a
        ``descriptions.txt`` of ``name caption`` lines, which is divided by its file
        names: one in ten is dev, one in ten test.
    split : str
        ``train``, ``dev`` or ``test``.

    Raises
    ------
    DatasetError
        For a missing file, a photograph without captions, captions without a
        photograph, a line that is not as it should be.
    """
    if not data.is_dir():
        raise DatasetError(f"no such folder of photographs and captions: {data}")
    if not (data / TEXTS).is_dir():
        return _described(data, split)
    names = lines_of(data / TEXTS / f"Flickr_8k.{split}Images.txt")
    by_name = _token_captions(data / TEXTS / "Flickr8k.token.txt")
    return assembled(split, data / PHOTOGRAPHS, names, by_name)


def read_apart(data: Path) -> tuple[Split, Split]:
    """Train and dev split, after a look that no photograph is in both."""
    train, dev = read_split(data, "train"), read_split(data, "dev")
    both = sorted({p.name for p in train.photographs} & {p.name for p in dev.photographs})
    if both:
        raise DatasetError(f"in the train and in the dev split: {_some(both)}")
    return train, dev


def withheld(data: Path) -> set[str]:
    """Captions of every photograph that the train split of a data set does not name.

    Of dev and, where the data set holds them, of test: no text that is trained on may be one.
    """
    if (data / TEXTS).is_dir():
        train = set(lines_of(data / TEXTS / "Flickr_8k.trainImages.txt"))
        by_name = _token_captions(data / TEXTS / "Flickr8k.token.txt")
    else:
        by_name = described(data, lines_of(data / DESCRIPTIONS))
        train = {name for name in by_name if share_of(name) == "train"}
    return {text for name, texts in by_name.items() if name not in train for text in texts}


def _described(data: Path, split: str) -> Split:
    path = data / DESCRIPTIONS
    if not path.is_file():
        raise DatasetError(f"missing file: {path}, nor is there a folder {TEXTS}")
    by_name = described(data, lines_of(path))
    names = [name for name in by_name if share_of(name) == split]
    if not names:
        raise DatasetError(
            f"the {split} split is empty: {DESCRIPTIONS} names {len(by_name)} photographs, and"
            " one in ten goes to dev and to test each; some thirty are the least"
        )
    return assembled(split, data, names, by_name)


def _token_captions(path: Path) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for number, line in enumerate(lines_of(path), 1):
        key, tab, caption = line.partition("\t")
        if not tab or "#" not in key:
            raise DatasetError(f"{path.name} line {number}: expected 'name#n<tab>caption'")
        by_name.setdefault(key.rpartition("#")[0], []).append(caption.strip())
    return by_name


def assembled(
    split: str, folder: Path, names: Sequence[str], by_name: Mapping[str, list[str]]
) -> Split:
    """Make a split of these photographs of a folder; raises `DatasetError` for what is amiss."""
    if not names:
        raise DatasetError(f"the {split} split names no photograph")
    uncaptioned = [name for name in names if name not in by_name]
    if uncaptioned:
        raise DatasetError(f"{split}: no caption for {_some(uncaptioned)}")
    wordless = [name for name in names if not any(words_of(text) for text in by_name[name])]
    if wordless:
        raise DatasetError(f"{split}: no caption with a word in it for {_some(wordless)}")
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise DatasetError(f"{split}: captions without a photograph in {folder}: {_some(absent)}")
    return Split(
        split,
        tuple(folder / name for name in names),
        tuple(tuple(by_name[name]) for name in names),
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def lines_of(path: Path) -> list[str]:
    """Lines of a text file but the empty ones; raises `DatasetError` where it is not one."""
    if not path.is_file():
        raise DatasetError(f"missing file: {path}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as damage:
        raise DatasetError(f"{path} is not UTF-8: {damage}") from damage
    return [line for line in text.splitlines() if line.strip()]


DESCRIPTIONS = "descriptions.txt"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def described(folder: Path, lines: Sequence[str]) -> dict[str, list[str]]:
    """Captions by photograph's file name, of ``name caption`` lines.

    A name may leave its suffix out; a line may end in ``#`` and a number after the name.

    Raises
    ------
    DatasetError
        For a line without a caption, a line that names no photograph of the folder, a
        photograph that no line names.
    """
    files = {path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES}
    by_stem = {Path(name).stem: name for name in sorted(files, reverse=True)}
    by_name: dict[str, list[str]] = {}
    for number, line in enumerate(lines, 1):
        said, _, caption = line.replace("\t", " ", 1).partition(" ")
        name = said.partition("#")[0]
        if not caption.strip():
            raise DatasetError(f"{DESCRIPTIONS} line {number}: no caption after {said!r}")
        found = name if name in files else by_stem.get(name)
        if found is None:
            where = f"{DESCRIPTIONS} line {number}"
            raise DatasetError(f"{where}: a caption without a photograph: no {name!r} in {folder}")
        by_name.setdefault(found, []).append(caption.strip())
    if bare := sorted(files - set(by_name)):
        more = f" and {len(bare) - 3} more" if len(bare) > 3 else ""
        raise DatasetError(
            f"photographs without a caption: {', '.join(bare[:3])}{more}:"
            f" give each a line in {folder / DESCRIPTIONS}, or take it out of the folder"
        )
    return by_name


def share_of(name: str) -> str:
    """Give the split that a photograph belongs to: one in ten is test, one in ten dev.

    By a digest of the name, so that a photograph stays where it is when others come.
    """
    tenth = hashlib.sha256(Path(name).stem.encode()).digest()[0] % 10
    return {0: "test", 1: "dev"}.get(tenth, "train")
