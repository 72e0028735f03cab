"""Follows who is where while a sentence is read: "a dog runs through snow" puts the dog in snow."""

from collections.abc import Iterable, Sequence

from chalicelib.attributes import lexicon as lex
from chalicelib.attributes import places as known
from chalicelib.attributes.phrases import NounPhrase
from chalicelib.attributes.subjects import Subject
from chalicelib.attributes.words import base_form, place_form


class Locating:
    """Gives each setting to those it is said of.

    ``_governor`` is the preposition of the noun phrase to come where it tells of a place.
    ``_doers`` are the last verb's, ``_near`` the subjects named since; before the first verb, those
    named since the last setting.
    """

    def __init__(self, words: Sequence[str]) -> None:
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
        self._aims = base in known.AIMING

    def preposition(self, at: int) -> None:
        """Take note of the preposition at a place."""
        word, before = self._words[at], self._words[at - 1] if at else ""
        tells = word in known.LOCATIVES or (word == "to" and before in known.NEARNESS)
        acted_on = self._passive or before.endswith("ed")
        agent = word == "by" and acted_on and base_form(before) not in known.RESTING
        governs = tells and not (agent or self._aims or before in known.COVERED)
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
            self._thrown |= self._verb in known.THROWING
            return None
        place = self._named(phrase, start, end)
        if place is None or self._is_beside_the_point(place, governor, start, end):
            apart = phrase.head in lex.ANIMATE or self._word(end) != "of"
            self._of = None if apart else governor
            return None
        self._and = governor
        return place

    def settle(self, place: str) -> None:
        """Give a setting to those it is said of, or to the subject to come."""
        thrown = self._thrown and self._and in known.INTO
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
        last = self._word(end - 1)
        if phrase.head in known.GENERAL_PLACES:
            before = map(_material, reversed(self._words[start : end - 1]))
            return next(filter(None, before), None)
        place = place_form(last)
        if place in known.PARTS and self._word(end) == "of":
            return None
        return place if place in known.PLACES else None

    def _is_beside_the_point(self, place: str, governor: str, start: int, end: int) -> bool:
        """True for "kicks up snow", "rock climbing", "… and trees in the background"."""
        if self._joined:
            return self._word(end) in lex.PREPOSITIONS | lex.BE
        if self._word(end) == "climbing":
            return True
        if governor == "up":
            return place in known.SUBSTANCES and self._word(start) not in lex.DETERMINERS
        return place == "bar" and governor not in {"at", "in", "inside"}

    def _word(self, at: int) -> str:
        return self._words[at] if at < len(self._words) else "."


def _material(word: str) -> str | None:
    """Return the setting of "grassy area", "pool area", "snow-covered area"."""
    place = known.MADE_OF.get(word) or place_form(word.removesuffix("-covered"))
    return place if place in known.PLACES else None
