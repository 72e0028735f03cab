"""Uploading many photographs at once: the same content is the same photograph.

What the repository holds already is not sent again, so that an upload that was cut is simply
given again.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from image_repo.client import PAGE, Client, Json, image_path
from image_repo.contents import (
    CHANGED,
    Content,
    Photograph,
    Said,
    body_of,
    is_unchanged,
    threads,
)
from image_repo.errors import UNAVAILABLE, ApiProblem, CommandError, in_words
from image_repo.names import shown

AT_ONCE = 8
# The states of a record whose file has not come.
WITHOUT_FILE = frozenset({"pending", "expired"})

Held = Mapping[str, Sequence[Json]]


class Duplicates(StrEnum):
    """What becomes of a file whose content is there already."""

    REPORT = "report"
    STORE = "store"


class Fate(StrEnum):
    """What became of a photograph."""

    UPLOADED = "uploaded"
    UPDATED = "updated"
    THERE = "there"
    DUPLICATE = "duplicate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class UploadOutcome:
    """What became of a photograph.

    Attributes
    ----------
    image
        Its record, or that of its duplicate.
    problem
        Why it failed.
    same_as
        What the picture is called elsewhere in the folder, or in the repository.
    kept
        Fields in which a user's own words stand against those of the import.
    passed_over
        Fields in which a duplicate's words came to nothing.
    """

    photograph: Photograph
    fate: Fate
    image: Json = field(default_factory=dict)
    problem: str | None = None
    same_as: str | None = None
    kept: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


def held_by(client: Client, contents: Mapping[Photograph, Content]) -> Held:
    """Return the records, by content, that already hold what is to be uploaded."""
    wanted = {content.sha256: one for one, content in contents.items()}
    held = defaultdict(list)
    for image in client.pages("images", "items", {"limit": PAGE}):
        if image["sha256"] in wanted and image["state"] not in WITHOUT_FILE:
            held[image["sha256"]].append(image)
    known = [one for one in wanted.values() if contents[one].sha256 in held]
    owner = _owner(client, known, contents) if known else None
    return {
        sha256: [image for image in images if image["owner"] == owner]
        for sha256, images in held.items()
    }


def _owner(
    client: Client, known: Sequence[Photograph], contents: Mapping[Photograph, Content]
) -> str | None:
    """Return whose photographs a token uploads: an administrator is shown everyone's."""
    for one in known:
        try:
            return str(client.enter(_described(one, contents[one]))["image"]["owner"])
        except ApiProblem as problem:
            if problem.exit_code == UNAVAILABLE:
                raise
    return None


