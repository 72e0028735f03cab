"""Reading photographs and captions: the Flickr8k layout, or a plain folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from captioner.vision.tokenizer import words_of
from training.errors import DatasetError

__all__ = ["Split", "clean", "list_photographs", "read_split"]

PHOTOGRAPHS = "Flicker8k_Dataset"
TEXTS = "Flickr8k_text"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Split:
    """One split: photographs in a fixed order, and each one's raw captions."""

    name: str
    photographs: tuple[Path, ...]
    captions: tuple[tuple[str, ...], ...]


def clean(caption: str) -> list[str]:
    """Words of a caption, as the product's tokenizer reads them.

    Parameters
    ----------
    caption : str
        A caption as a person wrote it.

    Returns
    -------
    list of str
        The words that a caption model is trained and scored on.
    """
    return words_of(caption)


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
        ``descriptions.txt`` of ``name caption`` lines, whose split is ``all``.
    split : str
        ``train``, ``dev`` or ``test``.

    Raises
    ------
    DatasetError
        For a missing file, a photograph without captions, a caption list that
        names a photograph which is not there.
    """
    if (data / "descriptions.txt").is_file():
        return _plain_folder(data, split)
    names = _lines(data / TEXTS / f"Flickr_8k.{split}Images.txt")
    by_name = _token_captions(data / TEXTS / "Flickr8k.token.txt")
    return _assemble(split, data / PHOTOGRAPHS, names, by_name)


def _plain_folder(data: Path, split: str) -> Split:
    by_name: dict[str, list[str]] = {}
    for number, line in enumerate(_lines(data / "descriptions.txt"), 1):
        name, _, caption = line.partition(" ")
        if not caption.strip():
            raise DatasetError(f"descriptions.txt line {number}: no caption after {name!r}")
        by_name.setdefault(_with_suffix(data, name), []).append(caption.strip())
    return _assemble(split, data, list(by_name), by_name)


def _with_suffix(folder: Path, name: str) -> str:
    if (folder / name).is_file() or Path(name).suffix.lower() in SUFFIXES:
        return name
    return f"{name}.jpg"


def _token_captions(path: Path) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for number, line in enumerate(_lines(path), 1):
        key, tab, caption = line.partition("\t")
        if not tab or "#" not in key:
            raise DatasetError(f"{path.name} line {number}: expected 'name#n<tab>caption'")
        by_name.setdefault(key.rpartition("#")[0], []).append(caption.strip())
    return by_name


def _assemble(
    split: str, folder: Path, names: Sequence[str], by_name: Mapping[str, list[str]]
) -> Split:
    if not names:
        raise DatasetError(f"the {split} split names no photograph")
    uncaptioned = [name for name in names if name not in by_name]
    if uncaptioned:
        raise DatasetError(f"{split}: no caption for {_some(uncaptioned)}")
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


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DatasetError(f"missing file: {path}")
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
