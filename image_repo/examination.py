"""One photograph's way through a repository, check by check: `Examination`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from image_repo.client import Client, Json, image_path
from image_repo.errors import ApiProblem, CommandError, Overdue
from image_repo.remedies import remedy

# Read by rules into what is searched for; the picture shows nothing of it.
CAPTION = "A green parrot eats a red apple"
CLAUSE: Json = {"subject": "parrot", "colours": ["green"]}
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a check: what was seen, or what was wrong and what to do about it."""

    check: str
    passed: bool
    seconds: float
    told: str
    remedy: str | None = None


class Examination:
    """Uploads a photograph, finds it by every kind of search, and deletes it, whatever happens.

    Parameters
    ----------
    photograph
        A file of a name and of bytes that the repository does not have.
    release
        The command line's own.
    origin
        Of the gallery, from which browsers upload.
    patience
        Seconds that captioning, and each search, may take.
    begun, ended
        Told of each check.
    """

    def __init__(
        self,
        client: Client,
        photograph: Path,
        *,
        release: str,
        origin: str,
        patience: float,
        begun: Callable[[str], object],
        ended: Callable[[Finding], object],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._photograph = photograph
        self._release = release
        self._origin = origin
        self._patience = patience
        self._begun = begun
        self._ended = ended
        self._sleep = sleep
        self._clock = clock
        self._version = ""
        self._is_announced = False
        self._image: Json = {}
        self._form: Json = {}

    def run(self) -> None:
        """Make every check that makes sense after those before it; leave nothing behind."""
        needed = {
            "reach": self._reach,
            "version": self._compare,
            "token": self._list,
            "enter": self._enter,
            "upload": self._upload,
            "caption": self._wait_for_the_caption,
            "edit": self._edit,
        }
        try:
            if all(self._passes(*check) for check in needed.items()):
                self._find()
        finally:
            if self._is_announced and self._passes("delete", self._delete) and self._is_edited:
                self._passes("gone", self._wait_until_gone)

    def _find(self) -> None:
        self._passes("browser", self._preflight)
        self._passes("text search", lambda: self._wait_for_a_hit({"text": CAPTION}))
        self._passes("attribute search", lambda: self._wait_for_a_hit({"attributes": CLAUSE}))
        self._passes("image search", lambda: self._wait_for_a_hit({}, self._photograph))

    def _passes(self, check: str, look: Callable[[], str]) -> bool:
        self._begun(check)
        start = self._clock()
        try:
            told, advice = look(), None
        except CommandError as problem:
            told, advice = str(problem), remedy(check, problem)
        self._ended(Finding(check, advice is None, self._clock() - start, told, advice))
        return advice is None

    # The checks: each returns what it saw, or raises CommandError -------------------------------

    def _reach(self) -> str:
        self._version = str(self._client.call("GET", "health").get("version", "unknown"))
        return "the API answers"

    def _compare(self) -> str:
        if _series(self._version) != _series(self._release):
            raise CommandError(
                f"the repository is of release {self._version}, this command of {self._release}"
            )
        return f"release {self._version}"

    def _list(self) -> str:
        self._client.call("GET", "images", query={"limit": 1})
        return "accepted"

    def _enter(self) -> str:
        self._is_announced = True
        path = self._photograph
        described = {"name": path.name, "content_type": "image/png", "size": path.stat().st_size}
        told = self._client.enter(described)
        self._image, self._form = told["image"], told["upload"]
        return f"record {self._image['id']} of owner '{self._image['owner']}'"

    def _upload(self) -> str:
        body = self._photograph.read_bytes()
        self._client.send(self._form, body)
        return f"{len(body)} bytes"

    def _preflight(self) -> str:
        if not self._client.admits(self._form, self._origin):
            raise CommandError(f"the bucket takes no upload from a page of {self._origin}")
        return f"a page of {self._origin} may upload"

    def _wait_for_the_caption(self) -> str:
        self._wait(lambda: self._read()["state"] != "pending", "it is still pending")
        image = self._image
        if image["state"] == "failed":
            raise CommandError(f"the captioner gave it up: {image['reason']}")
        caption = image["caption"]
        return caption["text"] if caption else f"seen, and left without: {image['reason']}"

    def _edit(self) -> str:
        self._image = self._client.call("PATCH", self._path, body={"caption": CAPTION})
        return CAPTION

    def _wait_for_a_hit(self, asked: Json, image: Path | None = None) -> str:
        self._wait(lambda: self._is_found(asked, image), "it is not among the matches")
        return "found"

    def _delete(self) -> str:
        left = [self._path] if self._image else self._lost()
        for path in left:
            self._client.call("DELETE", path, query={"permanent": "true"})
        return "deleted" if left else "nothing was left"

    def _wait_until_gone(self) -> str:
        def is_gone() -> bool:
            return not (self._is_there() or self._is_found({"attributes": CLAUSE}))

        self._wait(is_gone, "it was deleted, and is still found")
        return "neither shown nor found any more"

    # What they look at ---------------------------------------------------------------------------

    @property
    def _path(self) -> str:
        return image_path(self._image["id"])

    @property
    def _is_edited(self) -> bool:
        caption = self._image.get("caption")
        return caption is not None and caption["text"] == CAPTION

    def _read(self) -> Json:
        self._image = self._client.call("GET", self._path)
        return self._image

    def _is_there(self) -> bool:
        try:
            self._client.call("GET", self._path)
        except ApiProblem as problem:
            if problem.status != 404:
                raise
            return False
        return True

    def _is_found(self, asked: Json, image: Path | None = None) -> bool:
        # Of a large repository, too, only what was entered since can stand before it.
        recent = {"filters": {"created_from": self._image["created_at"]}, "limit": 100}
        hits = self._client.search(asked | recent, image)["hits"]
        return any(hit["image"]["id"] == self._image["id"] for hit in hits)

    def _lost(self) -> list[str]:
        """Return the routes of records that were entered, but whose id was never received."""
        pending = self._client.pages("images", "items", {"state": "pending", "limit": 100})
        return [image_path(one["id"]) for one in pending if one["name"] == self._photograph.name]

    def _wait(self, is_so: Callable[[], bool], otherwise: str) -> None:
        end = self._clock() + self._patience
        while True:
            overdue: CommandError = Overdue(f"{otherwise} after {self._patience:.0f} s")
            try:
                if is_so():
                    return
            except ApiProblem as problem:
                if problem.status != 503:  # an index that is being made answers so
                    raise
                overdue = problem
            if self._clock() >= end:
                raise overdue
            self._sleep(POLL_SECONDS)


def _series(version: str) -> tuple[str, ...]:
    """Return the part of a version within which releases understand each other (semver.org)."""
    major, *rest = version.split(".")
    return (major, *rest[:1]) if major == "0" else (major,)
