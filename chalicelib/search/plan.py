"""What is asked of an engine: a query checked, taken apart and put into conditions, once."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from itertools import zip_longest
from typing import Any

from chalicelib.attributes.kinds import TRAITS, in_words, kin_of
from chalicelib.errors import InvalidField
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
    Within,
)
from chalicelib.search.port import (
    LABEL_TEXTS,
    By,
    ByTime,
    Nearest,
    PartName,
    Retrieval,
    Term,
    Terms,
    key_of,
)
from chalicelib.search.query import (
    AUTO,
    FACETS,
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_LIMIT,
    MAX_TEXT_CHARS,
    MAX_UNLIKE,
    MAX_WEIGHT,
    NEAR_DUPLICATES,
    VECTOR_BYTES,
    Clause,
    Direction,
    Filters,
    Group,
    LikelyWords,
    Mode,
    Query,
    Sort,
    Weights,
)
from chalicelib.search.reading import read
from chalicelib.search.text import Phrase, QueryText, parse, quantised, words_of
from chalicelib.search.tuned import ALIKE, WEIGHTS

DEPTH = 500  # of each part's ranking: so many take part in a fused one

MEANING_LEFT_OUT = "meaning: the text has no vector, so only its words were matched"

# What a word is worth where words alone rank, in sixteenths (`BREVITY`): in a caption all; a little
# more than half of that in the file's name; half in labels, the more the more probable they are.
_WORTH: Mapping[TextName, int] = {
    "caption": 16,
    "labels": 3,
    "labels_50": 2,
    "labels_75": 3,
    "name": 9,
}
_PARTS: Mapping[TextName, PartName] = {
    "caption": "words",
    **dict.fromkeys(LABEL_TEXTS, "labels"),
    "name": "name",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A query as engines are asked it.

    Attributes
    ----------
    among
        What must hold of a match, whatever ranks; how many words it must have is left out.
    text
        Where words rank.
    quorum
        How many of the text's words or phrases a match of the words has at least.
    clauses
        What the text says of its subjects, in parts, where that takes part in a fused ranking: each
        speaks for a photograph, none must hold.
    vectors
        By the part of the ranking they are.
    weighed
        What idf is counted of, each of no weight yet: the text's phrases, then its clauses.
    degraded
        What had to be left out.
    """

    query: Query
    among: Condition
    text: QueryText | None
    quorum: int
    clauses: tuple[Clause, ...]
    vectors: Mapping[PartName, Nearest]
    weights: Weights
    weighed: tuple[Term, ...]
    degraded: tuple[str, ...]

    @property
    def cutoff(self) -> str | None:
        """Which measured cut-off is this query's; None where nothing ranks."""
        if not self.vectors:
            return "words" if self.text else None
        is_image = "image" in self.vectors and len(self.vectors) == 1
        return "image" if is_image and not (self.text or self.clauses) else "text"

    @property
    def likely(self) -> LikelyWords | None:
        """What the text's words say by the picture, where several parts rank and it counts."""
        is_fused = self.text is not None and "meaning" in self.vectors
        return self.query.likely if is_fused and self.weights.likely else None

    @property
    def sort(self) -> ByTime | None:
        """The time that orders matches; None where relevance does."""
        if self.query.sort is Sort.RELEVANCE:
            return None
        is_oldest_first = self.query.direction is Direction.OLDEST
        return ByTime("taken" if self.query.sort is Sort.TAKEN else "created", is_oldest_first)

    def alone(self, idf: tuple[int, ...]) -> ByTime | Terms | Nearest | None:
        """Return the order of matches where only one part ranks; None where several do."""
        if not self.vectors:
            return self.words_alone(idf) if self.text else self.sort or ByTime()
        if len(self.vectors) == 1 and not (self.text or self.clauses):
            return next(iter(self.vectors.values()))
        return None

    def words_alone(self, idf: tuple[int, ...]) -> Terms:
        """Return the order by words where nothing else ranks."""
        return replace(self._held(tuple(_WORTH), idf, self.quorum), shorter_first=True)

    def parts(self, idf: tuple[int, ...]) -> Mapping[PartName, Terms | Nearest]:
        """Return the parts of a fused ranking.

        Parameters
        ----------
        idf
            Of `weighed`, in steps (`ranking.idf`).
        """
        found: dict[PartName, Terms | Nearest] = {}
        if self.text:
            found["words"] = self._held(("caption",), idf, self.quorum)
            found["labels"] = self._held(tuple(LABEL_TEXTS), idf, 1)
            found["name"] = self._held(("name",), idf, 1)
        if self.clauses:
            clauses = self.weighed[len(self._phrases) :]
            weights = idf[len(self._phrases) :]
            terms = (replace(c, weight=w) for c, w in zip(clauses, weights, strict=True))
            found["attributes"] = Terms(tuple((term,) for term in terms))
        return found | dict(self.vectors)

    def candidates(self, by: Terms | Nearest) -> Retrieval:
        """Return the question for what one part of a fused ranking finds."""
        return Retrieval(self.of(by), by, size=DEPTH, counts=False)

    def of(self, by: By, among: Condition | None = None) -> Condition:
        """Return what can be ranked of the matches, or of others: by vectors, the comparable."""
        found = among or self.among
        if isinstance(by, Nearest) and self.query.space:
            return AllOf((found, Comparable(self.query.space)))
        return found

    @property
    def incomparable(self) -> Condition | None:
        """What is the owner's and no vector speaks of, since its own are of another space."""
        if not (self.vectors and self.query.space):
            return None
        return AllOf((*_visible(self.query.owner), Not(Comparable(self.query.space))))

    @property
    def _phrases(self) -> tuple[Phrase, ...]:
        return self.text.ranked if self.text else ()

    def _held(self, names: tuple[TextName, ...], idf: tuple[int, ...], quorum: int) -> Terms:
        groups = (
            tuple(self._term(phrase, name, weight * _WORTH[name]) for name in names)
            for phrase, weight in zip(self._phrases, idf, strict=False)
        )
        return Terms(tuple(groups), quorum)

    def _term(self, phrase: Phrase, name: TextName, weight: int) -> Term:
        said = " ".join(words_of(phrase.raw)) or phrase.raw
        return Term(said, Holds(phrase.stems, name), weight, _PARTS[name])


