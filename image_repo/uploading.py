"""Uploading many photographs: at once, written down to be resumed, and waited for."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from image_repo.client import PAGE, Client, Json, image_path
from image_repo.errors import UNAVAILABLE, ApiProblem, CommandError
from image_repo.output import progress

AT_ONCE = 8
POLL_SECONDS = 0.5
# Between this machine's clock and the repository's, and for all tries of a request.
CLOCKS_APART = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Photograph:
    """A file to upload, with its caption if someone wrote one."""

    path: Path
    caption: str | None = None

    @property
    def fingerprint(self) -> str:
        """What tells this very upload from one of a changed file or caption."""
        told = self.path.stat()
        return json.dumps([self.path.name, told.st_size, told.st_mtime_ns, self.caption])


@dataclass(frozen=True, slots=True)
class UploadOutcome:
    """What became of a photograph: its id, or the reason why it has none."""

    photograph: Photograph
    image_id: str | None
    problem: str | None = None


class ResumeLog:
    """Remembers on disk what was entered and what was sent, so that a cut upload goes on.

    Parameters
    ----------
    path
        A file of JSON lines; None remembers nothing beyond this run.
    client
        Of the repository: tells which photographs are gone, which then count as never sent, and
        after a cut which records wait for their file. None where nothing is remembered.
    """

    def __init__(self, path: Path | None, client: Client | None = None) -> None:
        self._path = path
        self._lock = Lock()
        last = {line["file"]: line for line in self._lines()}
        sent = {file: line["id"] for file, line in last.items() if line["sent"]}
        gone = missing(client, set(sent.values())) if client else set()
        self.sent = {file: image_id for file, image_id in sent.items() if image_id not in gone}
        self._cut = {file: line for file, line in last.items() if not line["sent"]}
        is_id_lost = any(line["id"] is None for line in self._cut.values())
        self._pending = [*in_state(client, "pending")] if client and is_id_lost else []

    def begin(self, photograph: Photograph) -> None:
        """Write down that a photograph is about to be entered, whose id may never be heard."""
        at = datetime.now(UTC).isoformat()
        self._write({"file": photograph.fingerprint, "id": None, "sent": False, "at": at})

    def note(self, photograph: Photograph, image_id: str, *, sent: bool) -> None:
        """Write down that a photograph was entered, or that its file was sent too."""
        if sent:
            self.sent[photograph.fingerprint] = image_id
        self._write({"file": photograph.fingerprint, "id": image_id, "sent": sent})

    def unsent(self, photograph: Photograph) -> set[str]:
        """Return the records of a photograph that a cut run left without a file."""
        line = self._cut.get(photograph.fingerprint)
        if line is None:
            return set()
        if line["id"] is not None:
            return {line["id"]}
        begun = datetime.fromisoformat(line["at"])
        ids = {image["id"] for image in self._pending if _is_of(image, photograph, begun)}
        return ids - set(self.sent.values())

    def _write(self, line: Json) -> None:
        if self._path is None:
            return
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> Iterator[Json]:
        if self._path is None or not self._path.exists():
            return
        text = self._path.read_text("utf-8")
        if text and not text.endswith("\n"):
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n")  # or the next line would be lost to the torn one
        for line in text.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue  # the last line of a run that was killed


def _is_of(image: Json, photograph: Photograph, begun: datetime) -> bool:
    path = photograph.path
    is_same = (image["name"], image["size"]) == (path.name, path.stat().st_size)
    return is_same and abs(datetime.fromisoformat(image["created_at"]) - begun) < CLOCKS_APART


def missing(client: Client, ids: set[str]) -> set[str]:
    """Return those ids of photographs that the repository does not show to this token."""
    listed = client.pages("images", "items", {"limit": PAGE}) if ids else iter(())
    doubtful = sorted(ids - {image["id"] for image in listed})
    # Lists lag behind by moments; a photograph's own route does not.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        there = pool.map(lambda image_id: _met(client, "GET", image_id), doubtful)
        return {one for one, is_there in zip(doubtful, there, strict=True) if not is_there}


def _met(client: Client, method: str, image_id: str) -> bool:
    """Call a photograph's route; return whether there is such a photograph."""
    try:
        client.call(method, image_path(image_id))
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        return False
    return True


def upload(
    client: Client,
    photographs: Iterable[Photograph],
    log: ResumeLog,
    done: Callable[[], object] = lambda: None,
    at_once: int = AT_ONCE,
) -> list[UploadOutcome]:
    """Upload photographs, several at once, leaving out what the log says is sent.

    ``done`` is called after each of them.
    """
    outcomes = []
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for outcome in pool.map(lambda one: _upload(client, one, log), photographs):
                outcomes.append(outcome)
                done()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return outcomes


def _upload(client: Client, photograph: Photograph, log: ResumeLog) -> UploadOutcome:
    try:
        file = photograph.fingerprint
        if file in log.sent:
            return UploadOutcome(photograph, log.sent[file])
        for image_id in log.unsent(photograph):
            _met(client, "DELETE", image_id)
        log.begin(photograph)
        image, form = client.enter(photograph.path, photograph.caption)
        log.note(photograph, image["id"], sent=False)
        client.send(form, photograph.path)
        log.note(photograph, image["id"], sent=True)
    except (CommandError, OSError) as problem:
        if isinstance(problem, CommandError) and problem.exit_code == UNAVAILABLE:
            raise
        return UploadOutcome(photograph, None, str(problem))
    return UploadOutcome(photograph, image["id"])


def wait(
    client: Client, ids: set[str], progress: Callable[[int], None], patience: float = 600.0
) -> Mapping[str, str]:
    """Wait until photographs are no longer pending; return the failed ones' reasons by id.

    ``progress`` is told how many are through.

    Raises
    ------
    CommandError
        Nothing moved for ``patience`` seconds.
    """
    left, moved = set(ids), time.monotonic()
    while left:
        still = ids & {image["id"] for image in in_state(client, "pending")}
        if len(still) < len(left):
            moved = time.monotonic()
        if time.monotonic() - moved > patience:
            raise CommandError(f"{len(still)} photographs stay pending; see 'image-repo stats'")
        left = still
        progress(len(ids) - len(left))
        if left:
            time.sleep(POLL_SECONDS)
    return {
        image["id"]: image["reason"] or "it failed"
        for image in in_state(client, "failed")
        if image["id"] in ids
    }


def upload_and_wait(
    client: Client,
    photographs: Sequence[Photograph],
    log: ResumeLog,
    *,
    at_once: int = AT_ONCE,
    until_captioned: bool = True,
    patience: float = 600.0,
) -> tuple[list[UploadOutcome], Mapping[str, str]]:
    """Upload photographs and wait for their captions, showing how far it is.

    Return what became of each, and by id why it could not be captioned.
    """
    with progress() as bars:
        task = bars.add_task("Uploading", total=len(photographs))
        outcomes = upload(client, photographs, log, lambda: bars.advance(task), at_once)
        if not until_captioned:
            return outcomes, {}
        ids = {one.image_id for one in outcomes if one.image_id}
        waiting = bars.add_task("Captioning", total=len(ids))
        told = wait(client, ids, lambda count: bars.update(waiting, completed=count), patience)
        return outcomes, told


def in_state(client: Client, state: str) -> Iterator[Json]:
    """Yield the records in a state."""
    return client.pages("images", "items", {"state": state, "limit": PAGE})
