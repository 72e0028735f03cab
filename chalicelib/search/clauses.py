"""Attribute clauses in the words an index compares, with the kin of their subject."""

from dataclasses import dataclass

from chalicelib.attributes import kin, normalised
from chalicelib.images import Attribute
from chalicelib.search.query import Clause


@dataclass(frozen=True, slots=True)
class Terms:
    """What one attribute must have: any of ``subjects``, all ``colours``, all ``actions``.

    ``subjects`` is empty where any subject will do; ``labels`` are those any of which stands for
    the attribute.
    """

    subjects: frozenset[str]
    colours: tuple[str, ...]
    actions: tuple[str, ...]
    labels: frozenset[str]

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
    subjects = kin(plain.subject) if plain.subject else frozenset()
    is_bare = not (plain.colours or plain.actions)
    return Terms(
        subjects=subjects,
        colours=plain.colours,
        actions=plain.actions,
        labels=subjects if clause.by_label and is_bare else frozenset(),
    )


def told(clause: Clause) -> str:
    """Return a clause in words for a person: "brown dog run"."""
    return " ".join([*clause.colours, clause.subject or "", *clause.actions]).strip()
