"""What a caption says of its subjects: each one's colours, actions and places.

The rules are this project's own (``phrases`` finds the noun phrases, ``reading`` follows the
sentence, ``lexicon``, ``verbs`` and ``kin`` hold the words); they need no package, so that the API
function and the captioner read captions alike.
"""

from typing import Any

from chalicelib.attributes.kin import kin
from chalicelib.attributes.kinds import SUBJECT, TRAITS
from chalicelib.attributes.reading import read
from chalicelib.attributes.words import base_form, basic_colour, singular
from chalicelib.images import MAX_ATTRIBUTES, Attribute
from image_repo_formats import MAX_CAPTION_CHARS

__all__ = ["base_form", "basic_colour", "extract", "kin", "normalised", "singular"]


def extract(caption: str) -> list[Attribute]:
    """Return what each subject of a caption looks like and does.

    Parameters
    ----------
    caption
        One or more English sentences; what lies beyond ``MAX_CAPTION_CHARS`` is not read.

    Returns
    -------
    list[Attribute]
        In caption order: ``subject`` a singular noun ("dog"), ``colours`` basic names ("blue"
        for navy), ``actions`` base forms ("run"), ``places`` settings ("beach"). The colour of
        what a person wears is the person's, with the garment named in ``garments``. At most
        ``MAX_ATTRIBUTES``; empty where nothing was understood.
    """
    return read(caption[:MAX_CAPTION_CHARS])[:MAX_ATTRIBUTES]


def normalised(attribute: Attribute) -> Attribute:
    """Return an attribute in the words an index compares: singular, basic, base forms.

    Words that are not known stay as they are, in lower case.
    """
    plain: dict[str, Any] = {kind.field: kind.normalised(attribute) for kind in TRAITS}
    return Attribute("".join(SUBJECT.normalised(attribute)), **plain)
