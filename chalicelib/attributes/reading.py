"""Follows a sentence from left to right and gives each subject its colours, actions and places."""

import unicodedata
from dataclasses import replace
from functools import lru_cache

from chalicelib.attributes import lexicon as lex
from chalicelib.attributes.kinds import ANIMATE, PEOPLE, THINGS_THAT_MOVE
from chalicelib.attributes.locating import Locating, Subject
from chalicelib.attributes.phrases import NounPhrase, Phrases, Token, may_be_english, tokens
from chalicelib.images import MAX_ATTRIBUTES, Attribute
from image_repo_formats import MAX_CAPTION_CHARS

_STOPS = frozenset(".;:!?")
# After these a form in -s is a plural: "a dog in plants".
_BEFORE_NOUNS = lex.PREPOSITIONS - lex.ADVERBS


@lru_cache(maxsize=64)
def extract(caption: str) -> tuple[Attribute, ...]:
    """Return what each subject of a caption looks like and does.

    Parameters
    ----------
    caption
        One or more English sentences; what lies beyond ``MAX_CAPTION_CHARS`` is not read, nor
        what is plainly of another language.

    Returns
    -------
    tuple[Attribute, ...]
        In caption order: ``subject`` a singular noun ("dog"), ``colours`` basic names ("blue"
        for navy), ``actions`` base forms ("run"), ``places`` settings ("beach"). The colour of
        what a person wears is the person's, with the garment named in ``garments``. At most
        ``MAX_ATTRIBUTES``; empty where nothing was understood.
    """
    words = tokens(caption[:MAX_CAPTION_CHARS])
    if not may_be_english(words, caption):
        return ()
    reader = _Reader(words)
    while reader.at < len(words):
        reader.read_on()
    found = (subject.attribute() for subject in reader.found if subject.told)
    read = (attribute for attribute in found if _is_latin(attribute.subject))
    return tuple(dict.fromkeys(read))[:MAX_ATTRIBUTES]


@lru_cache(maxsize=1 << 12)
def read_subject(text: str) -> Attribute | None:
    """Return what a subject's name says, read as a caption's noun phrase is.

    "a brown dog" is a dog, brown; "soccer player" a player. None where it is no noun phrase.
    """
    words = tokens(text.strip(" .,;:!?"))
    parsed = Phrases(words).noun_phrase(0)
    if parsed is None or parsed[1] != len(words):
        return None
    phrase = parsed[0]
    if phrase.head is None or phrase.negated:
        return None
    return Attribute(str(phrase.head), tuple(phrase.colours), tuple(phrase.actions))


def simplified(attribute: Attribute) -> Attribute:
    """Return an attribute, as a person wrote it, with its subject read: `read_subject`."""
    read = read_subject(attribute.subject)
    if read is None or read == Attribute(attribute.subject.strip().lower()):
        return attribute
    return replace(
        attribute,
        subject=read.subject,
        colours=tuple(dict.fromkeys((*attribute.colours, *read.colours))),
        actions=tuple(dict.fromkeys((*attribute.actions, *read.actions))),
    )


def _is_latin(word: str) -> bool:
    """Say whether a word may be English: of another script any word would be taken for a noun."""
    return all(unicodedata.name(one, "").startswith("LATIN") for one in word if one.isalpha())


