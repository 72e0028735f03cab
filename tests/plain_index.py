"""A search engine in plain dictionaries: slow, simple, and what the others must agree with."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from chalicelib.attributes.kinds import KINDS
from chalicelib.images import HUMAN_SOURCES
from chalicelib.search import Document
from chalicelib.search.conditions import (
    AllOf,
    Among,
    AnyOf,
    Comparable,
    Condition,
    HasAttribute,
    Holds,
    Is,
    Living,
    LooksLike,
    Not,
    Within,
)
from chalicelib.search.execution import Searcher
from chalicelib.search.port import (
    NO_TIME,
    By,
    ByTime,
    Facet,
    Held,
    Keys,
    Looks,
    Nearest,
    Retrieval,
    Retrieved,
    Stored,
    brevity,
    key_of,
    looks_of,
    microseconds,
    searched_labels,
    texts_of,
)
from chalicelib.search.text import SHORTEST_WORD, clean, quantised, stems, words_of


@dataclass(frozen=True)
class Compared:
    """A document as it is compared."""

    document: Document

    @property
    def key(self) -> int:
        return key_of(self.document.image_id)

    @property
    def texts(self) -> dict[str, tuple[str, ...]]:
        return {name: stems(clean(text)) for name, text in texts_of(self.document).items()}

    @property
    def words(self) -> set[str]:
        labels = " ".join(searched_labels(self.document.labels))
        words = words_of(clean(f"{self.document.text} {labels}"))
        return {word for word in words if len(word) >= SHORTEST_WORD and word.isalpha()}

    @property
    def attributes(self) -> list[set[tuple[str, str]]]:
        return [
            {(kind.name, value) for kind in KINDS for value in kind.normalised(attribute)}
            for attribute in self.document.attributes
        ]

    @property
    def labels(self) -> set[str]:
        return {clean(label.word) for label in self.document.labels}

    def product(self, kind: str, vector: bytes) -> int | None:
        own = getattr(self.document, kind)
        if own is None:
            return None
        left, right = (np.frombuffer(v, np.int8).astype(int) for v in (quantised(own), vector))
        return int(left @ right)

    def values(self, facet: str) -> set[str]:
        document = self.document
        held = {
            "words": self.words,
            "labels": self.labels,
            "albums": {*map(clean, document.albums)},
            "space": {*filter(None, (document.space,))},
        }
        if facet in held:
            return held[facet]
        times = {"added_months": document.created_at, "taken_months": document.taken_at}
        if facet in times:
            return {month_of(made) for made in (times[facet],) if made}
        if facet in ("state", "source"):
            value = getattr(self.document, facet)
            return {value.value} if value else set()
        (kind,) = (kind.name for kind in KINDS if kind.plural == facet)
        return {value for words in self.attributes for name, value in words if name == kind}


class PlainIndex(Searcher):
    """A `SearchIndex` of dictionaries."""

    degraded: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._held: dict[str, Document] = {}

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        failed = []
        for document in documents:
            try:
                for vector in (document.visual, document.semantic):
                    quantised(vector) if vector is not None else None
            except ValueError:
                failed.append(document.image_id)
                continue
            held = self._held.get(document.image_id)
            if held is None or held.rev < document.rev:
                self._held[document.image_id] = document
        return tuple(failed)

    def held(self, after: str | None, limit: int) -> Sequence[Held]:
        least = -1 if after is None else key_of(after)
        later = {key_of(name): one for name, one in self._held.items() if key_of(name) > least}
        first = [later[key] for key in sorted(later)[:limit]]
        return [Held(one.image_id, one.rev, one.deleted) for one in first]

    def revisions(self, image_ids: Sequence[str]) -> Mapping[str, int]:
        return {name: self._held[name].rev for name in image_ids if name in self._held}

    def view(self, session: str = "") -> "PlainIndex":
        return self

    def retrieve(self, asked: Sequence[Retrieval]) -> Sequence[Retrieved]:
        return [self._retrieved(one) for one in asked]

    def looks(self, keys: Keys, space: str | None) -> Looks:
        stored = self.stored(keys.tolist(), visual=True)
        looks = {key: (one.visual, one.space) for key, one in stored.items()}
        return looks_of(looks, keys, space)

    def stored(self, keys: Sequence[int], *, visual: bool = False) -> Mapping[int, Stored]:
        found = {one.key: one.document for one in self._living if one.key in keys}
        return {
            key: Stored(
                one.image_id,
                clean(one.text),
                quantised(one.visual) if visual and one.visual else None,
                one.space if visual else None,
            )
            for key, one in found.items()
        }

    def words_like(self, among: Condition, word: str, edits: int) -> Sequence[str]:
        return sorted({word for one in self._living if holds(one, among) for word in one.words})

    @property
    def _living(self) -> list[Compared]:
        return [Compared(one) for one in self._held.values() if not one.deleted]

    def _retrieved(self, asked: Retrieval) -> Retrieved:
        scored = [
            (-points, one.key, one)
            for one in self._living
            if holds(one, asked.among) and (points := score(one, asked.by)) is not None
        ]
        scored.sort(key=lambda entry: entry[:2])
        if isinstance(asked.by, Nearest):
            scored = scored[: asked.by.count]
        if asked.least is not None:
            scored = [entry for entry in scored if -entry[0] >= asked.least]
        if asked.sort is not None:
            scored = [(-moment(one, asked.sort), key, one) for _, key, one in scored]
            scored.sort(key=lambda entry: entry[:2])
        page = [entry for entry in scored if asked.after is None or entry[:2] > asked.after]
        page = page[: asked.size]
        matches = [one for _, _, one in scored]
        return Retrieved(
            keys=np.array([key for _, key, _ in page], np.int64),
            scores=np.array([-points for points, _, _ in page], np.float64),
            human=np.array([one.document.source in HUMAN_SOURCES for *_, one in page], np.bool_),
            total=len(scored) if asked.counts else 0,
            facets={facet.name: counted(facet, matches) for facet in asked.facets},
            stored=self.stored([key for _, key, _ in page]) if asked.stored else {},
        )


def score(one: Compared, by: By) -> int | None:
    """Return a photograph's score; None where the order has no place for it."""
    if isinstance(by, ByTime):
        return moment(one, by)
    if isinstance(by, Nearest):
        return one.product(by.kind, by.vector)
    groups = [[term.weight for term in g if holds(one, term.condition)] for g in by.groups]
    if sum(map(bool, groups)) < by.quorum:
        return None
    shorter = brevity(len(one.texts["caption"])) if by.shorter_first else 0
    return sum(map(sum, groups)) + shorter


