"""What holds at rest: when everybody has stopped, and everything that was asked is done."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from chalicelib.images import DESCRIBED, Image, Source, State, image_id_of
from chalicelib.names import DERIVED
from chalicelib.reconciling.report import REPORT
from chalicelib.reindexing import Stage
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import Document, document_of
from chalicelib.search.query import Mode, Query, Sort
from tests.simulation.model import BAD, DEADLY, UNSURE, caption_of, display_of
from tests.simulation.plans import OWNERS
from tests.simulation.services import BUCKET
from tests.simulation.users import Users, folder_of, is_photograph
from tests.simulation.world import World


def broken_when_quiet(world: World, users: Users) -> Iterator[str]:
    """Yield what does not hold when all messages and stream records were taken in.

    Here files, index and copies have to be what deliveries made of them, which nobody has mended
    since; but for photographs of which an event was never sent or a removal was given up, or which
    were worked on while services failed: what an earlier attempt left, a message that comes again
    may leave.
    """
    excused = world.untold | world.unlucky | world.given_up()
    images = [image for image in world.images() if image.key not in excused]
    yield from _files(world, users, excused=excused, has_reconciled=False)
    yield from _copies(world, users, images)
    yield from _events(world)
    yield from _answers(world, users, world.images())


def broken_at_rest(world: World, users: Users) -> Iterator[str]:
    """Yield what does not hold after the reconciler has looked at everything, some days later.

    A photograph that services failed again and again may be `failed`, which people see.
    """
    images = world.images()
    yield from _files(world, users, excused=world.unlucky)
    yield from _records(world, users, images)
    yield from _captions_of_files(world, images)
    yield from _copies(world, users, images)
    yield from _reports(world, users)
    yield from _events(world)
    yield from _answers(world, users, images)
    yield from not_at_rest(world)


def broken_after_trying_again(world: World, users: Users) -> Iterator[str]:
    """Yield what does not hold after what failed was captioned again: nothing is excused."""
    images = world.images()
    yield from _files(world, users)
    yield from _records(world, users, images)
    yield from _copies(world, users, images)


def not_at_rest(world: World) -> Iterator[str]:
    """The last of the daily passes was begun at rest, and found nothing to repair."""
    version = world.s3.current(REPORT)
    report = json.loads(version.body or b"{}") if version else {}
    if datetime.fromisoformat(report["started_at"]) < world.at_rest_since:
        yield "no pass of the reconciler began at rest"
    if report.get("stage") != Stage.FINISHED:
        yield f"a pass of the reconciler is {report.get('stage')}: {report.get('reason')}"
    if repaired := [name for name, n in report.get("repaired", {}).items() if n]:
        yield f"the reconciler goes on to repair: {', '.join(repaired)}"


def _files(
    world: World, users: Users, excused: Collection[str] = (), *, has_reconciled: bool = True
) -> Iterator[str]:
    """Accepted = captioned + needs review + failed + expired: each file has its record."""
    for key in filter(is_photograph, world.s3.versions):
        version, record = world.s3.current(key), world.record(image_id_of(BUCKET, key))
        is_alive = record is not None and record.state is not State.DELETED
        if key in users.half_deleted or (key in excused and not has_reconciled):
            continue
        if version is None or version.body is None:
            if is_alive and record and record.state is not State.EXPIRED:
                yield f"a photograph without a file is {record.state}"
        elif record is None or not is_alive:
            yield f"a file has {'no record' if record is None else 'a tombstone'}"
        elif record.trashed_at and record.state not in DESCRIBED:
            continue  # what became of it is made up for when it is restored
        else:
            yield from _file(record, version.body, is_excused=key in excused)


def _file(record: Image, body: bytes, *, is_excused: bool) -> Iterator[str]:
    is_told = record.caption is not None and record.caption.source is not Source.MODEL
    if body.startswith((BAD, DEADLY)):
        expected = State.FAILED
    elif body.startswith(UNSURE) and not is_told:
        expected = State.NEEDS_REVIEW
    else:
        expected = State.CAPTIONED
    if is_excused and record.state is State.FAILED:
        return
    if record.state is not expected:
        yield f"a file that should be {expected} is {record.state}: {record.reason}"
    elif not body.startswith(DEADLY) and record.sha256 != hashlib.sha256(body).hexdigest():
        yield "a record describes another file than the newest"
    elif not _is_told_of(record, body):
        yield "a caption is another file's"


def _is_told_of(record: Image, body: bytes) -> bool:
    """Tell whether a model's caption is what that model says of a file."""
    caption = record.caption
    if caption is None or caption.source is not Source.MODEL:
        return True
    return caption.text == caption_of(body, str(caption.model))


def _records(world: World, users: Users, images: list[Image]) -> Iterator[str]:
    """No record waits for ever, and a person's words stand."""
    by_id = {image.image_id: image for image in images}
    for image in images:
        if image.state is State.PENDING and not image.trashed_at:
            yield "a record is pending for ever"
        if image.state in (State.FAILED, State.EXPIRED) and not image.reason:
            yield f"a {image.state} record has no reason"
    for image_id, texts in users.words.items():
        held = by_id.get(image_id)
        if held is None or held.caption is None or held.caption.text not in texts:
            yield "a person's words are lost"