class _Reader:
    """One pass over the tokens; ``at`` is the place of the next.

    ``_subjects`` are the clause's, ``_nearest`` the last noun phrase with those joined to it,
    ``_worn`` says that a garment now would be worn, ``_spent`` that the clause has had a verb.
    """

    def __init__(self, words: list[Token]) -> None:
        self.found: list[Subject] = []
        self._phrases = Phrases(words)
        self._words = self._phrases.words
        self._locating = Locating(self._words)
        self.at = 0
        self._subjects: list[Subject] = []
        self._before: list[Subject] = []
        self._nearest: list[Subject] = []
        self._wearers: list[Subject] = []
        self._worn = self._spent = self._after_be = self._negated = self._joined = False
        self._adjacent = self._clause_opens = self._infinitive = self._new_subject = False
        self._by_whom: str | None = None
        self._by = self._perceived = self._wore = self._limb = False
        self._leans = False

    def read_on(self) -> None:
        """Read a verb, a noun phrase or another word."""
        word = self._words[self.at]
        if not (self._punctuation(word) or self._verb(word) or self._noun()):
            self._other(word)
            self.at += 1

    def _punctuation(self, word: Token) -> bool:
        if word in _STOPS:
            self._before, self._nearest = [], []
            self._spent = self._worn = self._after_be = self._negated = False
            self._clause_opens, self._by_whom = True, None
            self._locating.begin()
        elif word == "," or word in lex.CONJUNCTIONS:
            self._joined = True
            self._locating.conjunction(word)
        else:
            return False
        self.at += 1
        self._adjacent = False
        return True

    def _other(self, word: Token) -> None:
        """Take note of a word that is neither noun nor verb."""
        if word in lex.NEGATIONS:
            self._negated = True
        elif word in lex.RELATIVES and self._nearest:
            self._subjects = list(self._nearest)
            self._spent = self._worn = False
            self._locating.begin(self._subjects)
        elif word in lex.CLAUSE_STARTS and word != "for":
            self._clause_opens, self._worn, self._joined = True, False, False
            self._new_subject = word != "as"
        elif word in lex.PREPOSITIONS:
            self._preposition(word)
        elif word in lex.PRONOUNS:
            self._clause_opens = False
            self._nearest = []
        elif word not in lex.ADVERBS:
            self._worn = False

    def _preposition(self, word: Token) -> None:
        self._infinitive = word == "to"
        self._locating.preposition(self.at)
        wears = word in lex.WORN_PREPOSITIONS
        if wears and not self._worn:  # "dressed in" knows its wearers
            self._wearers, self._leans = self._who_may_wear(), True
        self._worn, self._by = wears, word == "by"
        self._wore = self._joined = self._adjacent = False

    def _who_may_wear(self) -> list[Subject]:
        """Return the nearest, unless it is a thing and the clause is about somebody."""
        near = [subject for subject in self._nearest if subject.phrase.head in ANIMATE]
        alive = any(subject.phrase.head in ANIMATE for subject in self._subjects)
        return near or (self._subjects if alive else self._nearest or self._subjects)

    # Verbs -------------------------------------------------------------------------------

    def _verb(self, word: Token) -> bool:
        if word in lex.BE or word in lex.HAVE or self._helps(word):
            self._auxiliary(word)
            return True
        if not self._is_verb(word):
            return False
        base = word.form
        ahead = self._words[self.at + 1]
        catenative = base in lex.CATENATIVES and (ahead == "to" or ahead.is_ing)
        actors = self._actors(word)
        self._worn = base in {"wear", "dress"} and not self._negated
        if self._worn:
            self._wearers, self._leans = actors, False
        if self._limb and word.is_past and not self._after_be:  # "with his arms raised"
            actors = []
        if not (self._negated or catenative or base in lex.NOT_ACTIONS or word in lex.STATIVE):
            for actor in actors:
                actor.actions[base] = None
            self._by_whom = base if word.is_past else None
        if actors:
            self._locating.verb(base, actors, passive=word.is_past)
        self._spent |= base not in lex.NOT_ACTIONS
        self._perceived = base in lex.PERCEIVED
        self._after_be = self._adjacent = self._infinitive = self._joined = False
        self.at += 1
        return True

    def _helps(self, word: Token) -> bool:
        """True for "does" of "does not run" and "gets" of "gets wet", not of "does a trick"."""
        if word not in lex.AUXILIARIES:
            return False
        after = self._words[self.at + 1]
        if word.startswith("get"):  # "get the ball", not "get wet"
            return not (after in lex.DETERMINERS or (after in lex.PREPOSITIONS and after != "to"))
        if word.form != "do":
            return True
        return not (after in lex.DETERMINERS or after in lex.ADJECTIVES or after.endswith("s"))

    def _auxiliary(self, word: Token) -> None:
        plural = any(subject.phrase.plural for subject in self._subjects)
        if word in {"are", "were"} and self._before and not plural:  # not the last subject's alone
            self._subjects = [*self._before, *self._subjects]
            self._before = []
        if self._adjacent and word in {"being", "getting"}:
            self._subjects = self._nearest_movers("be") or self._subjects
        self._after_be = word in lex.BE or word.startswith("get")
        self._worn = word in lex.HAVE
        self._leans = False
        self._wearers = self._subjects
        self._locating.verb("be", self._subjects)
        self._adjacent = False
        self._negated |= word.endswith("n't")
        self._joined = self._infinitive = False
        self.at += 1

    def _is_verb(self, word: Token) -> bool:
        if not word.is_ing and (word.base is None or word in lex.PREPOSITIONS):
            return False
        if word.is_ing or word.is_past:
            follows = self._after_be or self._adjacent
            return follows or self._phrases.noun_phrase(self.at) is None
        if self._infinitive:
            return word == word.base and bool(self._subjects)
        return self._base_is_verb(word) if word == word.base else self._finite(word.base)

    def _base_is_verb(self, word: Token) -> bool:
        told = self._words[self.at - 1] in lex.DOING_PRONOUNS  # "they close the door"
        if told or (self._perceived and self._adjacent):
            return True
        plural = len(self._subjects) > 1 or any(s.phrase.plural for s in self._subjects)
        if not plural or word in lex.GARMENTS or self._words[self.at + 1].is_ing:
            return False
        dressing = self._worn and not self._wore
        return (not self._spent and not self._after_be and not dressing) or self._joined

    def _finite(self, base: str | None) -> bool:
        if not self._subjects or self._words[self.at - 1] in _BEFORE_NOUNS:
            return False
        return base not in lex.NOUN_VERBS or self._adjacent or self._joined or not self._spent

    def _actors(self, word: Token) -> list[Subject]:
        """Return whose verb it is."""
        if self._adjacent and not self._after_be and not self._infinitive:
            near = self._nearest_movers(word.form)
            lone = len(self._subjects) == 1 and not self._subjects[0].phrase.plural
            is_seen = word == word.base and (self._perceived or lone)
            if near and (word.is_ing or word.is_past or is_seen):
                return near
        return self._subjects or self._nearest

    def _nearest_movers(self, base: str) -> list[Subject]:
        """Return who of the nearest can do it: a motorcycle's rider waves, not the motorcycle."""
        ridden = base not in lex.OF_VEHICLES and any(
            subject.phrase.head in PEOPLE for subject in self._subjects
        )
        can = ANIMATE if ridden else ANIMATE | THINGS_THAT_MOVE
        return [subject for subject in self._nearest if subject.phrase.head in can]

    # Nouns -------------------------------------------------------------------------------

    def _noun(self) -> bool:
        parsed = self._phrases.noun_phrase(self.at)
        if parsed is None:
            return False
        self._wore = self._limb = False
        start, (phrase, self.at) = self.at, parsed
        negated = self._negated or phrase.negated
        setting = self._locating.setting(phrase, start, self.at)
        if phrase.head is None:
            self._bare_colours(phrase)
        elif not negated and (setting or not self._is_worn(phrase)):
            self._enter(phrase, setting)
        self._negated = self._joined = self._after_be = self._clause_opens = False
        self._infinitive = self._new_subject = self._by = False
        return True

    def _bare_colours(self, phrase: NounPhrase) -> None:
        """Give "in red" to its wearer, "is brown" to the subject."""
        if self._negated or self._words[self.at - len(phrase.colours) - 1] == "something":
            return
        wearers = self._wearers if self._worn else self._subjects
        for subject in wearers[-1:] if self._leans and self._worn else wearers:
            subject.colours.update(dict.fromkeys(phrase.colours))
        self._worn = False

    def _is_worn(self, phrase: NounPhrase) -> bool:
        """Give the colours of a garment or of hair to the one who has them on."""
        if not self._worn or not self._wearers:
            return False
        if phrase.head not in lex.GARMENTS and phrase.head not in lex.BODY:
            self._worn = self._joined and phrase.head not in ANIMATE
            return False
        wearers = self._wearers
        if phrase.plural and len(self._subjects) > 1 and wearers[-1] in self._subjects:
            wearers = self._subjects
        # "a man and a woman in a red dress": hers; "in red shirts": theirs.
        for subject in wearers[-1:] if self._leans and not phrase.plural else wearers:
            subject.wear(phrase)
        self._adjacent, self._wore = False, True
        self._limb = phrase.head in lex.BODY
        return True

    def _enter(self, phrase: NounPhrase, setting: str | None) -> None:
        subject = Subject(phrase, first=not (self.found or setting))
        subject.colours.update(dict.fromkeys(phrase.colours))
        subject.actions.update(dict.fromkeys(phrase.actions))
        if self._by and self._by_whom and phrase.moves:
            subject.actions[self._by_whom] = None
            self._by_whom = None
        self.found.append(subject)
        self._worn &= setting is None
        if setting and not self._subjects:
            self._locating.front(setting)
            return
        self._relate(subject)
        self._adjacent = True
        if setting:
            self._locating.settle(setting)
        elif subject in self._subjects or phrase.head in ANIMATE:
            self._locating.name(subject)

    def _relate(self, subject: Subject) -> None:
        """Make the phrase the clause's subject, one of its subjects, or an object of it."""
        verb_next = self._phrases.verb_follows(self.at, subject.phrase)
        opens = self._new_subject and subject.phrase.moves
        joins = self._joined and (subject.phrase.moves or (verb_next and self._is_like(subject)))
        if not self._subjects or (self._clause_opens and (verb_next or opens or not self._spent)):
            self._begin_with(subject, before=[])
        elif joins and not self._spent:
            self._subjects.append(subject)
            self._nearest = list(self._subjects)
        elif joins and verb_next:
            self._begin_with(subject, before=[*self._before, *self._subjects])
        else:
            self._nearest = [*(self._nearest if self._joined else ()), subject]

    def _is_like(self, subject: Subject) -> bool:
        """True for Ben of "Anna and Ben run", not for a bag of "a man and a bag lie there"."""
        unknown = not any(known.phrase.moves for known in self._subjects)
        return unknown and not subject.phrase.determined

    def _begin_with(self, subject: Subject, before: list[Subject]) -> None:
        self._subjects, self._nearest, self._before = [subject], [subject], before
        self._spent = False
        self._locating.begin()
