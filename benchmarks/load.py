"""Uploads, edits, deletes and searches at once, and a ledger of what was answered."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from benchmarks.drawings import draw
from image_repo.client import PAGE, Client, Json
from image_repo.errors import ApiProblem, CommandError

STATES = ["captioned", "needs_review"]
PAUSE_SECONDS = 0.1
GONE = 404


@dataclass
class Ledger:
    """What a stack was asked, and which of it it answered with success.

    Attributes
    ----------
    uploaded
        Photographs whose file was taken, id to name.
    deleted, maybe_deleted
        Those whose removal was answered with success; these, and those whose removal was not
        answered.
    edited
        Captions that a photograph may have: the last that was answered with success, or the one
        that it had before, and all that were tried after it.
    edits
        How many were answered with success.
    searches, refusals
        How many were answered with success, and how many requests of any kind were not.
    """

    uploaded: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    maybe_deleted: set[str] = field(default_factory=set)
    edited: dict[str, list[str | None]] = field(default_factory=dict)
    edits: int = 0
    searches: int = 0
    refusals: int = 0

    def tally(self) -> dict[str, float]:
        """Return how much there is of each."""
        return {
            "uploads_answered": len(self.uploaded),
            "edits_answered": self.edits,
            "deletes_answered": len(self.deleted),
            "searches_answered": self.searches,
            "not_answered": self.refusals,
        }


class Load:
    """Keeps a stack busy for as long as it is entered.

    Parameters
    ----------
    connect
        Returns a client; called again where one fails, since addresses may change.
    folder
        Where drawings are put.
    seed
        Of what is edited and deleted.
    pause
        Seconds between two requests of one kind.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        folder: Path,
        seed: int,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self.ledger = Ledger()
        self._connect, self._folder, self._rng = connect, folder, random.Random(seed)
        self._pause = pause
        self._ends, self._lock, self._problems = Event(), Lock(), list[BaseException]()
        works = (self._upload, self._upload, self._edit, self._delete, self._search)
        self._threads = [Thread(target=self._repeat, args=(work,)) for work in works]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()
        if problem is None and self._problems:
            raise self._problems[0]

    def _repeat(self, work: Callable[[Client], None]) -> None:
        try:
            while not self._ends.is_set():
                with self._connect() as client:
                    self._try(client, work)
        except BaseException as problem:  # told by whoever waits for the threads
            self._problems.append(problem)

    def _try(self, client: Client, work: Callable[[Client], None]) -> None:
        while not self._ends.wait(self._pause):
            try:
                work(client)
            except CommandError:
                with self._lock:
                    self.ledger.refusals += 1
                return

    def _upload(self, client: Client) -> None:
        path = draw(self._folder)
        body = path.read_bytes()
        described = {"name": path.name, "content_type": "image/jpeg", "size": len(body)}
        answer = client.enter(described)
        client.send(answer["upload"], body)
        with self._lock:
            self.ledger.uploaded[answer["image"]["id"]] = path.name
        path.unlink()

    def _edit(self, client: Client) -> None:
        chosen = self._one_of(self.ledger.maybe_deleted)
        if (
            chosen is None
            or (image := client.call("GET", f"images/{chosen}"))["state"] not in STATES
        ):
            return
        text = f"A word {self._rng.getrandbits(64):x}"
        with self._lock:
            self.ledger.edited.setdefault(chosen, [caption_of(image)]).append(text)
        client.call("PATCH", f"images/{chosen}", body={"caption": text})
        with self._lock:
            self.ledger.edited[chosen] = [text]
            self.ledger.edits += 1

    def _delete(self, client: Client) -> None:
        if len(self.ledger.uploaded) < 3 * len(self.ledger.maybe_deleted) + 5:
            return
        chosen = self._one_of({*self.ledger.maybe_deleted, *self.ledger.edited})
        if chosen is None:
            return
        with self._lock:
            self.ledger.maybe_deleted.add(chosen)
        try:
            client.call("DELETE", f"images/{chosen}")
        except ApiProblem as problem:  # a repeated request finds it gone
            if problem.status != GONE:
                raise
        with self._lock:
            self.ledger.deleted.add(chosen)

    def _search(self, client: Client) -> None:
        client.search({"text": "a red ball", "limit": 10})
        with self._lock:
            self.ledger.searches += 1

    def _one_of(self, without: set[str]) -> str | None:
        with self._lock:
            known = sorted(self.ledger.uploaded.keys() - without)
        return self._rng.choice(known) if known else None


def caption_of(image: Json) -> str | None:
    """Return the text of a photograph's caption, if it has one."""
    caption = image["caption"]
    return str(caption["text"]) if caption else None


def all_hits(client: Client) -> Iterator[dict[str, Any]]:
    """Yield everything that can be found."""
    asked: dict[str, Any] = {"limit": PAGE, "filters": {"states": STATES}}
    while True:
        answer = client.search(asked)
        yield from answer["hits"]
        if answer["cursor"] is None:
            return
        asked["cursor"] = answer["cursor"]
