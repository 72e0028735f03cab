"""The words that the caption rules know, which ``words.toml`` lists, as sets and tables."""

import tomllib
from pathlib import Path
from typing import Any

_told: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(_told[name].split())


def _keys(name: str) -> dict[str, str]:
    """Return the key that each word of a table stands under."""
    return {word: key for key, listed in _told[name].items() for word in listed.split()}


COLOURS = _keys("colours")
HALF_COLOURS = _words("half_colours")
COLOUR_ADVERBS = _words("colour_adverbs")
ADJECTIVES = _words("adjectives")
DETERMINERS = _words("determiners")
PLURAL_DETERMINERS = _words("plural_determiners")
PREPOSITIONS = _words("prepositions")
WORN_PREPOSITIONS = _words("worn_prepositions")
ADVERBS = _words("adverbs")
CONJUNCTIONS = _words("conjunctions")
CLAUSE_STARTS = _words("clause_starts")
RELATIVES = _words("relatives")
PRONOUNS = _words("pronouns")
DOING_PRONOUNS = _words("doing_pronouns")
NEGATIONS = _words("negations")
FOREIGN = _words("foreign")
HALF_ENGLISH = _words("half_english")
BE = _words("be")
HAVE = _words("have")
AUXILIARIES = _words("auxiliaries")
GARMENTS = _words("garments")
BODY = _words("body")
NAMED_GARMENTS = GARMENTS - {"stripe"} | {"hair", "beard"}
CONTAINERS = _words("containers")
WAYS_OF_SHOWING = _words("ways_of_showing")
SHOWING = _words("showing")
IRREGULAR_PLURALS: dict[str, str] = _told["irregular_plurals"]
WHOLE = _words("whole")
INVARIABLE = _words("invariable")
BELOW: dict[str, str] = _told["below"]
PLACES_BELOW: dict[str, str] = _told["places_below"]
VERBS = _words("verbs")
AMERICAN = _keys("american")
LEMMAS = _keys("lemmas")
IRREGULAR_FORMS = _keys("irregular_forms")
CATENATIVES = _words("catenatives")
NOT_ACTIONS = _words("not_actions")
ING_NOUNS = _words("ing_nouns")
DOING_NOUNS = _words("doing_nouns")
SPORTING = _words("sporting")
STATIVE = _words("stative")
NOUN_VERBS = _words("noun_verbs")
PERCEIVED = _words("perceived")
OF_VEHICLES = _words("of_vehicles")
OFTEN_DONE = _words("often_done")
RATHER_NOUNS = _words("rather_nouns")
NAMING = _words("naming")
PLURAL_PLACES = _words("plural_places")
PLACES = PLURAL_PLACES | frozenset(_keys("places"))
GENERAL_PLACES = _words("general_places")
PARTS = _words("parts")
SUBSTANCES = _words("substances")
MADE_OF: dict[str, str] = _told["made_of"]
LOCATIVES = _words("locatives")
NEARNESS = _words("nearness")
INTO = _words("into")
COVERED = _words("covered")
AIMING = _words("aiming")
THROWING = _words("throwing")
RESTING = _words("resting")