@dataclass(frozen=True)
class Uploading:
    """Uploads photographs.

    Attributes
    ----------
    held
        What the repository is known to hold.
    keys
        What the keys of copies begin with: the same copy is the same record in every run that
        begins them alike.
    done
        Called after each photograph.
    """

    client: Client
    held: Held = field(default_factory=dict)
    duplicates: Duplicates = Duplicates.REPORT
    keys: str = "copy"
    at_once: int = AT_ONCE
    done: Callable[[], object] = lambda: None

    def __call__(self, contents: Mapping[Photograph, Content]) -> list[UploadOutcome]:
        """Upload them, several at once, but those with the same content one after the other."""
        groups = defaultdict(list)
        for one, content in contents.items():
            groups[content.sha256].append(one)
        with threads(self.at_once) as pool:
            jobs = pool.map(lambda group: [*self._each(group, contents)], groups.values())
            return [outcome for outcomes in jobs for outcome in outcomes]

    def _each(
        self, group: Sequence[Photograph], contents: Mapping[Photograph, Content]
    ) -> Iterator[UploadOutcome]:
        records = paired(group, self.held.get(contents[group[0]].sha256, ()))
        claimed = {record["id"]: one.label for one, record in records.items()}
        for one in group:
            try:
                outcome = self._upload(one, contents[one], group, records.get(one), claimed)
                if outcome.image:
                    claimed.setdefault(outcome.image["id"], one.label)
                yield outcome
            except (CommandError, OSError) as problem:
                if isinstance(problem, CommandError) and problem.exit_code == UNAVAILABLE:
                    raise
                yield UploadOutcome(one, Fate.FAILED, problem=in_words(problem))
            self.done()

    def _upload(
        self,
        one: Photograph,
        content: Content,
        group: Sequence[Photograph],
        record: Json | None,
        claimed: Mapping[str, str],
    ) -> UploadOutcome:
        if record is not None:
            return self._amended(one, content, record)
        if self.duplicates is Duplicates.STORE or (one.is_record and len(group) > 1):
            return self._copied(one, content, group, claimed)
        if claimed:
            (first, *_) = claimed.values()
            return UploadOutcome(one, Fate.DUPLICATE, same_as=first, passed_over=tuple(one.said))
        return self._outcome(one, *self._enter(one, content, one.said))

    def _amended(self, one: Photograph, content: Content, record: Json) -> UploadOutcome:
        """Bring a record's words up to date."""
        image, due = record, outstanding(one.said, record, "import")
        if due:
            image, _ = self._enter(one, content, due, name=record["name"])
        if image["id"] != record["id"]:
            raise CommandError("is there more than once: change its caption in the repository")
        return self._outcome(one, image, Fate.THERE, record["rev"])

    def _copied(
        self,
        one: Photograph,
        content: Content,
        group: Sequence[Photograph],
        claimed: Collection[str],
    ) -> UploadOutcome:
        """Enter a record beside others with the same content: the first that is nobody else's.

        There are as many keys as photographs, so that any number of runs makes no more records.
        """
        first = group.index(one)
        for number in range(first, first + len(group)):
            key = f"{self.keys}-{number % len(group)}-{content.sha256}"
            image, fate = self._enter(one, content, {}, key=key)
            if image["id"] not in claimed:
                break
        if due := outstanding(one.said, image, "import"):
            image, _ = self._enter(one, content, due, key=key)
        return self._outcome(one, image, fate)

    def _enter(
        self,
        one: Photograph,
        content: Content,
        said: Mapping[str, Said],
        *,
        name: str | None = None,
        key: str | None = None,
    ) -> tuple[Json, Fate]:
        """Enter a photograph, and send its file unless that is there; tell which it was."""
        if not is_unchanged(one.path, content):
            raise CommandError(CHANGED)
        described = _described(one, content) | _words(said)
        if name is not None:
            described["name"] = name
        if key is not None:
            described["duplicates"] = Duplicates.STORE
        answer = self.client.enter(described, key)
        if answer["upload"] is None:
            return answer["image"], Fate.THERE
        self.client.send(answer["upload"], body_of(one.path, content))
        return answer["image"], Fate.UPLOADED

    def _outcome(
        self, one: Photograph, image: Json, fate: Fate, rev: int | None = None
    ) -> UploadOutcome:
        """Return the outcome, after a user's words are in that could not go with an import's."""
        if due := outstanding(one.said, image, "user"):
            body = {name: said.value for name, said in due.items()}
            image = self.client.call("PATCH", image_path(image["id"]), body=body)
        if rev is not None and image["rev"] != rev:
            fate = Fate.UPDATED
        is_same = fate is Fate.UPLOADED or image["name"] == one.record_name
        same_as = None if is_same else shown(image["name"])
        return UploadOutcome(one, fate, image, same_as=same_as, kept=kept(one.said, image))


def paired(group: Sequence[Photograph], records: Sequence[Json]) -> Mapping[Photograph, Json]:
    """Return which photograph is which record of their content, the likeliest first."""
    pairs: dict[Photograph, Json] = {}
    left = list(records)
    for are_one in (_agree, _share_name, lambda *_: True):
        for one in group:
            found = next((record for record in left if are_one(one, record)), None)
            if found is not None and one not in pairs:
                pairs[one] = found
                left.remove(found)
    return pairs


def _share_name(one: Photograph, record: Json) -> bool:
    return bool(record["name"] == one.record_name)


def _agree(one: Photograph, record: Json) -> bool:
    due = any(outstanding(one.said, record, source) for source in ("import", "user"))
    return _share_name(one, record) and not due


def outstanding(said: Mapping[str, Said], image: Json, source: str) -> dict[str, Said]:
    """Return what is said by a source, and a record does not have yet; a user's words stand."""
    return {
        name: one
        for name, one in said.items()
        if one.source == source
        and _held(image, name)[1] != "user"
        and _held(image, name) != (one.value, source)
    }


def kept(said: Mapping[str, Said], image: Json) -> tuple[str, ...]:
    """Return the fields in which a user's own words stand against what is said."""
    held = {name: _held(image, name) for name in said}
    return tuple(
        name
        for name, (value, source) in held.items()
        if source == "user" and value != said[name].value
    )


def _held(image: Json, field_name: str) -> tuple[object, str | None]:
    if field_name == "caption":
        caption = image["caption"]
        return (caption["text"], caption["source"]) if caption else (None, None)
    return image.get(field_name), image.get(f"{field_name}_source")


def _described(one: Photograph, content: Content) -> Json:
    kind = {} if content.content_type is None else {"content_type": content.content_type}
    return {"name": one.record_name, "size": content.size, "sha256": content.sha256} | kind


def _words(said: Mapping[str, Said]) -> Json:
    """Return what goes with the file, as one source's words: the import's, else the user's."""
    source = "import" if any(one.source == "import" for one in said.values()) else "user"
    words = {name: one.value for name, one in said.items() if one.source == source}
    return {**words, "source": source} if words else {}
