"""The channels, laid out as the data folder that the steps read."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from training.errors import DatasetError
from training.sagemaker.container import Container

PHOTOGRAPHS = "Flicker8k_Dataset"
TEXTS = "Flickr8k_text"
TOKENS = "Flickr8k.token.txt"
DESCRIPTIONS = "descriptions.txt"
TEACHERS = ("vgg19.npz", "efficientnet-lite2.npz")


def data_folder(container: Container) -> Path:
    """Link ``photographs`` and ``captions`` into one folder, afresh.

    Captions are Flickr8k's text files, or a ``descriptions.txt``; either may lie in a
    folder of the channel.

    Raises
    ------
    DatasetError
        For a missing channel, or one without captions.
    """
    photographs = _flat(_channel(container, "photographs"))
    captions = _channel(container, "captions")
    data = container.scratch / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    if tokens := _first(captions, TOKENS):
        _link(data / PHOTOGRAPHS, photographs)
        _link(data / TEXTS, tokens.parent)
    elif descriptions := _first(captions, DESCRIPTIONS):
        for file in (descriptions, *_files(photographs)):
            _link(data / file.name, file)
    else:
        raise DatasetError(f"channel captions: neither {TOKENS} nor {DESCRIPTIONS} in {captions}")
    return data


def only_file(container: Container, channel: str, suffix: str) -> Path | None:
    """Give a channel's one file of a kind; None where the job has no such channel.

    Raises
    ------
    DatasetError
        If it holds none or several.
    """
    folder = container.channel(channel)
    if folder is None:
        return None
    found = sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())
    if len(found) != 1:
        kind = f"{suffix} file" if suffix else "file"
        raise DatasetError(f"channel {channel}: expected one {kind}, found {len(found)}")
    return found[0]


def optional_folder(container: Container, channel: str) -> Path | None:
    """Give the folder of a channel that holds its files; None where there is no such channel."""
    folder = container.channel(channel)
    return None if folder is None else _flat(folder)


def teachers_folder(container: Container) -> Path:
    """Give the folder of channel ``teachers``, which must hold what the step of that name leaves.

    Raises
    ------
    DatasetError
        If there is no such channel, or one of `TEACHERS` is not in it.
    """
    folder = optional_folder(container, "teachers")
    if folder is None:
        raise DatasetError("channel teachers: missing; the step of that name leaves its files")
    for name in TEACHERS:
        if not (folder / name).is_file():
            raise DatasetError(f"channel teachers: no {name}; the step of that name leaves it")
    return folder


def _channel(container: Container, name: str) -> Path:
    folder = container.channel(name)
    if folder is None:
        raise DatasetError(f"channel {name}: missing; the job wants photographs and captions")
    return folder


def _flat(folder: Path) -> Path:
    """Go down to where the files lie: a prefix in S3 often holds one folder."""
    inside = list(folder.iterdir())
    while len(inside) == 1 and inside[0].is_dir():
        folder = inside[0]
        inside = list(folder.iterdir())
    return folder


def _first(folder: Path, name: str) -> Path | None:
    return next(iter(sorted(folder.rglob(name))), None)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file() and path.name != DESCRIPTIONS)


def _link(link: Path, to: Path) -> None:
    link.symlink_to(to.resolve(), target_is_directory=to.is_dir())
