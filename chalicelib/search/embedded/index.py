"""The embedded engine: every question is a pass over columns in memory.

A word, a value or a range is one comparison over an array; sets of documents are arrays of truth
values. At 100,000 photographs that takes tenths of a millisecond (docs/decisions/402).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from heapq import nsmallest
from typing import Any

import numpy as np
import numpy.typing as npt
import simsimd

from chalicelib.attributes.kinds import KINDS
from chalicelib.images import HUMAN_SOURCES, VECTOR_SIZE
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
    TextName,
    Time,
    Within,
)
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.segment import Segment, segment_of
from chalicelib.search.execution import Searcher
from chalicelib.search.port import (
    NO_TIME,
    TEXTS,
    By,
    ByTime,
    Document,
    Facet,
    Held,
    Keys,
    Looks,
    Nearest,
    Retrieval,
    Retrieved,
    Stored,
    key_of,
    microseconds,
)
from chalicelib.search.text import SCALE, SHORTEST_WORD

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]

_REMEMBERED = 128  # answers that are kept until the index changes
_SUGGESTED: tuple[TextName, ...] = ("caption", "labels")  # the texts whose words are
_KINDS = {kind.plural: kind.name for kind in KINDS}
_OF_ROWS = {"labels": "label", "albums": "album", "space": "space"}
_MONTHS: Mapping[str, Time] = {"added_months": "created", "taken_months": "taken"}
_HUMAN = Is("source", tuple(sorted(source.value for source in HUMAN_SOURCES)))


class EmbeddedIndex(Searcher):
    """A `SearchIndex` in memory, and one state of it: it changes between queries only."""

    degraded: tuple[str, ...] = ()

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        self._columns = Columns()
        self._arrays = self._columns.arrays
        self._known: dict[object, Any] = {}  # answers that stand until the index changes
        for segment in segments:
            self.take(segment)

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; see `SearchIndex.apply`."""
        segment, failed = segment_of(documents)
        self.take(segment)
        return failed

    def take(self, segment: Segment) -> None:
        """Take in a segment; what is not newer than the held documents changes nothing."""
        self._columns.take(segment)
        self._arrays = self._columns.arrays
        self._known.clear()

    def newer(self, segment: Segment) -> Segment:
        """Return the documents of a segment that are newer than those held."""
        return self._columns.newer(segment)

    def segment(self) -> Segment:
        """Return everything as one segment, without what is outdated."""
        return self._columns.dump()

    def held(self, after: str | None, limit: int) -> Sequence[Held]:
        """Return what is held of photographs; see `HoldsRevisions.held`."""
        rows, least = self._columns.rows, -1 if after is None else key_of(after)
        keys = nsmallest(limit, (key for key in rows if key > least))
        return [self._held(rows[key]) for key in keys]

    def revisions(self, image_ids: Sequence[str]) -> Mapping[str, int]:
        """Return which revisions are held; see `HoldsRevisions.revisions`."""
        rows = self._columns.rows
        found = {name: rows[key] for name in image_ids if (key := key_of(name)) in rows}
        return {name: self._held(row).rev for name, row in found.items()}

    def _held(self, row: int) -> Held:
        revision, is_removal = self._arrays["row.rev"][row], self._arrays["row.deleted"][row]
        return Held(self._columns.ids[row], int(revision), bool(is_removal))

    @property
    def size(self) -> int:
        """How many revisions are held."""
        return self._columns.size

    def view(self, session: str = "") -> "EmbeddedIndex":  # noqa: ARG002 (there is one copy)
        """Return the index itself."""
        return self

    # ---- Retrieving -----------------------------------------------------------------------------

    def retrieve(self, asked: Sequence[Retrieval]) -> Sequence[Retrieved]:
        """Answer questions; see `port.View.retrieve`."""
        return [*map(self._retrieved, asked)]

    def stored(self, keys: Sequence[int], *, visual: bool = False) -> Mapping[int, Stored]:
        """Return what is shown of photographs; see `port.View.stored`."""
        columns = self._columns
        found = ((key, columns.rows[key]) for key in keys if key in columns.rows)
        return {
            key: Stored(
                columns.ids[row], columns.texts[row], *(self._visual(row) if visual else ())
            )
            for key, row in found
        }

    def looks(self, keys: Keys, space: str | None) -> Looks:
        """Return visual vectors; see `port.View.looks`."""
        found = self._columns.rows
        rows = np.array([found.get(key, -1) for key in keys.tolist()], np.int64)
        place, known = _standing(self._arrays["visual.of"], rows)
        if space is not None:
            code, has_space = _standing(self._arrays["space.of"], rows)
            is_other = ~self._are((space,))[self._arrays["space.value"]]
            known &= ~(has_space & is_other[code]) if len(is_other) else True
        return Looks(known, self._arrays["visual.vector"][place[known]])

    def words_like(self, among: Condition, word: str, edits: int) -> Sequence[str]:
        """Return words of captions and labels about as long as one."""
        return [one for one in self._words_of(among) if abs(len(one) - len(word)) <= edits]

    def _retrieved(self, asked: Retrieval) -> Retrieved:
        mask = self._mask(asked.among) & self._columns.living
        scores, has_score = self._scored(asked.by)
        mask = mask & has_score
        if isinstance(asked.by, Nearest):
            mask = self._of_rows(self._best(mask, scores, asked.by.count))
        if asked.least is not None:
            mask = mask & (scores >= asked.least)
        if asked.sort is not None:
            scores, _ = self._scored(asked.sort)
        rows = self._page(mask, scores, asked) if asked.size else np.empty(0, np.intp)
        return Retrieved(
            keys=self._arrays["row.key"][rows],
            scores=scores[rows].astype(np.float64),
            human=self._mask(_HUMAN)[rows],
            total=int(np.count_nonzero(mask)) if asked.counts else 0,
            facets={facet.name: self._facet(facet, mask) for facet in asked.facets},
            stored=self.stored(self._arrays["row.key"][rows].tolist()) if asked.stored else {},
        )

    def _page(self, mask: Mask, scores: Numbers, asked: Retrieval) -> Numbers:
        if asked.after is not None:
            score, key = -asked.after[0], asked.after[1]
            later = (scores == score) & (self._arrays["row.key"] > key)
            mask = mask & ((scores < score) | later)
        return self._best(mask, scores, asked.size)

    def _best(self, mask: Mask, scores: Numbers, count: int) -> Numbers:
        """Return the rows with the highest scores, of equal ones those with the lower keys."""
        rows, keys = np.flatnonzero(mask), self._arrays["row.key"]
        if len(rows) > count:
            values = scores[rows]
            bound = np.partition(values, len(rows) - count)[len(rows) - count]
            above, equal = rows[values > bound], rows[values == bound]
            wanted = count - len(above)
            if len(equal) > wanted:
                equal = equal[np.argpartition(keys[equal], wanted)[:wanted]]
            rows = np.concatenate((above, equal))
        ordered: Numbers = rows[np.lexsort((keys[rows], -scores[rows]))]
        return ordered

    # ---- Scores: one number a row, and which rows have one ---------------------------------------

    def _scored(self, by: By) -> tuple[Numbers, Mask]:
        if isinstance(by, Nearest):
            return self._products(by.kind, by.vector)
        if isinstance(by, ByTime):
            return self._times(by), self._columns.living
        scores = np.zeros(self._columns.size, np.int32)
        groups = np.zeros(self._columns.size, np.uint8)
        for group in by.groups:
            has_any = np.zeros(self._columns.size, np.bool_)
            for term in group:
                has, weight = self._rows_or_mask(term.condition), np.int32(term.weight)
                if has.dtype == np.bool_:
                    scores += has * weight
                    has_any |= has
                else:
                    scores[has] += weight
                    has_any[has] = True
            groups += has_any
        if by.shorter_first:
            scores += self._arrays["row.brevity"]
        return scores, groups >= by.quorum

    def _products(self, kind: str, vector: bytes) -> tuple[Numbers, Mask]:
        """Return the products of a quantised vector with everybody's of a kind."""
        rows, table = self._arrays[f"{kind}.of"], self._arrays[f"{kind}.vector"]
        if (kind, vector) not in self._known:
            scores = np.zeros(self._columns.size, np.int32)
            if len(rows):
                query = np.frombuffer(vector, np.int8).reshape(1, VECTOR_SIZE)
                out: Any = "int32"  # the package's types only name fractions
                found = simsimd.cdist(query, table, metric="dot", out_dtype=out)
                scores[rows] = np.asarray(found)[0]
            self._remember((kind, vector), (scores, self._of_rows(rows)))
        found_before: tuple[Numbers, Mask] = self._known[kind, vector]
        return found_before

    def _times(self, by: ByTime) -> Numbers:
        if by not in self._known:
            rows, times = self._timed(by.time)
            scores = np.full(self._columns.size, NO_TIME, np.int64)
            scores[rows] = -times if by.oldest_first else times
            self._remember(by, scores)
        known: Numbers = self._known[by]
        return known

    def _timed(self, time: Time) -> tuple[Numbers, Numbers]:
        """Return the rows of a known time, and their times."""
        if time == "taken":
            return self._arrays["taken.of"], self._arrays["taken.at"]
        made = self._arrays["row.created"]
        rows = np.flatnonzero(made)
        return rows, made[rows]

    # ---- Conditions: a truth value a row ---------------------------------------------------------

    def _mask(self, condition: Condition) -> Mask:
        match condition:
            case AllOf(members):
                return reduce(np.logical_and, map(self._mask, members))
            case AnyOf(members):
                return reduce(np.logical_or, map(self._mask, members))
            case Not(member):
                return ~self._mask(member)
            case Among(keys):
                rows = self._columns.rows
                return self._of_rows([rows[key] for key in keys if key in rows])
            case LooksLike(vector, cosine, space):
                scores, has_score = self._products("visual", vector)
                alike: Mask = has_score & (scores >= cosine * SCALE**2)
                return alike & self._mask(Comparable(space)) if space else alike
        if condition not in self._known:
            self._remember(condition, self._simple(condition))
        mask: Mask = self._known[condition]
        return mask

    def _rows_or_mask(self, condition: Condition) -> Numbers:
        """Return which rows meet a condition, as few numbers where it is one of words."""
        if not isinstance(condition, Holds):
            return self._mask(condition)
        if condition.where != "any":
            return self._rows_holding(condition.where, condition.stems)
        found = [self._rows_holding(table, condition.stems) for table in TEXTS]
        rows: Numbers = np.unique(np.concatenate(found))
        return rows

    def _simple(self, condition: Condition) -> Mask:
        arrays = self._arrays
        match condition:
            case Living():
                return self._columns.living
            case Holds():
                rows = self._rows_or_mask(condition)
            case HasAttribute(words):
                rows = self._rows_having(words)
            case Is("label" | "album" as table, values):
                rows = arrays[f"{table}.of"][self._are(values)[arrays[f"{table}.value"]]]
            case Is(field, values):
                return self._are(values)[arrays[f"row.{field}"]]
            case Comparable(space):
                is_other = ~self._are((space,))[arrays["space.value"]]
                return ~self._of_rows(arrays["space.of"][is_other])
            case Within(time, first, end):
                rows = _within(*self._timed(time), first, end)
            case _:
                raise TypeError(f"no condition: {condition!r}")
        return self._of_rows(rows)

    def _rows_holding(self, table: str, stems: Sequence[str]) -> Numbers:
        """Return the rows whose text has stems one after another."""
        key = (table, tuple(stems))
        if key not in self._known:
            self._remember(key, np.unique(self._found(table, stems)))
        known: Numbers = self._known[key]
        return known

    def _found(self, table: str, stems: Sequence[str]) -> Numbers:
        codes = [*map(self._columns.codes.get, stems)]
        words, rows = self._stems(table), self._arrays[f"{table}.of"]
        if None in codes:
            return np.empty(0, rows.dtype)
        found = np.flatnonzero(words == codes[0])
        for place, code in enumerate(codes[1:], 1):
            found = found[found + place < len(words)]
            follows = words[found + place] == code
            found = found[follows & (rows[found + place] == rows[found])]
        return rows[found]

    def _rows_having(self, words: Sequence[tuple[str, frozenset[str]]]) -> Numbers:
        """Return the rows one attribute of which has a word of each set."""
        bound = np.ones(len(self._arrays["attribute.of"]), np.bool_)
        for kind, values in words:
            bound &= self._having(kind, values)
        rows: Numbers = self._arrays["attribute.of"][bound]
        return rows

    def _having(self, kind: str, values: frozenset[str]) -> Mask:
        """Return for each attribute whether it has one of the words of a kind."""
        if (kind, values) not in self._known:
            arrays = self._arrays
            chosen = self._are(values)[arrays[f"{kind}.value"]]
            having = np.zeros(len(arrays["attribute.of"]), np.bool_)
            having[arrays[f"{kind}.of"][chosen]] = True
            self._remember((kind, values), having)
        known: Mask = self._known[kind, values]
        return known

    def _are(self, values: Iterable[str]) -> Mask:
        """Return for each string whether it is one of the values."""
        found = np.zeros(len(self._columns.strings), np.bool_)
        codes = self._columns.codes
        found[[*map(codes.__getitem__, codes.keys() & values)]] = True
        return found

    def _of_rows(self, rows: Numbers | Sequence[int]) -> Mask:
        found = np.zeros(self._columns.size, np.bool_)
        found[rows] = True
        return found

    # ---- Counts ----------------------------------------------------------------------------------

    def _facet(self, facet: Facet, mask: Mask) -> tuple[tuple[str, int], ...]:
        if facet.name in _MONTHS:
            return self._months(facet, mask)
        strings = self._columns.strings
        counts = np.bincount(self._values(facet, mask), minlength=len(strings))
        found = ((strings[code], int(counts[code])) for code in np.flatnonzero(counts).tolist())
        kept = [(value, count) for value, count in found if value and value.startswith(facet.start)]
        return tuple(nsmallest(facet.size, kept, key=lambda pair: (-pair[1], pair[0])))

    def _months(self, facet: Facet, mask: Mask) -> tuple[tuple[str, int], ...]:
        """Return the latest months and their counts."""
        rows, times = self._timed(_MONTHS[facet.name])
        months = times[mask[rows]].astype("datetime64[us]").astype("datetime64[M]")
        values, counts = np.unique(months, return_counts=True)
        latest = [*zip(map(str, values), counts.tolist(), strict=True)][::-1]
        return tuple(latest[: facet.size])

    def _values(self, facet: Facet, mask: Mask) -> Numbers:
        """Return the numbers of the values that rows have, each once a row."""
        arrays = self._arrays
        if facet.name in _KINDS:
            kind = _KINDS[facet.name]
            rows = arrays["attribute.of"][arrays[f"{kind}.of"]]
            return arrays[f"{kind}.value"][mask[rows] & arrays[f"{kind}.first"]]
        if facet.name in _OF_ROWS:
            table = _OF_ROWS[facet.name]
            return arrays[f"{table}.value"][mask[arrays[f"{table}.of"]]]
        if facet.name == "words":
            return self._words_begun(facet.start, mask)
        return arrays[f"row.{facet.name}"][mask]

    def _words_begun(self, start: str, mask: Mask) -> Numbers:
        begun = self._are(word for word in self._words() if word.startswith(start))
        pairs = []
        for table in _SUGGESTED:
            rows, words = self._arrays[f"{table}.of"], self._arrays[f"{table}.word"]
            chosen = np.flatnonzero(begun[words])
            chosen = chosen[mask[rows[chosen]]]
            pairs.append(rows[chosen].astype(np.int64) << 32 | words[chosen])
        words_of_rows: Numbers = np.unique(np.concatenate(pairs)) & 0xFFFFFFFF
        return words_of_rows

    # ---- What is made once, until the index changes ----------------------------------------------

    def _stems(self, table: str) -> Numbers:
        """Return the numbers of the stems of a text's words."""
        if table not in self._known:
            self._remember(table, self._columns.stems[self._arrays[f"{table}.word"]])
        stems: Numbers = self._known[table]
        return stems

    def _words(self) -> list[str]:
        """Return the words that may be suggested."""
        if "words" not in self._known:
            self._remember("words", self._told(self._columns.stems >= 0))
        known: list[str] = self._known["words"]
        return known

    def _words_of(self, among: Condition) -> list[str]:
        """Return those of captions and labels that meet a condition."""
        if ("words", among) not in self._known:
            mask = self._mask(among) & self._columns.living
            held = np.zeros(len(self._columns.strings), np.bool_)
            for table in _SUGGESTED:
                held[self._arrays[f"{table}.word"][mask[self._arrays[f"{table}.of"]]]] = True
            self._remember(("words", among), self._told(held))
        known: list[str] = self._known["words", among]
        return known

    def _told(self, chosen: Mask) -> list[str]:
        """Return the chosen strings that are long enough to be suggested."""
        told = (self._columns.strings[code] for code in np.flatnonzero(chosen).tolist())
        return [word for word in told if len(word) >= SHORTEST_WORD and word.isalpha()]

    def _remember(self, name: object, answer: object) -> None:
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[name] = answer

    def _visual(self, row: int) -> tuple[bytes | None, str | None]:
        """Return a row's visual vector and the space that it is of."""
        vectors, codes = self._entry("visual", "vector", row), self._entry("space", "value", row)
        spaces = [self._columns.strings[code] for code in codes.tolist()]
        return vectors.tobytes() or None, next(iter(spaces), None)

    def _entry(self, table: str, column: str, row: int) -> Numbers:
        """Return the entry of a row in a table that has one a row at most; none or one."""
        rows = self._arrays[f"{table}.of"]
        at = int(np.searchsorted(rows, row))
        found: Numbers = self._arrays[f"{table}.{column}"][at : at + (row in rows[at : at + 1])]
        return found


def _standing(held: Numbers, rows: Numbers) -> tuple[Numbers, Mask]:
    """Return where rows stand among ascending ones, and which of them do."""
    places = np.minimum(np.searchsorted(held, rows), max(0, len(held) - 1))
    return places, held[places] == rows if len(held) else np.zeros(len(rows), np.bool_)


def _within(rows: Numbers, times: Numbers, first: datetime | None, end: datetime | None) -> Numbers:
    """Return the rows whose times are ``first`` or later and before ``end``."""
    chosen = np.ones(len(times), np.bool_)
    if first is not None:
        chosen &= times >= microseconds(first)
    if end is not None:
        chosen &= times < microseconds(end)
    return rows[chosen]
