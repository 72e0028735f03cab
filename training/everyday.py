"""Everyday photographs with captions, beyond Flickr8k's people and dogs."""

from argparse import Namespace
from pathlib import Path
from typing import Literal

from training import dataset
from training.dataset import Split, assembled, lines_of
from training.errors import DatasetError
from training.logs import objects

CAPTIONS, DEV, PHOTOGRAPHS = "captions.jsonl", "everyday_dev.txt", "photographs"


def read_everyday(folder: Path, names: Literal["train", "dev"]) -> Split:
    """Read one part of a folder of photographs with any number of captions each.

    Parameters
    ----------
    folder : Path
        ``captions.jsonl`` (a line a photograph: ``file`` and ``captions``), ``photographs/``,
        and ``everyday_dev.txt``, which names the photographs of dev; the others are train.
    names : str
        Which part.

    Returns
    -------
    Split
        Called ``everyday-train`` or ``everyday-dev``, in the file's order, with every caption.

    Raises
    ------
    DatasetError
        For a missing file, a line that is not as it should be (the message numbers it), a
        photograph that is named twice or not there, or one without a caption with a word in it.
    """
    if not folder.is_dir():
        raise DatasetError(f"no such folder of photographs and captions: {folder}")
    by_name = read_captions(folder / CAPTIONS)
    dev = set(lines_of(folder / DEV))
    if unknown := sorted(dev - set(by_name)):
        raise DatasetError(f"{DEV} names {unknown[0]!r}, which {CAPTIONS} does not")
    found = [name for name in by_name if (name in dev) == (names == "dev")]
    return assembled(f"everyday-{names}", folder / PHOTOGRAPHS, found, by_name)


def read_splits(options: Namespace) -> tuple[list[Split], list[Split]]:
    """Give the splits with captions that are trained on, and those held out.

    First those of ``--data``, then the everyday photographs of ``--captioned``, where there are.
    """
    train, dev = dataset.read_apart(options.data)
    if options.captioned is None:
        return [train], [dev]
    more, everyday = (read_everyday(options.captioned, part) for part in ("train", "dev"))
    return [train, more], [dev, everyday]


def read_captions(path: Path) -> dict[str, list[str]]:
    """Read JSON lines of ``file`` and ``captions``: captions by the photograph's file name.

    Raises
    ------
    DatasetError
        For a missing file, a line that is not as it should be (the message numbers it), or a
        photograph that has a line already.
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
