"""Attribute clauses in the words an index compares, with the kin of their subject."""

from dataclasses import dataclass

from chalicelib.attributes import kin, normalised
from chalicelib.images import Attribute
from chalicelib.search.query import Clause


@dataclass(frozen=True, slots=True)
class Terms:
    """What one attribute must have: any of ``subjects``, all ``colours``, all ``actions``.

    ``subjects`` is empty where any subject will do.
    """

    subjects: frozenset[str]
    colours: tuple[str, ...]
    actions: tuple[str, ...]

    def match(self, attribute: Attribute) -> bool:
        """Say whether a normalised attribute has all of it."""
        return (
            (not self.subjects or attribute.subject in self.subjects)
            and set(self.colours) <= set(attribute.colours)
            and set(self.actions) <= set(attribute.actions)
        )


def terms_of(clause: Clause) -> Terms:
    """Return a clause's terms: "people" finds men, "scarlet" finds red, "running" finds run."""
    plain = normalised(Attribute(clause.subject or "", clause.colours, clause.actions))
    return Terms(
        subjects=kin(plain.subject) if plain.subject else frozenset(),
        colours=plain.colours,
        actions=plain.actions,
    )


def told(clause: Clause) -> str:
    """Return a clause in words for a person: "brown dog run"."""
    return " ".join([*clause.colours, clause.subject or "", *clause.actions]).strip()
