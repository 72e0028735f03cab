"""From words to noun phrases: "a black and white dog" → dog, {black, white}."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chalicelib.attributes import lexicon as lex
from chalicelib.attributes.kinds import (
    ANIMATE,
    THINGS_THAT_MOVE,
    base_by_ending,
    base_form,
    known_base,
    place_form,
    singular,
)
from chalicelib.attributes.lexicon import COVERED, LOCATIVES, PLACES

_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-_][^\W\d_]+)*|\d+|'s\b|[.,;:!?&]")
_CLOSE_UP = re.compile(r"\bclose\s+up(?= (?:of|on|view|shot|photo|picture|image|portrait)\b|\W*$)")
_WHOLE = re.compile(rf"\b(?:{'|'.join(sorted(lex.WHOLE)).replace('_', ' ')})s?\b")
_LOANED = frozenset("éèêñçïâ")  # letters of words that English has from elsewhere
_LONGEST = 16  # words of one noun phrase
_CLOSED = frozenset().union(
    lex.DETERMINERS, lex.PREPOSITIONS, lex.CONJUNCTIONS, lex.CLAUSE_STARTS, lex.RELATIVES,
    lex.PRONOUNS, lex.NEGATIONS, lex.BE, lex.HAVE, lex.AUXILIARIES,
)  # fmt: skip
_HELPING = lex.BE | lex.HAVE | lex.AUXILIARIES
_PLURAL_BEINGS = ANIMATE - lex.INVARIABLE  # "bears" are many, "fishes" is what somebody does
_NAMED = ANIMATE | lex.GARMENTS | lex.BODY
_AFTER_VERBS = lex.DETERMINERS | lex.PREPOSITIONS | lex.ADVERBS
_BEFORE_WHERE = lex.ADJECTIVES | {"right"}
_CROSSED = LOCATIVES - lex.WORN_PREPOSITIONS
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
        return self.head in ANIMATE or self.head in THINGS_THAT_MOVE


class Token(str):
    """A word, number or stop of a caption, with all that it can be.

    Attributes
    ----------
    one
        As a noun in the singular.
    base, form
        As a verb its base form: None where it is none that is known, or a guess.
    colour
        The basic colour that it gives, also in "red-haired".
    can_be_noun, can_be_head
        Whether it can be a noun; and is no adverb.
    is_ing, is_past, is_third_person
        Whether it can be "hanging", "hung", "hangs".
    """

    def __init__(self, word: str) -> None:
        suffixed = _SUFFIXED_COLOUR.match(word)
        self.one = singular(word)
        self.base, self.form = known_base(word), base_form(word)
        self.colour = lex.COLOURS.get(suffixed.group(1) if suffixed else word)
        self.can_be_noun = word not in _CLOSED and word[:1].isalpha()
        is_adverb = word in lex.ADVERBS or (word.endswith("ly") and self.one not in ANIMATE)
        self.can_be_head = self.can_be_noun and not is_adverb
        self.is_ing = word.endswith("ing") and len(word) > 4 and word not in lex.ING_NOUNS
        self.is_past = (
            self.base not in (None, word)
            if word.endswith("ed")
            else word in lex.IRREGULAR_FORMS and not word.endswith(("ing", "s"))
        )
        self.is_third_person = self.base is not None and self.one != word


class _Done(Token):
    """A form in -ing that is a noun as a rule, where it says what somebody does."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.is_ing = True
        self.base = self.form = base_by_ending(word) or word


_token = lru_cache(maxsize=4096)(Token)
_verb = lru_cache(maxsize=64)(_Done)
STOP = _token(".")


def tokens(text: str) -> list[Token]:
    """Return the words, numbers and stops of a text in lower case."""
    found: list[str] = []
    composed = unicodedata.normalize("NFC", text).replace("_", " ")
    plain = _CLOSE_UP.sub("close-up", composed.lower().replace("’", "'"))
    joined = _WHOLE.sub(lambda words: words[0].replace(" ", "_"), plain)
    for token in _TOKEN.findall(joined):
        if "_" in token:
            found.append(token.replace("_", " "))
        elif token.endswith("'s") and len(token) > 2 and token not in lex.PRONOUNS:
            found += [token[:-2], "'s"]
        elif "-" in token and all(p in lex.COLOURS or p == "and" for p in token.split("-")):
            found += token.split("-")
        else:
            found.append(token)
    words = [*map(_token, found), STOP]
    for at, word in enumerate(words[1:-1], 1):
        if word in lex.DOING_NOUNS and _is_done(words[at - 1], words[at + 1]):
            words[at] = _verb(str(word))
    return words[:-1]


