"""Watching a folder: what arrives goes in once, and not before it is whole."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
)

from image_repo.errors import Unreachable
from image_repo.folders import LeftOut
from image_repo.uploading import Fate, UploadOutcome
from image_repo.watching import (
    LOOK_SECONDS,
    SETTLED_SECONDS,
    UNCLOSED_SECONDS,
    Arrivals,
    Watch,
    events,
    follow,
)
from tests.api import Api
from tests.importing import Repository, jpeg

NOW = 1_800_000_000.0


@dataclass
class Watched:
    """A folder, a repository, and a clock that the test sets."""

    folder: Path
    repository: Repository
    now: float = NOW
    told: list[UploadOutcome] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin as a new process does."""
        self.watch = Watch(
            self.repository.client(),
            self.folder,
            self.told.append,
            self.left_out.append,
            is_recursive=True,
            arrivals=Arrivals(lambda: self.now),
        )

    def put(self, name: str, body: bytes, *, is_closed: bool = True) -> Path:
        path = self.folder / name
        kind = FileModifiedEvent if path.exists() else FileCreatedEvent
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
        os.utime(path, (self.now, self.now))
        self.hear(kind(str(path)))
        if is_closed:
            self.hear(FileClosedEvent(str(path)))
        return path

    def hear(self, event: FileSystemEvent) -> None:
        self.watch.arrivals.hear(event)

    def look(self, after: float = 0.0) -> float:
        self.now += after
        return self.watch.look()

    @property
    def names(self) -> list[str]:
        return self.repository.names()

    @property
    def fates(self) -> list[Fate]:
        return [outcome.fate for outcome in self.told]


@pytest.fixture
def watched(api: Api, tmp_path: Path) -> Watched:
    folder = tmp_path / "photos"
    folder.mkdir()
    return Watched(folder, Repository(api))


def test_an_empty_folder_is_waited_for(watched: Watched) -> None:
    assert watched.look() == LOOK_SECONDS
    assert watched.names == []


def test_what_arrives_goes_in_when_it_has_settled(watched: Watched) -> None:
    watched.put("dog.jpg", jpeg("a dog"))
    assert watched.look() == SETTLED_SECONDS
    assert watched.names == []
    assert watched.look(after=SETTLED_SECONDS) == LOOK_SECONDS
    assert (watched.names, watched.fates) == (["dog.jpg"], [Fate.UPLOADED])


def test_a_file_that_is_being_written_waits_until_it_is_whole(watched: Watched) -> None:
    watched.put("dog.jpg", jpeg("half of"), is_closed=False)
    watched.look()
    watched.look(after=SETTLED_SECONDS)
    watched.put("dog.jpg", jpeg("half of a dog"), is_closed=False)
    watched.look(after=UNCLOSED_SECONDS - 1)
    assert watched.names == []
    watched.put("dog.jpg", jpeg("half of a dog, and the rest"))
    watched.look()
    watched.look(after=SETTLED_SECONDS)
    assert watched.repository.captions()["dog.jpg"] == (
        "a photograph of half of a dog, and the rest",
        "model",
    )
    assert watched.repository.files == Counter({"dog.jpg": 1})


def test_a_file_of_which_nothing_is_heard_waits_longer(watched: Watched) -> None:
    watched.put("dog.jpg", jpeg("a dog"), is_closed=False)
    assert watched.look() == UNCLOSED_SECONDS
    watched.look(after=UNCLOSED_SECONDS)
    assert watched.names == ["dog.jpg"]


def test_what_a_browser_has_begun_goes_in_under_its_own_name(watched: Watched) -> None:
    begun = watched.put("dog.jpg.crdownload", jpeg("a dog"))
    watched.look(after=LOOK_SECONDS)
    assert (watched.names, watched.left_out) == ([], [])
    begun.rename(watched.folder / "dog.jpg")
    watched.hear(FileMovedEvent(str(begun), str(watched.folder / "dog.jpg")))
    watched.look()
    watched.look(after=SETTLED_SECONDS)
    assert watched.names == ["dog.jpg"]


