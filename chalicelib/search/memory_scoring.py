"""How the memory index scores: the other engines' formulas, one photograph at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.attributes import normalised
from chalicelib.images import HUMAN_SOURCES, Attribute
from chalicelib.search.analysis import stems
from chalicelib.search.asking import PART_OF_VECTOR, Asked
from chalicelib.search.clauses import terms_of, told
from chalicelib.search.fusion import (
    BREVITY,
    DEPTH,
    LABEL_STEPS,
    PRECISION,
    by_words,
    rarity,
    weighed,
    worth,
)
from chalicelib.search.port import Document
from chalicelib.search.query import Clause, Contribution, Group
from chalicelib.search.text import Run
from chalicelib.search.vectors import product, quantised


@dataclass(frozen=True, slots=True)
class Held:
    """A document, taken apart."""

    document: Document
    stems: tuple[str, ...]
    seen: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    vectors: Mapping[str, bytes]

    def holds(self, run: Run) -> bool:
        """Say whether caption or labels hold a run."""
        return stand_in(self.stems, run) or stand_in(self.seen, run)


def stand_in(held: Sequence[str], run: Run) -> bool:
    """Say whether a run's stems stand together among others."""
    length = len(run.stems)
    places = range(len(held) - length + 1)
    return any(tuple(held[at : at + length]) == run.stems for at in places)


def held_of(document: Document) -> Held:
    """Take a document apart.

    Raises
    ------
    ValueError
        A vector of it is malformed.
    """
    vectors = {"visual": document.visual, "semantic": document.semantic}
    return Held(
        document=document,
        stems=stems(document.text),
        seen=stems(" ".join(document.seen)),
        attributes=tuple(normalised(attribute) for attribute in document.attributes),
        vectors={kind: quantised(vector) for kind, vector in vectors.items() if vector is not None},
    )


def has(held: Held, condition: Clause | Group) -> bool:
    """Say whether a condition holds of a document's attributes."""
    if isinstance(condition, Clause):
        terms = terms_of(condition)
        return not terms.labels.isdisjoint(held.document.seen) or any(
            terms.match(attribute) for attribute in held.attributes
        )
    found = [has(held, member) for member in condition.members]
    if condition.operator == "and":
        return all(found)
    return any(found) if condition.operator == "or" else not any(found)


