"""From words to noun phrases: "a black and white dog" → dog, {black, white}."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.attributes import lexicon as lex
from chalicelib.attributes import verbs
from chalicelib.attributes.places import COVERED, LOCATIVES, PLACES
from chalicelib.attributes.words import known_base, place_form, singular

_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+|'s\b|[.,;:!?&]")
_CLOSE_UP = re.compile(r"\bclose\s+up(?= (?:of|on|view|shot|photo|picture|image|portrait)\b|\W*$)")
_LONGEST = 16  # words of one noun phrase
_CLOSED = frozenset().union(
    lex.DETERMINERS, lex.PREPOSITIONS, lex.CONJUNCTIONS, lex.CLAUSE_STARTS, lex.RELATIVES,
    lex.PRONOUNS, lex.NEGATIONS, lex.BE, lex.HAVE, lex.AUXILIARIES,
)  # fmt: skip
_AFTER_VERBS = lex.DETERMINERS | lex.PREPOSITIONS | lex.ADVERBS
_BEFORE_WHERE = lex.ADJECTIVES | {"right"}
_CROSSED = LOCATIVES - lex.WORN_PREPOSITIONS
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
    determined: bool = False

    @property
    def moves(self) -> bool:
        """True for people, animals and vehicles."""
        return self.head in lex.ANIMATE or self.head in lex.THINGS_THAT_MOVE


def tokens(text: str) -> list[str]:
    """Return the words, numbers and stops of a text in lower case."""
    found: list[str] = []
    plain = _CLOSE_UP.sub("close-up", text.lower().replace("’", "'"))
    for token in _TOKEN.findall(plain):
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
    return word.endswith("ing") and len(word) > 4 and word not in verbs.ING_NOUNS


def is_past(word: str) -> bool:
    """True for a past form or participle of a known verb."""
    if word.endswith("ed"):
        return known_base(word) not in (None, word)
    return word in verbs.IRREGULAR_FORMS and not word.endswith(("ing", "s"))


def _is_third_person(word: str) -> bool:
    return known_base(word) is not None and singular(word) != word


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
        worn = phrase.head in lex.GARMENTS or phrase.head in lex.BODY
        if word == base:
            after = self.word(at + 1)
            goes_on = after in _AFTER_VERBS
            dressed = worn and phrase.plural and (goes_on or base not in verbs.NOUN_VERBS)
            return dressed or (phrase.moves and (phrase.plural or phrase.joined))
        done = self.word(at + 1) in lex.DETERMINERS  # "on a hill watches a dog"
        return phrase.moves or worn or done or base not in verbs.NOUN_VERBS

    def _extended(self, phrase: NounPhrase, at: int, start: int) -> int | None:
        """Take the word at ``at`` into the phrase; return the next place, None at its end."""
        if phrase.head is None and (after := self._before_head(phrase, at, start)) is not None:
            return after if after > at else None
        return at + 1 if self._takes_noun(phrase, at) else None

    def _before_head(self, phrase: NounPhrase, at: int, start: int) -> int | None:
        """Take a word that stands before the noun; ``at`` ends the phrase, None asks for a noun."""
        word = self.word(at)
        if word == "that" and self._is_relative(at):
            return at
        if word in lex.DETERMINERS or word.isdigit():
            phrase.plural |= word in lex.PLURAL_DETERMINERS or word.isdigit()
            phrase.negated |= word == "no"
            phrase.determined = True
        elif self._is_colour(at) and not self._joins_colours(phrase, at):
            phrase.colours.append(str(colour_of(word)))
        elif is_ing(word) and not self._is_adjective(phrase, at):
            return self._premodifier(phrase, at, start) or at
        elif not (self._joins_colours(phrase, at) or self._is_adjective(phrase, at)):
            mannered = at > start and word.endswith("ly")  # "a frilly white dress"
            return at + 1 if mannered and self._can_be_noun(self.word(at + 1)) else None
        return at + 1

    def _is_relative(self, at: int) -> bool:
        """True for "that" of "a dog that runs", not of "that dog"."""
        after = self.word(at + 1)
        return at > 0 and (
            _is_third_person(after)
            or is_past(after)
            or after in lex.BE | lex.HAVE | lex.AUXILIARIES
        )

    def _is_adjective(self, phrase: NounPhrase, at: int) -> bool:
        """True for "little" of "a little girl", and for the comma of "white, fluffy cat"."""
        word, after = self.word(at), self.word(at + 1)
        if word in lex.ADJECTIVES:
            alone = word in lex.ANIMATE and (_is_third_person(after) or is_ing(after))
            return after in {",", "and"} or (self._can_be_noun(after) and not alone)
        joins = word in {",", "and"} and after in lex.ADJECTIVES
        return (
            joins
            and at > 0
            and self._can_be_noun(self.word(at + 2))
            and (bool(phrase.colours) or self.word(at - 1) in lex.ADJECTIVES)
        )

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
        bare = not phrase.determined and colour_of(self.word(at - 1))
        if phrase.colours and bare and self._verb_stands(at):
            return False
        if is_past(word) or (word.endswith("ed") and self._can_be_noun(self.word(at + 1))):
            return self._modifies(at)
        self._set_head(phrase, word)
        return True

    def _continues(self, phrase: NounPhrase, at: int) -> bool:
        """Take one more noun, which becomes the head: "soccer player"."""
        word = self.word(at)
        following = self.word(at + 1)
        someone = singular(word) in lex.ANIMATE
        climbs = phrase.moves and is_ing(following) and not someone  # "two people rock climbing"
        if word == "looking" and self._can_be_noun(following) and not self._is_adverb(at + 1):
            phrase.head = None  # "a scruffy looking man"
            return True
        if phrase.moves and word in lex.WAYS_OF_SHOWING:
            return True  # "a dog close-up"
        if word in COVERED and not phrase.moves and self._modifies(at):
            return True  # "a snow covered hill"
        if self._is_sport(phrase, at):
            return True  # "mountain climbing gear": the head comes after it
        if (
            climbs
            or (word in _BEFORE_WHERE and following in lex.PREPOSITIONS)  # "a bus next to a wall"
            or (phrase.head in lex.WAYS_OF_SHOWING and word in lex.SHOWING)
            or self._does(phrase, at)
            or self._is_seen_to(phrase, at)
            or self.verb_follows(at, phrase)
            or colour_of(word)
        ):
            return False
        if self.word(at - 1) != "'s" or singular(word) not in lex.BODY:
            self._set_head(phrase, word)
        return True

    def _is_sport(self, phrase: NounPhrase, at: int) -> bool:
        """True for "climbing" of "mountain climbing gear", not of "through snow wearing boots"."""
        word, following = self.word(at), self.word(at + 1)
        if phrase.determined or phrase.moves or self.word(at - 2) in _CROSSED or not is_ing(word):
            return False
        has = known_base(word) in verbs.HAVING
        return not has and self._can_be_noun(following) and not is_ing(following)

    def _does(self, phrase: NounPhrase, at: int) -> bool:
        """True for the unknown verb of "a dog belays with a rope"."""
        word, after = self.word(at), self.word(at + 1)
        one = singular(word)
        named = one in lex.ANIMATE or one in lex.GARMENTS or one in lex.BODY
        if not phrase.moves or phrase.plural or one == word or named:
            return False
        return after in lex.DETERMINERS or after in lex.PREPOSITIONS or after in lex.PRONOUNS

    def _is_seen_to(self, phrase: NounPhrase, at: int) -> bool:
        """True for "jump" of "watching a black dog jump on a lawn"."""
        word = self.word(at)
        if not phrase.moves or word not in verbs.VERBS:
            return False
        if word in verbs.NOUN_VERBS and self._can_be_noun(self.word(at + 1)):
            return False
        return any(known_base(before) in verbs.PERCEIVED for before in self.words[at - 5 : at])

    @staticmethod
    def _set_head(phrase: NounPhrase, word: str) -> None:
        phrase.head = singular(word)
        phrase.plural |= phrase.head != word or word == "couple"

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
        worn = phrase.colours and not phrase.determined and self.word(start - 1) == "in"
        opens = (at == start and at > 0) or worn  # "men in black chasing a dog"
        before = self.word(at - 1)
        if opens and before == "with" and self._can_be_noun(after):
            return at + 1  # "with flowing beard"
        if opens and before in LOCATIVES and place_form(after) in PLACES:
            return at + 1  # "in rushing water"
        if opens or not self._can_be_noun(after) or self._is_adverb(at + 1) or is_ing(after):
            return None
        ahead = NounPhrase(None, [], [], plural=False)
        place = at + 1
        while (following := self._extended(ahead, place, start)) is not None:
            place = following
        if at == start and not ahead.moves:
            return None
        if self.word(at) == "looking" and self.word(at - 1) in lex.ADJECTIVES:
            return at + 1  # "a scruffy looking man"
        if ahead.moves and (base := known_base(self.word(at))) and base not in verbs.NOT_ACTIONS:
            phrase.actions.append(base)
        return at + 1

    def _joins_colours(self, phrase: NounPhrase, at: int) -> bool:
        if self.word(at) not in lex.CONJUNCTIONS and self.word(at) != ",":
            return False
        ahead = at + 1
        while self.word(ahead) in lex.CONJUNCTIONS or self.word(ahead) in lex.COLOUR_ADVERBS:
            ahead += 1
        if self.word(ahead) in {"a", "one"} and colour_of(self.word(at - 1)):
            ahead += 1  # "a black and a brown dog"
        return bool(phrase.colours) and self._is_colour(ahead)

    def _is_colour(self, at: int) -> bool:
        word = self.word(at)
        if colour_of(word) is None:
            return False
        after = self.word(at + 1)
        named = after not in lex.CONJUNCTIONS and self._can_be_noun(after)
        second = self.word(at + 2) if after in lex.CONJUNCTIONS else after  # "orange and white"
        coloured = second in lex.COLOURS and second not in lex.HALF_COLOURS
        return word not in lex.HALF_COLOURS or named or coloured

    def _is_adverb(self, at: int) -> bool:
        word = self.word(at)
        return word in lex.ADVERBS or (word.endswith("ly") and singular(word) not in lex.ANIMATE)

    @staticmethod
    def _can_be_noun(word: str) -> bool:
        return word not in _CLOSED and word[:1].isalpha()

    def _is_finite(self, at: int) -> bool:
        """True for "is" and "hangs", not for "hanging"."""
        word = self.word(at)
        return word in lex.BE | lex.HAVE | lex.AUXILIARIES or _is_third_person(word)

    def _contents(self, phrase: NounPhrase, at: int) -> tuple[NounPhrase, int]:
        """For "a group of people" return the people, for "a view of a beach" the beach."""
        gathers = phrase.head in lex.CONTAINERS
        shows = phrase.head in lex.WAYS_OF_SHOWING and self.word(at) in lex.SHOWING
        if shows or (gathers and self.word(at) == "of"):
            inner = self.noun_phrase(at + 1)
            if inner is not None and inner[0].head is not None:
                if not gathers and self._is_finite(inner[1]):
                    return phrase, at  # "a picture of a man hangs on the wall": not the man
                inner[0].plural |= gathers
                inner[0].negated |= phrase.negated
                return inner
        return phrase, at