def plan(query: Query) -> Plan:
    """Check a query and return what engines are asked.

    Raises
    ------
    InvalidField
        A part of it is out of its range, or its text holds nothing to look for.
    """
    check(query)
    text = parse(query.text) if query.text is not None else None
    if text is not None:
        text.check()
    by_meaning = query.semantic is not None and (text is None or query.mode is not Mode.WORDS)
    by_words = None if by_meaning and query.mode is Mode.MEANING else text
    ranked = by_words if by_words and by_words.ranked else None
    is_fused = by_meaning and ranked is not None
    weights = query.weights or WEIGHTS
    vectors: dict[PartName, Nearest] = {}
    if query.visual is not None:
        vectors["image"] = Nearest("visual", quantised(query.visual), DEPTH)
    if by_meaning and query.semantic is not None:
        vectors["meaning"] = Nearest("semantic", quantised(query.semantic), DEPTH)
    clauses = clauses_of(ranked) if ranked and is_fused and weights.attributes else ()
    missed = text is not None and query.mode is not Mode.WORDS and not by_meaning
    return Plan(
        query=query,
        among=_among(query, text),
        text=ranked,
        quorum=_quorum(ranked, is_fused=is_fused),
        clauses=clauses,
        vectors=vectors,
        weights=weights,
        weighed=_weighed(ranked, clauses),
        degraded=(MEANING_LEFT_OUT,) if missed else (),
    )


def _weighed(text: QueryText | None, clauses: Iterable[Clause]) -> tuple[Term, ...]:
    phrases = text.ranked if text else ()
    terms = [Term(phrase.raw, Holds(phrase.stems)) for phrase in phrases]
    terms += [Term(in_words(clause), clause_condition(clause)) for clause in clauses]
    return tuple(terms)


def _quorum(text: QueryText | None, *, is_fused: bool) -> int:
    """Return how many words and phrases must be there; one where meaning finds others, too."""
    if text is None:
        return 0
    if is_fused:
        return 1
    return text.quorum + len(text.required)


def clauses_of(text: QueryText) -> tuple[Clause, ...]:
    """Return what a text says of its subjects: each, each with one trait, and each with all."""
    reading = read(text)
    found = (part for clause in reading.clauses for part in _parts_of(clause)) if reading else ()
    return tuple(dict.fromkeys(found))[:MAX_CLAUSES]


def _parts_of(clause: Clause) -> Iterable[Clause]:
    if clause.subject:
        yield Clause(clause.subject)
    for kind in TRAITS:
        for value in kind.values(clause):
            trait: dict[str, Any] = {kind.field: (value,)}
            yield Clause(clause.subject, **trait)
    yield clause


def clauses_in(condition: Clause | Group | None) -> tuple[Clause, ...]:
    """Return the clauses that must or may hold; those that may not are left out."""
    if isinstance(condition, Clause):
        return (condition,)
    if condition is None or condition.operator == "not":
        return ()
    return tuple(clause for member in condition.members for clause in clauses_in(member))


# Conditions --------------------------------------------------------------------------------------


def visible_to(owner: str | None) -> Condition:
    """Return what makes a photograph visible to an owner: None sees everyone's."""
    return AllOf(_visible(owner))