def _captions_of_files(world: World, images: list[Image]) -> Iterator[str]:
    """What a folder's file of captions says stands, but where a user said otherwise."""
    for owner in OWNERS:
        found = world.s3.current(f"{folder_of(owner)}/descriptions.txt")
        lines = (found.body or b"").decode().splitlines() if found else []
        told = {f"{folder_of(owner)}/{n}": c for n, c in (line.split("\t") for line in lines)}
        for image in images:
            # What never could be read waits for its caption with the file.
            is_read = image.state in DESCRIBED or image.processed_by is not None
            if image.key not in told or not is_read:
                continue
            caption = image.caption
            is_users = caption is not None and caption.source is Source.USER
            if not is_users and (caption is None or caption.text != told[image.key]):
                yield "a photograph lacks the caption of its folder's file"


def _copies(world: World, users: Users, images: list[Image]) -> Iterator[str]:
    """One set of copies for each live photograph that was described, none for another."""
    images = [image for image in images if image.key not in users.half_deleted]
    used = {key for image in images for key in image.copies}
    stored = {k for image in images for k in world.s3.keys(f"{DERIVED}{image.image_id}/")}
    if stored - used:
        yield "a copy for display belongs to no record"
    if used - stored:
        yield "a record names a copy that is gone"
    for image in images:
        held, copy = world.s3.current(image.key), world.s3.current(image.derivative_key or "")
        if held and copy and copy.body != display_of(held.body or b"", "small"):
            yield "a copy for display shows another file"
        if image.state in DESCRIBED and not image.copies:
            yield "a described photograph has no copy for display"


def _reports(world: World, users: Users) -> Iterator[str]:
    """Every import ends, but one that was begun by a call which was cut: nobody knows of it."""
    running = set()
    for key in world.s3.keys("imports/"):
        version = world.s3.current(key)
        report = json.loads(version.body or b"{}") if version else {}
        if report.get("state") == "running":
            running.add(report["id"])
    if running & users.reports or len(running) > users.cut_imports:
        yield "an import is running for ever"


def _events(world: World) -> Iterator[str]:
    """One event a change, at least, and none of what did not happen."""
    sent = Counter((name, told["image_id"], told["rev"]) for name, told in world.bus.events)
    due = Counter(world.changes)
    if due.keys() - sent.keys():
        yield f"a change was not published: {min(due.keys() - sent.keys())[0]}"
    if sent.keys() - due.keys():
        yield "an event tells of no change"
    if not world.scheduler.had_faults and sent != due:
        yield "a change was published twice"


def _answers(world: World, users: Users, images: list[Image]) -> Iterator[str]:
    """Listings, counts and searches answer what the catalogue holds, to each owner their own."""
    for owner in OWNERS:
        own = [image for image in images if image.is_visible_to(owner)]
        found = _told(world, users, owner, "/search", limit=100, sort="added")
        listed = _told(world, users, owner, "/images", limit=100)["items"]
        if {one["id"] for one in listed} != {image.image_id for image in own}:
            yield "a listing is not what the catalogue holds"
        trash = _told(world, users, owner, "/trash", limit=100)["items"]
        in_trash = {image.image_id for image in images if image.owner == owner and image.trashed_at}
        if {one["id"] for one in trash} != in_trash:
            yield "the trash is not what the catalogue holds"
        counted = _told(world, users, owner, "/stats")
        states = Counter(image.state.value for image in own)
        if {state: n for state, n in counted["images"].items() if n} != dict(states):
            yield f"counts are wrong: {counted['images']} instead of {dict(states)}"
        searchable = {image.image_id for image in own if image.state in DESCRIBED}
        if {hit["image"]["id"] for hit in found["hits"]} != searchable:
            yield "what is found is not what has a caption"
        if not found["total"] == counted["searchable"] == len(searchable):
            yield "what is counted as searchable is not what has a caption"
        yield from _index(world, users, owner, own)


def _told(world: World, users: Users, owner: str, path: str, **query: Any) -> Any:
    """Return an answer; the first search of all finds no index yet, which is built then."""
    for _ in range(5):
        answer = users.call("GET", path, owner=owner, **query)
        if answer.status == 200:
            return answer.body
        world.scheduler.sleep(120)
    raise AssertionError(f"{path} goes on to answer {answer.status}")


def _index(world: World, users: Users, owner: str, own: list[Image]) -> Iterator[str]:
    """The index answers as one that holds this owner's photographs alone, statistics included."""
    documents = [document_of(image) for image in own]
    alone = EmbeddedIndex()
    alone.apply(documents)
    shared = world.repository().searching.index
    for query in _queries(owner, documents):
        if shared.search(query) != alone.search(query):
            yield f"searching '{query.text}' is not answered as of the owner's photographs alone"
            return
    for prefix in ("d", "an", "bo", "n"):
        if shared.suggest(owner, prefix, 10) != alone.suggest(owner, prefix, 10):
            yield "a suggestion is not of the owner's photographs alone"
            return


def _queries(owner: str, documents: list[Document]) -> Iterator[Query]:
    yield Query(owner=owner, sort=Sort.ADDED, limit=100, facets=("subjects",))
    texts = ["dog named", f"{owner} said", *(document.text for document in documents[:2])]
    for text in dict.fromkeys(text for text in texts if text):
        yield Query(owner=owner, text=text, mode=Mode.WORDS, limit=100, explain=True)