def moment(one: Compared, by: ByTime) -> int:
    made = one.document.taken_at if by.time == "taken" else one.document.created_at
    if made is None:
        return NO_TIME
    return -microseconds(made) if by.oldest_first else microseconds(made)


def holds(one: Compared, condition: Condition) -> bool:
    """Return whether a condition holds of a photograph."""
    match condition:
        case AllOf(members):
            return all(holds(one, member) for member in members)
        case AnyOf(members):
            return any(holds(one, member) for member in members)
        case Not(member):
            return not holds(one, member)
        case HasAttribute() | Holds() | LooksLike():
            return says(one, condition)
        case _:
            return is_such(one, condition)


def says(one: Compared, condition: HasAttribute | Holds | LooksLike) -> bool:
    match condition:
        case Holds(asked, where):
            texts = one.texts if where == "any" else {where: one.texts[where]}
            return any(stand_in(text, asked) for text in texts.values())
        case LooksLike(vector, cosine, space):
            product = one.product("visual", vector)
            is_comparable = space is None or holds(one, Comparable(space))
            return is_comparable and product is not None and product >= cosine * 254**2
        case HasAttribute(words):
            return any(
                all(any((kind, value) in held for value in values) for kind, values in words)
                for held in one.attributes
            )


def is_such(one: Compared, condition: Living | Is | Among | Within | Comparable) -> bool:
    document = one.document
    match condition:
        case Living():
            return not document.deleted
        case Is("label" | "album" as field, values):
            return not one.values(f"{field}s").isdisjoint(values)
        case Is(field, values):
            return getattr(document, field) in values
        case Among(keys):
            return one.key in keys
        case Comparable(space):
            return document.space in (None, space)
        case Within(time, first, end):
            made = document.taken_at if time == "taken" else document.created_at
            return made is not None and (not first or made >= first) and (not end or made < end)


def stand_in(text: Sequence[str], asked: Sequence[str]) -> bool:
    """Return whether stems stand in a text one after another."""
    return any(tuple(text[at : at + len(asked)]) == tuple(asked) for at in range(len(text)))


def month_of(made: datetime) -> str:
    """Return the month of a moment: "2024-05"."""
    return (made.astimezone(UTC) if made.tzinfo else made).isoformat()[:7]


def counted(facet: Facet, matches: Iterable[Compared]) -> tuple[tuple[str, int], ...]:
    """Return a facet's commonest values, or the latest."""
    counts = Counter(value for one in matches for value in one.values(facet.name))
    kept = [pair for pair in counts.items() if pair[0].startswith(facet.start)]
    if facet.latest_first:
        return tuple(sorted(kept, reverse=True)[: facet.size])
    return tuple(sorted(kept, key=lambda pair: (-pair[1], pair[0]))[: facet.size])
