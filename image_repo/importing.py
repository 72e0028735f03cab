"""A folder of photographs with what its files say of them, put into a repository."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from image_repo.client import Client
from image_repo.contents import Content, Photograph, read_contents
from image_repo.describing import describe, is_text_file
from image_repo.errors import CommandError
from image_repo.exported import Problem, read_exported
from image_repo.folders import TAKEN, LeftOut, look_through
from image_repo.names import shown
from image_repo.terminal import progress
from image_repo.uploading import (
    AT_ONCE,
    Duplicates,
    Fate,
    Held,
    Uploading,
    UploadOutcome,
    held_by,
)
from image_repo.waiting import wait
from image_repo_formats import text_encoding


@dataclass(frozen=True, slots=True)
class Folder:
    """Photographs with what is said of them.

    Attributes
    ----------
    described
        How many have a caption.
    problems
        Lines of its files that led to nothing.
    left_out
        What is no photograph, or is not taken.
    """

    photographs: tuple[Photograph, ...]
    described: int
    problems: tuple[Problem, ...]
    left_out: tuple[LeftOut, ...]


def read_folder(
    folder: Path,
    *,
    is_recursive: bool = False,
    encoding: str | None = None,
    may_be_empty: bool = False,
) -> Folder:
    """Read a folder of photographs.

    Parameters
    ----------
    encoding
        Of its caption files; without, it is told by what they hold.

    Raises
    ------
    CommandError
        It is no folder, there is nothing in it and it may not be empty, or no encoding has this
        name.
    """
    if not folder.is_dir():
        raise CommandError(f"{shown(folder)} is no folder")
    if encoding is not None:
        _check(encoding)
    exported, problems = read_exported(folder)
    contents = look_through(
        folder, is_text_file=is_text_file, listed=exported, is_recursive=is_recursive
    )
    if not (contents.photographs or contents.left_out or may_be_empty):
        raise CommandError(f"{shown(folder)} holds no photographs ({TAKEN})")
    told = describe(contents, exported, encoding=encoding, is_recursive=is_recursive)
    photographs = tuple(
        Photograph(
            path,
            shown(path.relative_to(folder)),
            told.said.get(path, {}),
            record.name if (record := exported.get(_listed(path, folder))) else "",
            is_record=record is not None,
        )
        for path in contents.photographs
    )
    captions = sum(1 for one in photographs if "caption" in one.said)
    return Folder(
        photographs,
        captions,
        (*problems, *told.problems),
        (*contents.left_out, *told.left_out),
    )


def _check(encoding: str) -> None:
    try:
        text_encoding.known(encoding)
    except LookupError as error:
        raise CommandError(f"--encoding: {error}") from error


def _listed(path: Path, folder: Path) -> str:
    return path.name if path.parent == folder else ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of photographs.

    Attributes
    ----------
    failed
        Why photographs could not be captioned, by id.
    """

    outcomes: Sequence[UploadOutcome]
    failed: Mapping[str, str]

    def problem(self, outcome: UploadOutcome) -> str | None:
        """Return why a photograph failed; None where it did not."""
        return outcome.problem or self.failed.get(outcome.image.get("id", ""))


def put_in(
    client: Client,
    photographs: Sequence[Photograph],
    *,
    held: Callable[[Client, Mapping[Photograph, Content]], Held] = held_by,
    duplicates: Duplicates = Duplicates.REPORT,
    keys: str = "copy",
    at_once: int = AT_ONCE,
    until_captioned: bool = True,
    patience: float = 600.0,
) -> Imported:
    """Upload photographs and wait for their captions, showing how far it is.

    Parameters
    ----------
    held
        Finds what the repository holds already.
    duplicates, keys, at_once
        Of `Uploading`.
    patience
        Seconds without any progress, after which waiting is given up.
    """
    with progress() as bars:
        contents, refused = _read(photographs, bars)
        comparing = bars.add_task("Comparing", total=None)
        known = held(client, contents)
        bars.update(comparing, total=1, completed=1)
        done = _counter("Uploading", len(contents), bars)
        outcomes = Uploading(client, known, duplicates, keys, at_once, done)(contents)
        failed = _captioned(client, outcomes, patience, bars) if until_captioned else {}
    return Imported([*refused, *outcomes], failed)


def _read(
    photographs: Sequence[Photograph], bars: Progress
) -> tuple[Mapping[Photograph, Content], Sequence[UploadOutcome]]:
    """Return what photographs hold, and the outcomes of those that cannot be taken."""
    read = read_contents(photographs, _counter("Reading", len(photographs), bars))
    told = dict(zip(photographs, read, strict=True))
    contents = {one: found for one, found in told.items() if isinstance(found, Content)}
    refused = [
        UploadOutcome(one, Fate.FAILED, problem=found)
        for one, found in told.items()
        if isinstance(found, str)
    ]
    return contents, refused


def _captioned(
    client: Client, outcomes: Sequence[UploadOutcome], patience: float, bars: Progress
) -> Mapping[str, str]:
    ids = {one.image["id"] for one in outcomes if one.image}
    task = bars.add_task("Captioning", total=len(ids))
    failed = wait(client, ids, lambda count: bars.update(task, completed=count), patience)
    if failed:
        described = f"Captioning, {len(failed)} failed"
        bars.update(task, completed=len(ids) - len(failed), description=described)
    return failed


def _counter(what: str, total: int, bars: Progress) -> Callable[[], None]:
    task = bars.add_task(what, total=total)
    return lambda: bars.advance(task)
