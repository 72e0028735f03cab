"""What people do with a repository, and what they may rely on afterwards."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from chalicelib.access import Scope
from chalicelib.folder_captions import is_caption_file
from chalicelib.images import State, image_id_of
from chalicelib.storage import UPLOAD_SECONDS
from tests.simulation.model import BAD, DEADLY, LARGE, PHOTO, UNSURE
from tests.simulation.plans import OWNERS, Operation
from tests.simulation.services import BUCKET
from tests.simulation.upkeep import Upkeep
from tests.simulation.world import World

NAMES = ("a.jpg", "b.jpg", "c+c.jpg")


def folder_of(owner: str) -> str:
    """Return the folder of an owner's fixed keys."""
    return f"uploads/{owner}/trip"


class Users(Upkeep):
    """Does operations, and keeps what may be relied on.

    Attributes
    ----------
    words
        Of photographs (ids) that a person captioned: the captions that may stand now.
    half_deleted
        Keys whose DELETE never was answered, so that their file may have been left.
    reports, cut_imports
        Imports that were answered with success, and how many begun may be known to nobody.
    bodies
        Every content that was uploaded, by its checksum.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._serial = 0
        self._entered: defaultdict[str, list[str]] = defaultdict(list)
        self._newest: dict[str, str] = {}
        self._removed: Counter[str] = Counter()
        self._unsure: Counter[str] = Counter()
        self._stirred: Counter[str] = Counter()
        self.tokens: dict[str, str] = {}
        self.words: dict[str, set[str]] = {}
        self.half_deleted: set[str] = set()
        self.reports: set[str] = set()
        self.cut_imports = 0
        self.bodies: dict[str, bytes] = {}

    def sign_up(self) -> None:
        """Make the tokens."""
        store = self._world.tokens()
        for owner in OWNERS:
            self.tokens[owner], _ = store.add(owner, [Scope.READ, Scope.WRITE])
        self.tokens["root"], _ = store.add("root", [Scope.ADMIN])

    def do(self, operation: Operation) -> None:
        """Do an operation to its end."""
        act: Callable[[Operation], None] = getattr(self, f"_{operation.kind}")
        act(operation)

    # Files ---------------------------------------------------------------------------------------

    def _key(self, operation: Operation) -> str:
        """Return which of an owner's keys is meant: every other time the one uploaded last."""
        keys = [f"{folder_of(operation.owner)}/{name}" for name in NAMES]
        keys += self._entered[operation.owner]
        if operation.number % 2 and operation.owner in self._newest:
            return self._newest[operation.owner]
        return keys[operation.number // 2 % len(keys)]

    def _content(self, operation: Operation) -> bytes:
        kinds = [BAD, UNSURE, LARGE, LARGE, *[PHOTO] * 15, DEADLY]
        kind = kinds[operation.number % len(kinds)]
        return b"%s %s%d" % (kind, operation.owner.encode(), operation.number)

    def _put(self, key: str, content: bytes, pause: float = 0.5) -> None:
        self._world.scheduler.sleep(pause)
        self.bodies[hashlib.sha256(content).hexdigest()] = content
        self._world.dead.pop(image_id_of(BUCKET, key), None)
        self._stir(key)
        self.half_deleted.discard(key)
        self._newest[key.split("/")[1]] = key
        self._world.s3.put_object(BUCKET, key, content, "image/jpeg")

    def _upload(self, operation: Operation) -> None:
        key = f"{folder_of(operation.owner)}/{NAMES[operation.number % len(NAMES)]}"
        self._put(key, self._content(operation))

    def _upload_album(self, operation: Operation) -> None:
        """Upload several at once, so that they are in one batch; every third time a deadly one."""
        owner, number = operation.owner, operation.number
        deadly = number % 5 if number % 3 == 0 else None
        for at in range(5):
            kind = DEADLY if at == deadly else PHOTO
            content = b"%s %s%d" % (kind, owner.encode(), number * 5 + at)
            self._put(f"{folder_of(owner)}/album/{at}.jpg", content, pause=0.01)

    def _upload_again(self, operation: Operation) -> None:
        """Upload what a key held before: after its removal, after another file, or over itself."""
        key, number = self._key(operation), operation.number
        if number % 4 < 2 and self._world.s3.current(key):
            self._world.s3.delete_object(BUCKET, key)
            self._forget_words(key)
        held = [version.body for version in self._world.s3.versions.get(key, ()) if version.body]
        if not held:
            return
        if number % 3 == 0:
            self._put(key, self._content(operation), pause=0.01)
        self._put(key, held[number // 4 % len(held)], pause=10.0 ** (number // 2 % 4 - 2))

    def _enter(self, operation: Operation) -> None:
        """Ask for a form, again where that was not answered; most often send the file."""
        content, owner = self._content(operation), operation.owner
        asked: dict[str, Any] = {"name": "photo.jpg", "size": len(content)}
        asked["sha256"] = hashlib.sha256(content).hexdigest()
        caption = f"{owner} entered {operation.number}"
        if operation.number % 3 == 0:
            asked["caption"] = caption
        for _ in range(3):
            answer = self.call("POST", "/images", asked, owner=owner)
            if answer.status in (200, 201):
                break
            self._world.scheduler.sleep(5)
        else:
            return
        image_id = answer.body["image"]["id"]
        record = self._world.record(image_id)
        assert record is not None
        key = record.key
        if key not in self._entered[owner]:
            self._entered[owner].append(key)
        if "caption" in asked and not self._unsure[key]:
            known = self.words.get(image_id)
            if answer.status == 201:
                self.words[image_id] = {caption}
            elif known is not None:
                known.add(caption)
        wait = 10 ** (operation.number % 7 / 2)
        if answer.body["upload"] and operation.number % 5 and wait < UPLOAD_SECONDS:
            self._world.scheduler.sleep(wait)
            self._put(key, content)

    def _remove(self, operation: Operation) -> None:
        """Put a delete marker over a file, past the API."""
        key = self._key(operation)
        if self._world.s3.current(key):
            self._world.s3.delete_object(BUCKET, key)
            self._forget_words(key)

    def _undelete(self, operation: Operation) -> None:
        """Remove a delete marker by hand; every third time no event tells of it."""
        versions = self._world.s3.versions
        if not (keys := self._marked(operation.owner)):
            self._remove(operation)
            self._world.scheduler.sleep(10.0 ** (operation.number % 4))
            keys = self._marked(operation.owner)
        for key in keys[:1]:
            if operation.number % 3 == 0:
                self._world.untold.add(key)
                self._world.dead.pop(image_id_of(BUCKET, key), None)
                self._stir(key)
                versions[key].pop()
                self._forget_words(key)
            else:
                self._purge_newest(key)

    def _marked(self, owner: str) -> list[str]:
        """Return the photographs of an owner that lie under a delete marker."""
        held = self._world.s3.versions.items()
        marked = [key for key, versions in held if versions and versions[-1].body is None]
        return sorted(k for k in marked if is_photograph(k) and k.startswith(f"uploads/{owner}/"))

    def _purge(self, operation: Operation) -> None:
        """Delete a file's newest version for good."""
        key = self._key(operation)
        if self._world.s3.current(key):
            self._purge_newest(key)

    def _purge_newest(self, key: str) -> None:
        s3 = self._world.s3
        self._stir(key)
        former = s3.versions[key][:-1]
        if former and former[-1].body is not None:
            self._world.dead.pop(image_id_of(BUCKET, key), None)
        s3.delete_object(BUCKET, key, s3.versions[key][-1].id)
        self._forget_words(key)

    def _delete(self, operation: Operation) -> None:
        """Delete for good through the API, again until that is answered."""
        world, key = self._world, self._key(operation)
        image_id = image_id_of(BUCKET, key)
        self._unsure[key] += 1
        self._forget_words(key)
        self.half_deleted.add(key)
        for _ in range(4):
            path, permanent = f"/images/{image_id}", {"permanent": "true"}
            answer = self.call("DELETE", path, owner=operation.owner, **permanent)
            if answer.status in (204, 404):
                self._deleted(key, answer.status == 204)
                break
            world.scheduler.sleep(3)
        self._forget_words(key)
        self._unsure[key] -= 1

    def _deleted(self, key: str, was_there: bool) -> None:
        image_id = image_id_of(BUCKET, key)
        record = self._world.record(image_id)
        if record is None or self._world.s3.current(key) is None:
            self.half_deleted.discard(key)
            is_gone = record is not None and record.state is State.DELETED
            if is_gone and was_there:
                self._world.dead[image_id] = self._world.scheduler.seconds

    def _trash(self, operation: Operation) -> None:
        """Move to the trash, again until that is answered, which must delete nothing for good."""
        key = self._key(operation)
        image_id, stirred = image_id_of(BUCKET, key), self._stirred[key]
        for _ in range(4):
            answer = self.call("DELETE", f"/images/{image_id}", owner=operation.owner)
            if answer.status in (204, 404):
                break
            self._world.scheduler.sleep(3)
        if answer.status == 204 and stirred == self._stirred[key]:
            self._world.trashed[image_id] = self._world.scheduler.seconds

    def _restore(self, operation: Operation) -> None:
        """Restore what the trash shows, or the one meant; every third time as another owner."""
        listed = self.call("GET", "/trash", owner=operation.owner, limit=100)
        held = listed.body["items"] if listed.status == 200 else []
        image_id = held[0]["id"] if held else image_id_of(BUCKET, self._key(operation))
        if operation.number % 3 == 0:
            other = next(one for one in OWNERS if one != operation.owner)
            if self.call("POST", f"/images/{image_id}/restore", owner=other).status == 200:
                self._world.violate("another owner's photograph is restored")
        record = self._world.record(image_id)
        if record is not None:
            self._stir(record.key)
        answer = self.call("POST", f"/images/{image_id}/restore", owner=operation.owner)
        if answer.status == 200 and answer.body["trashed_at"] is not None:
            self._world.violate("a restored photograph is in the trash")

    def _stir(self, key: str) -> None:
        """Note that a photograph may be taken out of the trash from now on."""
        self._stirred[key] += 1
        self._world.trashed.pop(image_id_of(BUCKET, key), None)

    def _forget_words(self, key: str) -> None:
        self.words.pop(image_id_of(BUCKET, key), None)
        self._removed[key] = self._world.s3.sequencers[key]

    # Captions ------------------------------------------------------------------------------------

    def _edit(self, operation: Operation) -> None:
        key = self._key(operation)
        image_id = image_id_of(BUCKET, key)
        if self._unsure[key]:
            return
        self._unsure[key] += 1
        removed = self._removed[key]
        self._serial += 1
        text = f"{operation.owner} wrote {self._serial}"
        answer = self.call("PATCH", f"/images/{image_id}", {"caption": text}, owner=operation.owner)
        self._unsure[key] -= 1
        if self._unsure[key] or removed != self._removed[key] or not self._has_heard(key):
            self.words.pop(image_id, None)
        elif answer.status == 200:
            self.words[image_id] = {text}
        elif answer.status in (502, 503) and image_id in self.words:
            self.words[image_id].add(text)

    def _has_heard(self, key: str) -> bool:
        """Tell whether a record knows of the last removal of its file."""
        record = self._world.record(image_id_of(BUCKET, key))
        heard = int(record.sequencer[:4], 16) if record and record.sequencer else 0
        return heard >= self._removed[key]

    def _recaption(self, operation: Operation) -> None:
        ids = [image_id_of(BUCKET, self._key(operation))]
        self.call("POST", "/recaption", {"ids": ids}, owner=operation.owner)

    def _describe(self, operation: Operation) -> None:
        """Store a file of captions, of a few lines more than there are photographs."""
        key = f"{folder_of(operation.owner)}/descriptions.txt"
        if operation.number % 9 == 0 and self._world.s3.current(key):
            self._world.s3.delete_object(BUCKET, key)
            return
        self._serial += 1
        names = [*NAMES[: 1 + operation.number % 3], "d.jpg", "e.jpg", "f.jpg"]
        if operation.number % 2:
            names.reverse()
        lines = [f"{name}\t{operation.owner} said {self._serial}\n" for name in names]
        self._world.s3.put_object(BUCKET, key, "".join(lines).encode(), "text/plain")

    def _start_import(self, operation: Operation) -> None:
        asked = {"prefix": f"{folder_of(operation.owner)}/"}
        answer = self.call("POST", "/imports", asked, owner=operation.owner)
        if answer.status == 202:
            self.reports.add(answer.body["id"])
        elif answer.status >= 500:
            self.cut_imports += 1


def is_photograph(key: str) -> bool:
    """Tell whether a key of the bucket is an upload that becomes a record."""
    return key.startswith("uploads/") and not is_caption_file(key)
