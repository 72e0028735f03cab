"""Captions read through a dependency parser, to compare the project's own rules with.

The parser is spaCy, which is not a dependency of the project: it is imported where it is asked for.
"""

import importlib
from collections.abc import Iterator
from typing import Any

from chalicelib.attributes import basic_colour
from chalicelib.attributes.lexicon import CONTAINERS, GARMENTS
from chalicelib.attributes.phrases import Token
from chalicelib.attributes.verbs import CATENATIVES, NOT_ACTIONS
from chalicelib.images import Attribute

_PRONOUNS = ("who", "that", "which", "he", "she", "it", "they")
_TO_ITS_DOER = ("xcomp", "advcl", "conj", "ccomp", "pcomp")


class ParsedCaptions:
    """Reads subjects, colours and actions off the parser's tree."""

    def __init__(self, model: str) -> None:
        self._parse: Any = importlib.import_module("spacy").load(model, disable=["ner"])

    def extract(self, caption: str) -> list[Attribute]:
        """Return the attributes of a caption, as ``chalicelib.attributes.extract`` does."""
        tree = self._parse(caption)
        told: dict[Any, tuple[dict[str, None], dict[str, None]]] = {}
        for token in tree:
            if token.pos_ in ("NOUN", "PROPN"):
                told.setdefault(token, ({}, {}))
        for token in tree:
            if (colour := Token(token.lower_).colour) and basic_colour(token.lower_):
                for owner in _owners(token):
                    told.setdefault(owner, ({}, {}))[0][colour] = None
            if token.pos_ == "VERB" and not _denied(token) and _acts(token):
                for doer in _doers(token):
                    told.setdefault(doer, ({}, {}))[1][token.lemma_.lower()] = None
        return [
            Attribute(_name(noun), tuple(colours), tuple(actions))
            for noun, (colours, actions) in told.items()
            if colours or actions
        ]


def _name(noun: Any) -> str:
    return "person" if noun.lower_ == "people" else str(noun.lemma_.lower())


def _denied(token: Any) -> bool:
    return any(child.dep_ == "neg" for child in token.children)


def _acts(verb: Any) -> bool:
    if verb.lemma_ in NOT_ACTIONS:
        return False
    goes_on = any(child.dep_ == "xcomp" for child in verb.children)
    return not (verb.lemma_ in CATENATIVES and goes_on)


def _owners(colour: Any) -> list[Any]:
    """Return what has the colour: the noun, or who wears the noun."""
    noun = colour
    while noun.dep_ in ("amod", "conj", "compound", "advmod", "nmod") and noun.head is not noun:
        noun = noun.head
        if noun.pos_ in ("NOUN", "PROPN"):
            break
    if noun.dep_ in ("acomp", "attr") and noun.head.lemma_ == "be":
        return _doers(noun.head)
    if noun is colour or noun.lemma_ in GARMENTS:
        return _wearers(noun) or ([] if noun is colour else [noun])
    return [noun] if noun.pos_ in ("NOUN", "PROPN") else []


def _wearers(garment: Any) -> list[Any]:
    """Climb from a garment to who has it on."""
    at = garment
    while at.dep_ == "conj":
        at = at.head
    if at.dep_ == "dobj" and at.head.lemma_ in ("wear", "have"):
        return _doers(at.head)
    if at.dep_ == "pobj" and at.head.lower_ in ("in", "with"):
        holder = at.head.head
        return [_content(holder)] if holder.pos_ in ("NOUN", "PROPN") else _doers(holder)
    return []


def _content(noun: Any) -> Any:
    """Return the dogs of "a group of dogs"."""
    if noun.lemma_ in CONTAINERS:
        for child in noun.children:
            if child.dep_ == "prep" and child.lower_ == "of":
                return next(iter(child.children), noun)
    return noun


def _doers(verb: Any) -> list[Any]:
    """Return the nouns whose verb it is."""
    found = [c for c in verb.children if c.dep_ in ("nsubj", "nsubjpass")]
    agents = [n for c in verb.children if c.dep_ == "agent" for n in c.children]
    if not found:
        found = list(_from_above(verb))
    named = [_antecedent(noun, verb) for noun in found]
    everyone = [_content(n) for n in named + agents if n is not None and n.pos_ != "PRON"]
    return [c for noun in everyone for c in (noun, *noun.conjuncts) if c.pos_ != "VERB"]


def _from_above(verb: Any) -> Iterator[Any]:
    head = verb.head
    if verb.dep_ in ("acl", "relcl", "amod") and head is not verb:
        yield head
    elif verb.dep_ in _TO_ITS_DOER and head is not verb:
        yield from _doers(head)
    elif verb.dep_ == "ROOT":
        yield from (c for c in verb.children if c.dep_ in ("npadvmod", "dep") and c.pos_ == "NOUN")


def _antecedent(noun: Any, verb: Any) -> Any:
    if noun.lower_ in _PRONOUNS and verb.dep_ == "relcl":
        return verb.head
    if noun.lower_ in _PRONOUNS:
        return next((t for t in noun.doc if t.dep_ in ("nsubj", "ROOT") and t.pos_ == "NOUN"), None)
    return noun
