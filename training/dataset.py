"""Reading photographs and captions: Flickr8k's layout, a plain folder, everyday photographs."""

import hashlib
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from captioner.vision.text import words_of
from image_repo_formats import CONTENT_TYPES
from image_repo_formats import captions as caption_files
from image_repo_formats.entries import CaptionFileError, UnreadableLine
from training.errors import DatasetError
from training.logs import objects

PHOTOGRAPHS, TEXTS = "Flicker8k_Dataset", "Flickr8k_text"
TOKENS = "Flickr8k.token.txt"
CAPTIONS, EVERYDAY_DEV, EVERYDAY = "captions.jsonl", "everyday_dev.txt", "photographs"


@dataclass(frozen=True)
class Split:
    """One split: photographs in a fixed order, and each one's raw captions."""

    name: str
    photographs: tuple[Path, ...]
    captions: tuple[tuple[str, ...], ...]


def read_splits(options: Namespace) -> tuple[list[Split], list[Split]]:
    """Give the splits with captions that are trained on, and those held out.

    First those of ``--data``, then the everyday photographs of ``--captioned``, where there are.
    """
    train, dev = read_apart(options.data)
    if options.captioned is None:
        return [train], [dev]
    more, everyday = (read_everyday(options.captioned, part) for part in ("train", "dev"))
    return [train, more], [dev, everyday]


def read_apart(data: Path) -> tuple[Split, Split]:
    """Train and dev split, after a look that no photograph is in both."""
    train, dev = read_split(data, "train"), read_split(data, "dev")
    both = sorted({p.name for p in train.photographs} & {p.name for p in dev.photographs})
    if both:
        raise DatasetError(f"in the train and in the dev split: {some_of(both)}")
    return train, dev


def read_split(data: Path, split: str) -> Split:
    """Read ``train``, ``dev`` or ``test`` of a data set.

    It has the Flickr8k layout (``Flicker8k_Dataset/`` and ``Flickr8k_text/``), and need hold no
    more than this split, or is a folder of photographs with a file of captions in any form that
    `image_repo_formats.captions` reads, which `share_of` divides. Raises `DatasetError` for a
    missing file, a photograph without captions, captions without a photograph, a line that is not
    as it should be.
    """
    if not data.is_dir():
        raise DatasetError(f"no such folder of photographs and captions: {data}")
    if (data / TEXTS).is_dir():
        names = lines_of(data / TEXTS / f"Flickr_8k.{split}Images.txt")
        return assembled(split, data / PHOTOGRAPHS, names, _token_captions(data))
    by_name = _described(data)
    names = [name for name in by_name if share_of(name) == split]
    if not names:
        raise DatasetError(
            f"the {split} split is empty: the captions name {len(by_name)} photographs, and"
            " one in ten goes to dev and to test each; some thirty are the least"
        )
    return assembled(split, data, names, by_name)


def withheld(data: Path) -> set[str]:
    """Captions of every photograph that the train split of a data set does not name.

    Of dev and, where the data set holds them, of test: no text that is trained on may be one.
    """
    if (data / TEXTS).is_dir():
        train = set(lines_of(data / TEXTS / "Flickr_8k.trainImages.txt"))
        by_name = _token_captions(data)
    else:
        by_name = _described(data)
        train = {name for name in by_name if share_of(name) == "train"}
    return {text for name, texts in by_name.items() if name not in train for text in texts}


def read_everyday(folder: Path, part: Literal["train", "dev"]) -> Split:
    """Read ``everyday-train`` or ``everyday-dev``, in the file's order, with every caption.

    The folder has ``captions.jsonl`` (see `read_captions`), ``photographs/``, and
    ``everyday_dev.txt``, which names the photographs of dev. Raises `DatasetError` for a missing
    file, a line that is not as it should be, a photograph that is not there or without a word.
    """
    if not folder.is_dir():
        raise DatasetError(f"no such folder of photographs and captions: {folder}")
    by_name = read_captions(folder / CAPTIONS)
    dev = set(lines_of(folder / EVERYDAY_DEV))
    if unknown := sorted(dev - set(by_name)):
        raise DatasetError(f"{EVERYDAY_DEV} names {unknown[0]!r}, which {CAPTIONS} does not")
    found = [name for name in by_name if (name in dev) == (part == "dev")]
    return assembled(f"everyday-{part}", folder / EVERYDAY, found, by_name)