def _is_done(before: Token, after: Token) -> bool:
    """True for "crossing" of "a man crossing the street", "is painting a wall"."""
    if after in lex.DETERMINERS:
        return before.one in ANIMATE or before in lex.BE
    has_object = after.can_be_noun and (after.one != after or after in lex.SUBSTANCES)
    return before.one in ANIMATE and has_object


def may_be_english(words: Sequence[Token], text: str) -> bool:
    """Say whether a text may be English: its small words are, or no other language's.

    Of another language the rules would take any word for a noun. A name may have any letters.
    """
    names = {word.strip(".,;:!?").lower() for word in text.split() if word[0].isupper()}
    english = sum(word in _CLOSED for word in words)
    foreign = sum(
        word in lex.FOREIGN or (_is_accented(word) and word not in names) for word in words
    )
    if foreign == english > 0:
        return any(word in _CLOSED and word not in lex.HALF_ENGLISH for word in words)
    return foreign <= english


def _is_accented(word: str) -> bool:
    """True for "läuft", not for "café"."""
    return any(letter > "\x7f" and letter not in _LOANED for letter in word)


class Phrases:
    """Finds noun phrases in a sentence's tokens.

    Attributes
    ----------
    words
        The tokens and some stops, so that every word has one before it and two after it.
    """

    def __init__(self, words: Sequence[Token]) -> None:
        self.words = [*words, STOP, STOP, STOP]

    def noun_phrase(self, start: int) -> tuple[NounPhrase, int] | None:
        """Return the noun phrase that begins at ``start`` and the place after it, or None."""
        phrase = NounPhrase(None, [], [], plural=False, joined=self.words[start - 1] == "and")
        at = self._filled(phrase, start, start)
        if at == start or (phrase.head is None and not phrase.colours):
            return None
        return self._contents(phrase, at)

    def verb_follows(self, at: int, phrase: NounPhrase) -> bool:
        """True where the word at a place is a verb that ``phrase`` can be the subject of."""
        word = self.words[at]
        if word in lex.BE or word in lex.AUXILIARIES or word.is_ing or word.is_past:
            return True
        base = word.base
        if base is None or word in lex.INVARIABLE:
            return word in lex.HAVE
        worn = phrase.head in lex.GARMENTS or phrase.head in lex.BODY
        if word == base:
            after = self.words[at + 1]
            goes_on = after in _AFTER_VERBS
            dressed = worn and phrase.plural and (goes_on or base not in lex.NOUN_VERBS)
            return dressed or self._do_together(at, phrase)
        done = self.words[at + 1] in lex.DETERMINERS  # "on a hill watches a dog"
        if phrase.moves or worn or done or base not in lex.NOUN_VERBS:
            return True
        is_plural = base in lex.RATHER_NOUNS or word.one in _PLURAL_BEINGS
        return not is_plural and self.words[at - 1].one not in lex.NAMING

    def _do_together(self, at: int, phrase: NounPhrase) -> bool:
        """True for the base form in "two knights ride" and "Anna and Ben run"."""
        before, word = self.words[at - 1], self.words[at]
        if phrase.moves:
            return phrase.plural or phrase.joined
        if before.one in lex.NAMING or before in lex.NAMING or before in lex.INVARIABLE:
            return False
        is_done = word not in lex.NOUN_VERBS or word in lex.OFTEN_DONE
        return is_done and (before.one != before or (phrase.joined and not phrase.determined))

    def _filled(self, phrase: NounPhrase, at: int, start: int) -> int:
        """Take words from ``at`` on into a phrase; return the place after its end."""
        while at < start + _LONGEST:
            after = self._before_head(phrase, at, start) if phrase.head is None else None
            if after is None:
                after = at + 1 if self._takes_noun(phrase, at) else at
            if after == at:
                break
            at = after
        return at

    def _before_head(self, phrase: NounPhrase, at: int, start: int) -> int | None:
        """Take a word that stands before the noun; ``at`` ends the phrase, None asks for a noun."""
        word = self.words[at]
        if word == "that" and self._is_relative(at):
            return at
        if word in lex.DETERMINERS or word.isdigit():
            phrase.plural |= word in lex.PLURAL_DETERMINERS or word.isdigit()
            phrase.negated |= word == "no"
            phrase.determined = True
        elif self._is_colour(at) and not self._joins_colours(phrase, at):
            phrase.colours.append(str(word.colour))
        elif word.is_ing and not self._is_adjective(phrase, at):
            return self._premodifier(phrase, at, start) or at
        elif not (self._joins_colours(phrase, at) or self._is_adjective(phrase, at)):
            mannered = at > start and word.endswith("ly")  # "a frilly white dress"
            return at + 1 if mannered and self.words[at + 1].can_be_noun else None
        return at + 1

    def _is_relative(self, at: int) -> bool:
        """True for "that" of "a dog that runs", not of "that dog"."""
        after = self.words[at + 1]
        return at > 0 and (after.is_third_person or after.is_past or after in _HELPING)

    def _is_adjective(self, phrase: NounPhrase, at: int) -> bool:
        """True for "little" of "a little girl", and for the comma of "white, fluffy cat"."""
        before, word, after = self.words[at - 1], self.words[at], self.words[at + 1]
        if word in lex.ADJECTIVES:
            alone = word in ANIMATE and (after.is_third_person or after.is_ing)
            return after in {",", "and"} or (after.can_be_noun and not alone)
        joins = word in {",", "and"} and after in lex.ADJECTIVES
        return (
            joins
            and at > 0
            and self.words[at + 2].can_be_noun
            and (bool(phrase.colours) or before in lex.ADJECTIVES)
        )

    def _takes_noun(self, phrase: NounPhrase, at: int) -> bool:
        word = self.words[at]
        if word == "'s":
            return phrase.head is not None
        if not word.can_be_head:
            return False
        return self._begins(phrase, at) if phrase.head is None else self._continues(phrase, at)

    def _begins(self, phrase: NounPhrase, at: int) -> bool:
        """Take the first noun, or a participle before it."""
        before, word, after = self.words[at - 1], self.words[at], self.words[at + 1]
        bare = not phrase.determined and before.colour
        if phrase.colours and bare and word.base and not after.can_be_noun:
            return False  # "people in black stand in line"
        if word.is_past or (word.endswith("ed") and after.can_be_noun):
            return after.can_be_head  # "a painted wall"
        self._set_head(phrase, word)
        return True

    def _continues(self, phrase: NounPhrase, at: int) -> bool:
        """Take one more noun, which becomes the head: "soccer player"."""
        word, following = self.words[at], self.words[at + 1]
        moves, someone = phrase.moves, word.one in ANIMATE
        climbs = moves and following.is_ing and not someone  # "two people rock climbing"
        if word == "looking" and following.can_be_head:
            phrase.head = None  # "a scruffy looking man"
            return True
        if moves and word in lex.WAYS_OF_SHOWING:
            return True  # "a dog close-up"
        if word in COVERED and not moves and following.can_be_head:
            return True  # "a snow covered hill"
        if not (moves or phrase.determined) and self._is_sport(at):
            return True  # "mountain climbing gear": the head comes after it
        if (
            climbs
            or (word in _BEFORE_WHERE and following in lex.PREPOSITIONS)  # "a bus next to a wall"
            or (phrase.head in lex.WAYS_OF_SHOWING and word in lex.SHOWING)
            or (moves and (self._is_seen_to(at) or (not phrase.plural and self._does(at))))
            or self.verb_follows(at, phrase)
            or word.colour
        ):
            return False
        if self.words[at - 1] != "'s" or word.one not in lex.BODY:
            self._set_head(phrase, word)
        return True

    def _is_sport(self, at: int) -> bool:
        """True for "climbing" of "mountain climbing gear", not of "through snow wearing boots"."""
        word, following = self.words[at], self.words[at + 1]
        if self.words[at - 2] in _CROSSED or not word.is_ing:
            return False
        return following.can_be_noun and word.base in lex.SPORTING and not following.is_ing

    def _does(self, at: int) -> bool:
        """True for the unknown verb of "a dog belays with a rope"."""
        word, after = self.words[at], self.words[at + 1]
        if word.one == word or word.one in _NAMED:
            return False
        return after in lex.DETERMINERS or after in lex.PREPOSITIONS or after in lex.PRONOUNS

    def _is_seen_to(self, at: int) -> bool:
        """True for "jump" of "watching a black dog jump on a lawn"."""
        word = self.words[at]
        is_noun = word in lex.NOUN_VERBS and self.words[at + 1].can_be_noun
        if word not in lex.VERBS or is_noun:
            return False
        return any(before.base in lex.PERCEIVED for before in self.words[max(0, at - 5) : at])

    @staticmethod
    def _set_head(phrase: NounPhrase, word: Token) -> None:
        phrase.head = word.one
        phrase.plural |= phrase.head != word or word == "couple"

    def _premodifier(self, phrase: NounPhrase, at: int, start: int) -> int | None:
        """Take "running" of "a running dog"; ``None`` where the participle is a verb."""
        before, word, after = self.words[at - 1], self.words[at], self.words[at + 1]
        worn = phrase.colours and not phrase.determined and self.words[start - 1] == "in"
        opens = (at == start and at > 0) or worn  # "men in black chasing a dog"
        if opens and before == "with" and after.can_be_noun:
            return at + 1  # "with flowing beard"
        if opens and before in LOCATIVES and place_form(after) in PLACES:
            return at + 1  # "in rushing water"
        if opens or not after.can_be_head or after.is_ing:
            return None
        ahead = NounPhrase(None, [], [], plural=False)
        self._filled(ahead, at + 1, start)
        if at == start and not ahead.moves:
            return None
        if word == "looking" and before in lex.ADJECTIVES:
            return at + 1  # "a scruffy looking man"
        if ahead.moves and word.base and word.base not in lex.NOT_ACTIONS:
            phrase.actions.append(word.base)
        return at + 1

    def _joins_colours(self, phrase: NounPhrase, at: int) -> bool:
        if self.words[at] not in lex.CONJUNCTIONS and self.words[at] != ",":
            return False
        ahead = at + 1
        while self.words[ahead] in lex.CONJUNCTIONS or self.words[ahead] in lex.COLOUR_ADVERBS:
            ahead += 1
        if self.words[ahead] in {"a", "one"} and self.words[at - 1].colour:
            ahead += 1  # "a black and a brown dog"
        return bool(phrase.colours) and self._is_colour(ahead)

    def _is_colour(self, at: int) -> bool:
        word = self.words[at]
        if word.colour is None:
            return False
        after = self.words[at + 1]
        named = after not in lex.CONJUNCTIONS and after.can_be_noun
        second = self.words[at + 2] if after in lex.CONJUNCTIONS else after  # "orange and white"
        coloured = second in lex.COLOURS and second not in lex.HALF_COLOURS
        return word not in lex.HALF_COLOURS or named or coloured

    def _contents(self, phrase: NounPhrase, at: int) -> tuple[NounPhrase, int]:
        """For "a group of people" return the people, for "a view of a beach" the beach."""
        gathers = phrase.head in lex.CONTAINERS
        shows = phrase.head in lex.WAYS_OF_SHOWING and self.words[at] in lex.SHOWING
        if shows or (gathers and self.words[at] == "of"):
            inner = self.noun_phrase(at + 1)
            if inner is not None and inner[0].head is not None:
                after = self.words[inner[1]]
                if not gathers and (after in _HELPING or after.is_third_person):
                    return phrase, at  # "a picture of a man hangs on the wall": not the man
                inner[0].plural |= gathers
                inner[0].negated |= phrase.negated
                return inner
        return phrase, at