def _visible(owner: str | None) -> tuple[Condition, ...]:
    return (Living(),) if owner is None else (Living(), Is("owner", (owner,)))


def _among(query: Query, text: QueryText | None) -> Condition:
    found = [*_visible(query.owner), *_filters(query.filters)]
    if query.exclude:
        found.append(Not(Among(tuple(map(key_of, query.exclude)))))
    looks = zip_longest(query.unlike, query.unlike_spaces)
    found += (Not(LooksLike(quantised(vector), ALIKE, space)) for vector, space in looks)
    if query.attributes is not None:
        found.append(_attributes(query.attributes))
    if text is not None:
        found += (Holds(phrase.stems) for phrase in text.required)
        found += (Not(Holds(phrase.stems)) for phrase in text.excluded)
    return AllOf(tuple(found))


def _filters(filters: Filters) -> list[Condition]:
    found: list[Condition] = []
    if filters.states:
        found.append(Is("state", tuple(state.value for state in filters.states)))
    if filters.sources:
        found.append(Is("source", tuple(source.value for source in filters.sources)))
    found += (Is("label", (label,)) for label in filters.labels)
    found += (Is("album", (album,)) for album in filters.albums)
    if filters.created_from is not None or filters.created_to is not None:
        found.append(Within("created", filters.created_from, filters.created_to))
    if filters.taken_from is not None or filters.taken_to is not None:
        found.append(Within("taken", filters.taken_from, filters.taken_to))
    return found


def _attributes(condition: Clause | Group) -> Condition:
    if isinstance(condition, Clause):
        return clause_condition(condition)
    members = tuple(map(_attributes, condition.members))
    match condition.operator:
        case "and":
            return AllOf(members)
        case "or":
            return AnyOf(members)
        case _:
            return Not(AnyOf(members))


def clause_condition(clause: Clause) -> HasAttribute:
    """Return a clause's condition: "people" finds men, "scarlet" finds red, "running" finds run."""
    return HasAttribute(kin_of(clause))


# Ranges ------------------------------------------------------------------------------------------


def check(query: Query) -> None:
    """Raise ``InvalidField`` where a part of ``query`` is out of its range."""
    if query.text is not None and len(query.text) > MAX_TEXT_CHARS:
        raise InvalidField("text", f"must have at most {MAX_TEXT_CHARS} characters")
    if not 1 <= query.limit <= MAX_LIMIT:
        raise InvalidField("limit", f"must be between 1 and {MAX_LIMIT}")
    if not set(query.facets) <= set(FACETS):
        raise InvalidField("facets", f"must be among {', '.join(FACETS)}")
    _check_vectors(query)
    _check_relevance(query.min_relevance)
    _check_weights(query.weights)
    if query.collapse not in (None, NEAR_DUPLICATES):
        raise InvalidField("collapse", f"must be {NEAR_DUPLICATES}")
    if query.attributes is not None and _clauses(query.attributes, 1) > MAX_CLAUSES:
        raise InvalidField("attributes", f"must hold at most {MAX_CLAUSES} clauses")


def _check_vectors(query: Query) -> None:
    if len(query.unlike) > 2 * MAX_UNLIKE:  # of a photograph the former one, too
        raise InvalidField("unlike", f"must name at most {MAX_UNLIKE} photographs")
    named = [("visual", query.visual), ("semantic", query.semantic)]
    for name, vector in [*named, *(("unlike", vector) for vector in query.unlike)]:
        if vector is not None and len(vector) != VECTOR_BYTES:
            raise InvalidField(name, f"must be {VECTOR_BYTES // 2} float16 numbers")


def _check_relevance(relevance: float | str | None) -> None:
    if relevance is None or relevance == AUTO:
        return
    if isinstance(relevance, str) or not (math.isfinite(relevance) and 0 <= relevance <= 1):
        raise InvalidField("min_relevance", f"must be between 0 and 1, or {AUTO}")


def _check_weights(weights: Weights | None) -> None:
    for one in fields(Weights) if weights is not None else ():
        weight = getattr(weights, one.name)
        if not (math.isfinite(weight) and 0 <= weight <= MAX_WEIGHT):
            raise InvalidField(f"weights.{one.name}", f"must be between 0 and {MAX_WEIGHT}")


def _clauses(part: Clause | Group, depth: int) -> int:
    """Count the clauses of a condition, refusing one that is nested too deeply."""
    if depth > MAX_DEPTH:
        raise InvalidField("attributes", f"must be nested at most {MAX_DEPTH} deep")
    if isinstance(part, Clause):
        return 1
    if not part.members:
        raise InvalidField("attributes", f"'{part.operator}' needs at least one clause")
    return sum(_clauses(member, depth + 1) for member in part.members)
