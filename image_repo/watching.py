"""A folder that is watched: what arrives in it is uploaded as soon as it is whole."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from image_repo.client import Client
from image_repo.contents import Content, Photograph, Said
from image_repo.errors import UNAVAILABLE, CommandError
from image_repo.folders import LeftOut
from image_repo.importing import put_in, read_folder
from image_repo.uploading import Held, UploadOutcome, held_by

SETTLED_SECONDS = 2.0  # how long a file stays as it is that its writer has closed
# How long one stays as it is of which nothing tells whether its writer has closed it: that of a
# network drive, or one that was begun before.
UNCLOSED_SECONDS = 30.0
LOOK_SECONDS = 300.0  # events may be missing
RETRY_SECONDS = 30.0
# What browsers and copying programs call a file until it is whole.
UNFINISHED = frozenset({".part", ".partial", ".crdownload", ".download", ".opdownload", ".tmp"})
# None of reading, which would hear itself.
_HEARD: list[type[FileSystemEvent]] = [
    *(FileCreatedEvent, FileModifiedEvent, FileClosedEvent, FileMovedEvent),
    *(DirCreatedEvent, DirMovedEvent),
]
Signature = tuple[int, int]


@dataclass
class Arrivals:
    """Tells which files are whole, by what was heard of them and by how long they stay as they are.

    ``clock`` tells seconds since 1970, as times of files are.
    """

    clock: Callable[[], float] = time.time
    _seen: dict[Path, Signature] = field(default_factory=dict)
    _changed: dict[Path, float] = field(default_factory=dict)
    _closed: set[Path] = field(default_factory=set)

    def hear(self, event: FileSystemEvent) -> None:
        """Take note of what happened to a file."""
        is_moved = isinstance(event, FileMovedEvent)
        path = Path(os.fsdecode(event.dest_path if is_moved else event.src_path))
        self._changed[path] = self.clock()
        if is_moved or isinstance(event, FileClosedEvent):
            self._closed.add(path)
        else:
            self._closed.discard(path)

    def seconds_left(self, path: Path) -> float:
        """Return after how long a file is whole, if nothing happens to it; 0 where it is."""
        status, now = path.stat(), self.clock()
        is_new = self._seen.get(path) != signature(status)
        if is_new and path not in self._closed:
            self._changed[path] = now
        self._seen[path] = signature(status)
        quiet = now - self._changed.get(path, now)
        if path in self._closed:
            return max(SETTLED_SECONDS - quiet, 0.0)
        return max(UNCLOSED_SECONDS - max(quiet, now - status.st_mtime), 0.0)


@dataclass
class Watch:
    """Uploads what is new in a folder, or newly described, whenever it is looked at.

    Attributes
    ----------
    tell, tell_left_out
        Told of each photograph, and once of each file that is not taken.
    """

    client: Client
    folder: Path
    tell: Callable[[UploadOutcome], object]
    tell_left_out: Callable[[LeftOut], object]
    is_recursive: bool = False
    encoding: str | None = None
    arrivals: Arrivals = field(default_factory=Arrivals)
    _done: dict[Path, tuple[Signature, Mapping[str, Said]]] = field(default_factory=dict)
    _left_out: set[LeftOut] = field(default_factory=set)
    _is_first: bool = True

    def look(self) -> float:
        """Upload what is whole; return after how many seconds there may be more.

        Raises
        ------
        CommandError
            The repository is unavailable, or refuses everything; the next look does it again.
        """
        found = read_folder(
            self.folder, is_recursive=self.is_recursive, encoding=self.encoding, may_be_empty=True
        )
        left = {one: self._seconds_left(one) for one in found.photographs}
        self._upload([one for one, seconds in left.items() if seconds == 0])
        waiting = (*left.values(), *map(self._tell_left_out, found.left_out), LOOK_SECONDS)
        return min(seconds for seconds in waiting if seconds)

    def _seconds_left(self, one: Photograph) -> float | None:
        """Return after how long a photograph is to be uploaded; None where it is not, or was."""
        try:
            is_done = self._done.get(one.path) == _state(one)
            is_unfinished = one.path.suffix.lower() in UNFINISHED
            return None if is_done or is_unfinished else self.arrivals.seconds_left(one.path)
        except OSError:  # it has gone meanwhile
            return None

    def _tell_left_out(self, one: LeftOut) -> float | None:
        """Tell of a file that is not taken, or return after how long it is whole."""
        path = self.folder / one.file
        if one in self._left_out or path.suffix.lower() in UNFINISHED:
            return None
        with suppress(OSError):
            if path.is_file() and (left := self.arrivals.seconds_left(path)):
                return left
        self._left_out.add(one)
        self.tell_left_out(one)
        return None

    def _upload(self, photographs: Iterable[Photograph]) -> None:
        states = {}
        for one in photographs:
            with suppress(OSError):
                states[one] = _state(one)
        if not states:
            return
        # Only at first there are many, of which a listing of the repository tells more quickly.
        held: Callable[[Client, Mapping[Photograph, Content]], Held] = (
            held_by if self._is_first else lambda *_: {}
        )
        imported = put_in(self.client, list(states), held=held, until_captioned=False)
        self._is_first = False
        for outcome in imported.outcomes:
            self._done[outcome.photograph.path] = states[outcome.photograph]
            self.tell(outcome)


def signature(status: os.stat_result) -> Signature:
    """Return what tells that a file has changed."""
    return status.st_size, status.st_mtime_ns


def _state(one: Photograph) -> tuple[Signature, Mapping[str, Said]]:
    return signature(one.path.stat()), one.said


class _Handler(FileSystemEventHandler):
    def __init__(self, heard: "SimpleQueue[FileSystemEvent]") -> None:
        self._heard = heard

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._heard.put(event)


@contextmanager
def events(folder: Path, *, is_recursive: bool) -> Iterator["SimpleQueue[FileSystemEvent]"]:
    """Yield what happens in a folder."""
    heard: SimpleQueue[FileSystemEvent] = SimpleQueue()
    observer = Observer()
    observer.schedule(_Handler(heard), str(folder), recursive=is_recursive, event_filter=_HEARD)
    observer.start()
    try:
        yield heard
    finally:
        observer.stop()
        observer.join()


def follow(
    watch: Watch, heard: "SimpleQueue[FileSystemEvent]", complain: Callable[[str], object]
) -> None:
    """Look at a folder again whenever something has happened in it, until interrupted."""
    while True:
        try:
            seconds = watch.look()
        except CommandError as problem:
            if problem.exit_code != UNAVAILABLE:
                raise
            seconds = RETRY_SECONDS
            complain(f"{problem}; it is tried again in {seconds:.0f} s")
        for event in _within(seconds, heard):
            watch.arrivals.hear(event)


def _within(seconds: float, heard: "SimpleQueue[FileSystemEvent]") -> Iterator[FileSystemEvent]:
    """Yield what happens: what is first, and what else does so soon after."""
    with suppress(Empty):
        yield heard.get(timeout=seconds)
        end = time.monotonic() + SETTLED_SECONDS
        while (left := end - time.monotonic()) > 0:
            yield heard.get(timeout=left)
