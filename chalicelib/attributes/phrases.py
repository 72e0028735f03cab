"""From words to noun phrases: "a black and white dog" → dog, {black, white}."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.attributes import lexicon as lex
from chalicelib.attributes.words import known_base, singular

_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+|'s\b|[.,;:!?&]")
_LONGEST = 16  # words of one noun phrase
_STOPS = frozenset(".;:!?")
_SUFFIXED_COLOUR = re.compile(r"^([a-z]+)-(?:[a-z]+ed|clad)$")


@dataclass(slots=True)
class NounPhrase:
    """One noun phrase: its head (None in "dressed in red"), its own colours and actions.

    ``joined`` says that it follows "and", so that its verb is a plural's.
    """

    head: str | None
    colours: list[str]
    actions: list[str]
    plural: bool
    joined: bool = False
    negated: bool = False

    @property
    def moves(self) -> bool:
        """True for people, animals and vehicles."""
        return self.head in lex.ANIMATE or self.head in lex.THINGS_THAT_MOVE


def tokens(text: str) -> list[str]:
    """Return the words, numbers and stops of a text in lower case."""
    found: list[str] = []
    for token in _TOKEN.findall(text.lower().replace("’", "'")):
        if token.endswith("'s") and len(token) > 2 and token not in lex.PRONOUNS:
            found += [token[:-2], "'s"]
        elif "-" in token and all(p in lex.COLOURS or p == "and" for p in token.split("-")):
            found += token.split("-")
        else:
            found.append(token)
    return found


def is_stop(word: str) -> bool:
    """True for punctuation that ends a sentence or a part of one."""
    return word in _STOPS


def is_ing(word: str) -> bool:
    """True for a present participle."""
    return word.endswith("ing") and len(word) > 4 and word not in lex.ING_NOUNS


def is_past(word: str) -> bool:
    """True for a past form or participle of a known verb."""
    if word.endswith("ed"):
        return known_base(word) is not None
    return word in lex.IRREGULAR_FORMS and not word.endswith(("ing", "s"))


def colour_of(word: str) -> str | None:
    """Return the basic colour a word gives, also in "red-haired"."""
    suffixed = _SUFFIXED_COLOUR.match(word)
    return lex.COLOURS.get(suffixed.group(1) if suffixed else word)


class Phrases:
    """Finds noun phrases in a sentence's tokens."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words

    def word(self, at: int) -> str:
        """Return the token at a place; a stop beyond the end."""
        return self.words[at] if 0 <= at < len(self.words) else "."

    def noun_phrase(self, start: int) -> tuple[NounPhrase, int] | None:
        """Return the noun phrase that begins at ``start`` and the place after it, or None."""
        phrase = NounPhrase(None, [], [], plural=False, joined=self.word(start - 1) == "and")
        at = start
        while at < min(len(self.words), start + _LONGEST):
            after = self._extended(phrase, at, start)
            if after is None:
                break
            at = after
        if at == start or (phrase.head is None and not phrase.colours):
            return None
        return self._contents(phrase, at)

    def verb_follows(self, at: int, phrase: NounPhrase) -> bool:
        """True where the word at a place is a verb that ``phrase`` can be the subject of."""
        word = self.word(at)
        if word in lex.BE or word in lex.AUXILIARIES or is_ing(word) or is_past(word):
            return True
        base = known_base(word)
        if base is None or word in lex.INVARIABLE:
            return word in lex.HAVE
        if word == base:
            return (phrase.plural or phrase.joined) and phrase.moves
        worn = phrase.head in lex.GARMENTS or phrase.head in lex.BODY
        return phrase.moves or worn or base not in lex.NOUN_VERBS

    def _extended(self, phrase: NounPhrase, at: int, start: int) -> int | None:
        """Take the word at ``at`` into the phrase; return the next place, None at its end."""
        word = self.word(at)
        if phrase.head is None:
            if word in lex.DETERMINERS or word.isdigit():
                phrase.plural |= word in lex.PLURAL_DETERMINERS or word.isdigit()
                phrase.negated |= word == "no"
                return at + 1
            if self._joins_colours(phrase, at):
                return at + 1
            if self._is_colour(at):
                phrase.colours.append(str(colour_of(word)))
                return at + 1
            if is_ing(word):
                return self._premodifier(phrase, at, start)
        return at + 1 if self._takes_noun(phrase, at) else None

    def _takes_noun(self, phrase: NounPhrase, at: int) -> bool:
        word = self.word(at)
        if word == "'s":
            return phrase.head is not None
        if not self._can_be_noun(word) or self._is_adverb(at):
            return False
        if phrase.head is None:
            return self._begins(phrase, at)
        return self._continues(phrase, at)

    def _begins(self, phrase: NounPhrase, at: int) -> bool:
        """Take the first noun, or a participle before it."""
        word = self.word(at)
        if phrase.colours and colour_of(self.word(at - 1)) and self._verb_stands(at):
            return False
        if is_past(word) or (word.endswith("ed") and self._can_be_noun(self.word(at + 1))):
            return self._modifies(at)
        self._set_head(phrase, word)
        return True

    def _continues(self, phrase: NounPhrase, at: int) -> bool:
        """Take one more noun, which becomes the head: "soccer player"."""
        word = self.word(at)
        climbs = phrase.moves and is_ing(self.word(at + 1))  # "two people rock climbing"
        if climbs or self.verb_follows(at, phrase) or colour_of(word):
            return False
        if self.word(at - 1) != "'s" or singular(word) not in lex.BODY:
            self._set_head(phrase, word)
        return True

    @staticmethod
    def _set_head(phrase: NounPhrase, word: str) -> None:
        phrase.head = singular(word)
        phrase.plural |= phrase.head != word

    def _verb_stands(self, at: int) -> bool:
        """True for the verb of "people in black stand in line"."""
        after = self.word(at + 1)
        return known_base(self.word(at)) is not None and not self._can_be_noun(after)

    def _modifies(self, at: int) -> bool:
        """True for a past participle before its noun ("a painted wall")."""
        after = self.word(at + 1)
        return self._can_be_noun(after) and not self._is_adverb(at + 1)

    def _premodifier(self, phrase: NounPhrase, at: int, start: int) -> int | None:
        """Take "running" of "a running dog"; ``None`` where the participle is a verb."""
        after = self.word(at + 1)
        opens = at == start and at > 0
        if opens or not self._can_be_noun(after) or self._is_adverb(at + 1) or is_ing(after):
            return None
        ahead = NounPhrase(None, [], [], plural=False)
        place = at + 1
        while (following := self._extended(ahead, place, start)) is not None:
            place = following
        if at == start and not ahead.moves:
            return None
        if ahead.moves and (base := known_base(self.word(at))) and base not in lex.NOT_ACTIONS:
            phrase.actions.append(base)
        return at + 1

    def _joins_colours(self, phrase: NounPhrase, at: int) -> bool:
        if self.word(at) not in lex.CONJUNCTIONS and self.word(at) != ",":
            return False
        ahead = at + 1
        while self.word(ahead) in lex.CONJUNCTIONS or self.word(ahead) in lex.COLOUR_ADVERBS:
            ahead += 1
        return bool(phrase.colours) and self._is_colour(ahead)

    def _is_colour(self, at: int) -> bool:
        word = self.word(at)
        if colour_of(word) is None:
            return False
        after = self.word(at + 1)
        named = after not in lex.CONJUNCTIONS and self._can_be_noun(after)
        return word not in lex.HALF_COLOURS or named or after in lex.COLOURS

    def _is_adverb(self, at: int) -> bool:
        word = self.word(at)
        return word in lex.ADVERBS or (word.endswith("ly") and singular(word) not in lex.ANIMATE)

    @staticmethod
    def _can_be_noun(word: str) -> bool:
        closed = (
            lex.DETERMINERS, lex.PREPOSITIONS, lex.CONJUNCTIONS, lex.CLAUSE_STARTS,
            lex.RELATIVES, lex.PRONOUNS, lex.NEGATIONS, lex.BE, lex.HAVE, lex.AUXILIARIES,
        )  # fmt: skip
        return word[:1].isalpha() and not any(word in kind for kind in closed)

    def _contents(self, phrase: NounPhrase, at: int) -> tuple[NounPhrase, int]:
        """For "a group of people" return the people."""
        if phrase.head in lex.CONTAINERS and self.word(at) == "of":
            inner = self.noun_phrase(at + 1)
            if inner is not None and inner[0].head is not None:
                inner[0].plural = True
                inner[0].negated |= phrase.negated
                return inner
        return phrase, at