class Scored:
    """The scores of a query's matches.

    Parameters
    ----------
    everyone
        All living documents: how rare a word is does not depend on who asks.
    among
        Those for which everything holds but the text.
    frozen
        The weights of words and clauses on the query's first page; empty on that page.
    """

    def __init__(
        self, parts: Asked, everyone: Sequence[Held], among: Sequence[Held], frozen: Sequence[int]
    ) -> None:
        self.parts = parts
        self._held = {held.document.image_id: held for held in among}
        runs = parts.words.ranked if parts.words else ()
        reading = [(told(clause), _has(clause)) for clause in parts.reading]
        self._terms = {
            "words": [(run.raw, _says(run)) for run in runs],
            "labels": [(run.raw, _shows(run)) for run in runs],
            "attributes": reading,
        }
        counted = [*map(_holds, runs), *(holds for _, holds in reading)]
        self.weights = tuple(frozen) or tuple(
            rarity(len(everyone), sum(map(holds, everyone))) for holds in counted
        )
        self.values = self._values()
        self.scores = self._scores()

    def explained(self, image_id: str) -> tuple[Contribution, ...]:
        """Return what each part gave a document."""
        if self._is_by_words:
            held, score = self._held[image_id], self.scores[image_id]
            rank = 1 + sum(other > score for other in self.scores.values())
            words, labels = (self._held_terms(part, held) for part in ("words", "labels"))
            return by_words(score, rank, words, labels)
        return tuple(
            self._given(part, values, image_id)
            for part, values in self.values.items()
            if image_id in values
        )

    @property
    def _is_by_words(self) -> bool:
        return self.parts.ranks_words and self.parts.parts == 1

    def _given(self, part: str, values: Mapping[str, float], image_id: str) -> Contribution:
        terms = self._held_terms(part, self._held[image_id])
        alone = len(self.values) == 1
        value = values[image_id]
        share = self.scores[image_id] if alone else getattr(self.parts.weights, part) * value
        score = sum(terms.values()) if part in self._terms else value
        rank = 1 + sum(other > value for other in values.values())
        return Contribution(part, score, rank, share, terms)

    def _weighed_terms(self, part: str) -> list[tuple[str, Callable[[Held], bool], int]]:
        terms = self._terms.get(part, [])
        first = len(self._terms["words"]) if part == "attributes" else 0
        weights = self.weights[first : first + len(terms)]
        return [(label, holds, w) for (label, holds), w in zip(terms, weights, strict=True)]

    def _held_terms(self, part: str, held: Held) -> dict[str, float]:
        weighed_terms = self._weighed_terms(part)
        return {label: w / PRECISION for label, holds, w in weighed_terms if holds(held)}

    def _values(self) -> dict[str, dict[str, float]]:
        """Return each part's values, of whatever is among the best of one part at least."""
        parts = self.parts
        told_by = [name for name, terms in self._terms.items() if terms]
        found = {name: self._by_terms(name) for name in told_by}
        for kind, vector in parts.vectors.items():
            found[PART_OF_VECTOR[kind]] = self._by_vector(kind, vector)
        if not parts.vectors:
            return found
        best: set[str] = set()
        for name, values in found.items():
            counted = self._reach_quorum(values) if name == "words" else values
            best |= set(sorted(counted, key=lambda one: (-values[one], one))[:DEPTH])
        return {
            name: {one: value for one, value in values.items() if one in best}
            for name, values in found.items()
        }

    def _by_terms(self, part: str) -> dict[str, float]:
        terms = self._weighed_terms(part)
        total = sum(weight for _, _, weight in terms)
        found = {}
        for image_id, held in self._held.items():
            share = sum(weight for _, holds, weight in terms if holds(held)) / total
            if share:
                is_human = held.document.source in HUMAN_SOURCES
                weights = self.parts.weights
                found[image_id] = worth(part, share, is_human=is_human, weights=weights)
        return found

    def _by_vector(self, kind: str, vector: bytes) -> dict[str, float]:
        return {
            image_id: product(held.vectors[kind], vector)
            for image_id, held in self._held.items()
            if kind in held.vectors
        }

    def _reach_quorum(self, image_ids: Iterable[str]) -> list[str]:
        words = self.parts.words
        if words is None:
            return []
        return [
            image_id
            for image_id in image_ids
            if sum(self._held[image_id].holds(run) for run in words.wanted) >= words.quorum
        ]

    def _scores(self) -> dict[str, float]:
        if not self.values:
            return {image_id: _time(held.document) for image_id, held in self._held.items()}
        if self._is_by_words:
            return {one: self._by_words(one) for one in self._reach_quorum(self._held)}
        if len(self.values) > 1:
            return weighed(self.values, self.parts.weights)
        (values,) = self.values.values()
        return values

    def _by_words(self, image_id: str) -> float:
        """Return the summed inverse frequencies; of equal ones the shorter caption's is higher."""
        held = self._held[image_id]
        said, seen = (sum(self._held_terms(part, held).values()) for part in ("words", "labels"))
        return said + seen * LABEL_STEPS / BREVITY + 1 / PRECISION / (2 + len(held.stems))


def _says(run: Run) -> Callable[[Held], bool]:
    return lambda held: stand_in(held.stems, run)


def _shows(run: Run) -> Callable[[Held], bool]:
    return lambda held: stand_in(held.seen, run)


def _holds(run: Run) -> Callable[[Held], bool]:
    return lambda held: held.holds(run)


def _has(clause: Clause) -> Callable[[Held], bool]:
    return lambda held: has(held, clause)


def _time(document: Document) -> float:
    return document.created_at.timestamp() if document.created_at else 0.0