def test_nothing_is_sent_twice_however_often_it_is_looked_at(watched: Watched) -> None:
    watched.put("dog.jpg", jpeg("a dog"))
    watched.look()
    for _ in range(3):
        watched.look(after=LOOK_SECONDS)
    assert watched.repository.entries == 1
    watched.put("again.jpg", jpeg("a dog"))
    os.utime(watched.folder / "dog.jpg", (1, 1))
    watched.look(after=LOOK_SECONDS)
    assert watched.repository.files == Counter({"dog.jpg": 1})
    assert watched.names == ["dog.jpg"]
    assert set(watched.fates[1:]) <= {Fate.THERE, Fate.DUPLICATE}


def test_a_new_start_takes_up_what_arrived_meanwhile_and_sends_nothing_again(
    watched: Watched,
) -> None:
    for number in range(3):
        watched.put(f"{number}.jpg", jpeg(f"number {number}"))
    watched.look(after=UNCLOSED_SECONDS)
    watched.start()
    watched.put("sub/3.jpg", jpeg("number 3"))
    watched.look(after=UNCLOSED_SECONDS)
    assert watched.names == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert set(watched.repository.files.values()) == {1}


def test_a_sidecar_that_comes_later_is_the_caption(watched: Watched) -> None:
    watched.put("dog.jpg", jpeg("a dog"))
    watched.look(after=LOOK_SECONDS)
    watched.put("descriptions.txt", b"dog.jpg Rex at the lake\n")
    watched.look(after=LOOK_SECONDS)
    assert watched.repository.captions()["dog.jpg"] == ("Rex at the lake", "import")
    assert watched.repository.files == Counter({"dog.jpg": 1})


def test_what_could_not_be_sent_is_sent_at_the_next_look(watched: Watched) -> None:
    watched.put("a.jpg", jpeg("a"))
    watched.put("b.jpg", jpeg("b"))
    watched.repository.breaks_at_file = 1
    with pytest.raises(Unreachable):
        watched.look(after=LOOK_SECONDS)
    watched.repository.breaks_at_file = None
    watched.look()
    assert watched.names == ["a.jpg", "b.jpg"]
    assert set(watched.repository.files.values()) == {1}


def test_what_is_no_photograph_is_told_once_and_when_it_is_whole(watched: Watched) -> None:
    watched.put("film.mov", b"\0\0\0\x14ftypqt  ", is_closed=False)
    watched.look()
    assert watched.left_out == []
    for _ in "twice":
        watched.look(after=UNCLOSED_SECONDS)
    assert [(one.file, one.reason) for one in watched.left_out] == [("film.mov", "is a film")]


def test_a_photograph_that_is_refused_is_told_and_tried_again_when_it_changes(
    watched: Watched,
) -> None:
    watched.put("a\nb.jpg", jpeg("a dog"))
    for _ in "twice":
        watched.look(after=LOOK_SECONDS)
    (refused,) = watched.told
    assert refused.problem and refused.problem.startswith("name: ")
    watched.put("a\nb.jpg", jpeg("another dog"))
    watched.look(after=LOOK_SECONDS)
    assert watched.fates == [Fate.FAILED, Fate.FAILED]


def test_a_real_folder_is_followed_until_it_is_interrupted(api: Api, tmp_path: Path) -> None:
    repository = Repository(api)
    told: list[UploadOutcome] = []

    def tell(outcome: UploadOutcome) -> None:
        told.append(outcome)
        raise KeyboardInterrupt

    with events(tmp_path, is_recursive=True) as heard:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "dog.jpg").write_bytes(jpeg("a dog"))
        watch = Watch(repository.client(), tmp_path, tell, lambda _: None, is_recursive=True)
        with pytest.raises(KeyboardInterrupt):
            follow(watch, heard, lambda _: None)
    assert repository.names() == ["dog.jpg"]
