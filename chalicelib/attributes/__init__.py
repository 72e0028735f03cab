"""What a caption says of its subjects: each one's colours, actions and places.

The rules are this project's own (``phrases`` finds the noun phrases, ``reading`` follows the
sentence, ``lexicon``, ``verbs`` and ``kin`` hold the words); they need no package, so that the API
function and the captioner read captions alike.
"""

from chalicelib.attributes.kin import kin
from chalicelib.attributes.kinds import normalised
from chalicelib.attributes.reading import extract
from chalicelib.attributes.words import base_form, basic_colour, singular

__all__ = ["base_form", "basic_colour", "extract", "kin", "normalised", "singular"]