def read_captions(path: Path) -> dict[str, list[str]]:
    """Read JSON lines of ``file`` and ``captions``: captions by the photograph's file name.

    Raises `DatasetError` for a missing file, a line that is not as it should be (the message
    numbers it), or a photograph that has a line already.
    """
    by_name: dict[str, list[str]] = {}
    for entry in objects(lines_of(path), path.name, file=str, captions=list):
        name = entry["file"]
        if Path(name).name != name:
            raise DatasetError(f"{path.name}: 'file' must name a photograph, not {name!r}")
        if name in by_name:
            raise DatasetError(f"{path.name}: {name} has a line already")
        by_name[name] = entry["captions"]
    return by_name


def caption_file_of(paths: Iterable[Path]) -> Path | None:
    """Return the file of captions that counts first; None where there is none."""
    ranked = [
        (place, path)
        for path in paths
        if (place := caption_files.rank(path.name)) is not None
        and not caption_files.is_sidecar(path.name)
    ]
    return min(ranked)[1] if ranked else None


def _token_captions(data: Path) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for _, name, caption in _lines(data / TEXTS / TOKENS):
        by_name.setdefault(name, []).append(caption)
    return by_name


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield number, name and caption of a file's lines; raises `DatasetError` for a faulty one."""
    if not path.is_file():
        raise DatasetError(f"missing file: {path}")
    try:
        with path.open("rb") as file:
            for entry in caption_files.read(file, path.name).entries:
                if isinstance(entry, UnreadableLine):
                    raise DatasetError(f"{path.name} line {entry.number}: {entry.reason}")
                yield entry.number, entry.name, entry.caption or ""
    except CaptionFileError as error:
        raise DatasetError(f"{path}: {error.reason}") from error


def _described(folder: Path) -> dict[str, list[str]]:
    """Captions by photograph's file name, which a line may leave the suffix out of."""
    path = caption_file_of(folder.iterdir())
    if path is None:
        raise DatasetError(
            f"missing file: {folder / caption_files.DEFAULT_NAME}, nor is there a folder {TEXTS}"
        )
    files = {found.name for found in folder.iterdir() if found.suffix.lower() in CONTENT_TYPES}
    by_name: dict[str, list[str]] = {}
    for number, said, caption in _lines(path):
        found = next((name for name in caption_files.names(said) if name in files), None)
        if found is None:
            where = f"{path.name} line {number}"
            raise DatasetError(f"{where}: a caption without a photograph: no {said!r} in {folder}")
        by_name.setdefault(found, []).append(caption)
    if bare := sorted(files - set(by_name)):
        raise DatasetError(
            f"photographs without a caption: {some_of(bare)}:"
            f" give each a line in {path}, or take it out of the folder"
        )
    return by_name


def share_of(name: str) -> str:
    """Give the split that a photograph belongs to: one in ten is test, one in ten dev.

    By a digest of the name, so that a photograph stays where it is when others come.
    """
    tenth = hashlib.sha256(Path(name).stem.encode()).digest()[0] % 10
    return {0: "test", 1: "dev"}.get(tenth, "train")


def assembled(
    split: str, folder: Path, names: Sequence[str], by_name: Mapping[str, list[str]]
) -> Split:
    """Make a split of these photographs of a folder; raises `DatasetError` for what is amiss."""
    if not names:
        raise DatasetError(f"the {split} split names no photograph")
    if uncaptioned := [name for name in names if name not in by_name]:
        raise DatasetError(f"{split}: no caption for {some_of(uncaptioned)}")
    wordless = [name for name in names if not any(words_of(text) for text in by_name[name])]
    if wordless:
        raise DatasetError(f"{split}: no caption with a word in it for {some_of(wordless)}")
    if absent := [name for name in names if not (folder / name).is_file()]:
        raise DatasetError(f"{split}: captions without a photograph in {folder}: {some_of(absent)}")
    captions = tuple(tuple(by_name[name]) for name in names)
    return Split(split, tuple(folder / name for name in names), captions)


def list_photographs(folder: Path) -> tuple[Path, ...]:
    """Every photograph directly in a folder, by name; raises `DatasetError` where there is none."""
    if not folder.is_dir():
        raise DatasetError(f"no such folder of photographs: {folder}")
    found = tuple(sorted(p for p in folder.iterdir() if p.suffix.lower() in CONTENT_TYPES))
    if not found:
        raise DatasetError(f"no photographs in {folder}")
    return found


def lines_of(path: Path) -> list[str]:
    """Lines of a text file but the empty ones; raises `DatasetError` where it is not one."""
    if not path.is_file():
        raise DatasetError(f"missing file: {path}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as damage:
        raise DatasetError(f"{path} is not UTF-8: {damage}") from damage
    return [line for line in text.splitlines() if line.strip()]


def some_of(names: Sequence[str]) -> str:
    """Name the first three, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
