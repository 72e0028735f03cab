"""Follows who is where while a sentence is read: "a dog runs through snow" puts the dog in snow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chalicelib.attributes import lexicon as lex
from chalicelib.attributes.kinds import ANIMATE, base_form, place_form
from chalicelib.attributes.phrases import NounPhrase, Token
from chalicelib.images import Attribute, Garment


@dataclass(slots=True, eq=False)
class Subject:
    """A thing the sentence speaks of."""

    phrase: NounPhrase
    first: bool
    colours: dict[str, None] = field(default_factory=dict)
    actions: dict[str, None] = field(default_factory=dict)
    garments: dict[str, dict[str, None]] = field(default_factory=dict)
    places: dict[str, None] = field(default_factory=dict)

    def wear(self, phrase: NounPhrase) -> None:
        """Take the colours of what this subject has on, or of its hair."""
        colours = dict.fromkeys(phrase.colours)
        self.colours.update(colours)
        if colours and phrase.head in lex.NAMED_GARMENTS:
            self.garments.setdefault(phrase.head, {}).update(colours)

    @property
    def told(self) -> bool:
        """Scenery ("on the beach") is told of only where something is said about it."""
        said = self.colours or self.actions or self.places
        return self.first or self.phrase.moves or bool(said)

    def attribute(self) -> Attribute:
        """Return what was said, in the words of the record."""
        garments = (Garment(name, tuple(colours)) for name, colours in self.garments.items())
        return Attribute(
            str(self.phrase.head),
            tuple(self.colours),
            tuple(self.actions),
            tuple(garments),
            tuple(self.places),
        )


class Locating:
    """Gives each setting to those it is said of.

    ``_governor`` is the preposition of the noun phrase to come where it tells of a place.
    ``_doers`` are the last verb's, ``_near`` the subjects named since; before the first verb, those
    named since the last setting.
    """

    def __init__(self, words: Sequence[Token]) -> None:
        self._words = words
        self._doers: list[Subject] = []
        self._near: list[Subject] = []
        self._fronted: dict[str, None] = {}
        self._verb: str | None = None
        self._governor: str | None = None
        self._of: str | None = None  # the governor of "in front of", "on the edge of"
        self._and: str | None = None  # the governor of "on the sand and"
        self._passive = self._aims = self._thrown = self._settled = self._joined = False

    def begin(self, subjects: Iterable[Subject] = ()) -> None:
        """Begin a clause; its subjects may be known."""
        self._doers, self._near = [], list(subjects)
        self._verb = self._governor = self._of = self._and = None
        self._passive = self._aims = self._thrown = self._settled = False

    def verb(self, base: str, doers: Iterable[Subject], *, passive: bool = False) -> None:
        """Take note of a verb and of whose it is."""
        self.begin()
        self._doers, self._verb, self._passive = list(doers), base, passive
        self._aims = base in lex.AIMING

    def preposition(self, at: int) -> None:
        """Take note of the preposition at a place."""
        word, before = self._words[at], self._words[at - 1]
        tells = word in lex.LOCATIVES or (word == "to" and before in lex.NEARNESS)
        acted_on = self._passive or before.endswith("ed")
        agent = word == "by" and acted_on and base_form(before) not in lex.RESTING
        governs = tells and not (agent or self._aims or before in lex.COVERED)
        if word == "of":
            self._governor = before if before in {"outside", "inside"} else self._of
        else:
            self._governor = word if governs else None
        self._of = self._and = None
        self._joined = False

    def conjunction(self, word: str) -> None:
        """Go on after "on the sand and"."""
        self._joined = word != ","
        self._governor = self._and if self._joined else None

    def setting(self, phrase: NounPhrase, start: int, end: int) -> str | None:
        """Return the setting that a noun phrase names, if its preposition tells of a place."""
        governor, self._governor = self._governor, None
        self._aims = self._passive = False
        self._of = self._and = None
        if governor is None:
            self._thrown |= self._verb in lex.THROWING
            return None
        place = self._named(phrase, start, end)
        if place is None or self._is_beside_the_point(place, governor, start, end):
            apart = phrase.head in ANIMATE or self._words[end] != "of"
            self._of = None if apart else governor
            return None
        self._and = governor
        return place

    def settle(self, place: str) -> None:
        """Give a setting to those it is said of, or to the subject to come."""
        thrown = self._thrown and self._and in lex.INTO
        for subject in self._near if thrown else (*self._doers, *self._near):
            subject.places[place] = None
        self._settled = True

    def front(self, place: str) -> None:
        """Keep a setting for the subject to come: "in the snow, a dog"."""
        self._fronted[place] = None

    def name(self, subject: Subject) -> None:
        """Take note of a subject."""
        if self._settled and not self._doers:
            self._near = []
        self._near.append(subject)
        self._settled = False
        if subject.phrase.moves:
            subject.places.update(self._fronted)
            self._fronted = {}

    def _named(self, phrase: NounPhrase, start: int, end: int) -> str | None:
        last = self._words[end - 1]
        if phrase.head in lex.GENERAL_PLACES:
            before = map(_material, reversed(self._words[start : end - 1]))
            return next(filter(None, before), None)
        place = place_form(last)
        if place in lex.PARTS and self._words[end] == "of":
            return None
        return place if place in lex.PLACES else None

    def _is_beside_the_point(self, place: str, governor: str, start: int, end: int) -> bool:
        """True for "kicks up snow", "rock climbing", "… and trees in the background"."""
        if self._joined:
            return self._words[end] in lex.PREPOSITIONS | lex.BE
        if self._words[end] == "climbing":
            return True
        if governor == "up":
            return place in lex.SUBSTANCES and self._words[start] not in lex.DETERMINERS
        return place == "bar" and governor not in {"at", "in", "inside"}


def _material(word: str) -> str | None:
    """Return the setting of "grassy area", "pool area", "snow-covered area"."""
    place = lex.MADE_OF.get(word) or place_form(word.removesuffix("-covered"))
    return place if place in lex.PLACES else None
