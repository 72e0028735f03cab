"""What a caption says of its subjects: each one's colours, actions and places.

The rules are this project's own (``phrases`` finds the noun phrases, ``reading`` follows the
sentence, ``lexicon``, ``verbs`` and ``places`` hold the words); they need no package, so that the
API function and the captioner read captions alike.
"""

from chalicelib.attributes.kinds import base_form, basic_colour, kin, normalised, singular
from chalicelib.attributes.reading import extract, simplified

__all__ = ["base_form", "basic_colour", "extract", "kin", "normalised", "simplified", "singular"]
