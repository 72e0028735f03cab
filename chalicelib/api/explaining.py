"""Why a photograph was found, for people."""

from collections.abc import Sequence

from chalicelib.attributes.kinds import in_words
from chalicelib.images import Image
from chalicelib.search import Clause, Query
from chalicelib.search.query import Contribution
from chalicelib.search.text import stems

_SAID = {
    "words": "caption",
    "labels": "seen",
    "name": "file name",
    "attributes": "who and what",
    "likely": "in the picture",
    "meaning": "meaning",
    "image": "looks like",
}
_LOOKS = ("meaning", "image")
_AND = dict.fromkeys(_SAID, ", ") | {"attributes": "; "}


def why(explanation: Sequence[Contribution], query: Query, image: Image) -> str:
    """Return why a photograph was found: "caption: dog, running · looks like: 0.63".

    The index keeps keywords with the caption, and with labels, of which they are sure.
    """
    told: dict[str, str] = {}
    keywords: dict[str, None] = {}
    for part in explanation:
        terms = list(part.terms)
        if part.part in ("words", "labels"):
            filed = [
                term for term in terms if _is_keyword(term, image, is_seen=part.part == "labels")
            ]
            terms = [term for term in terms if term not in filed]
            keywords |= dict.fromkeys(filed)
        looks = f"{part.score:.2f}" if part.part in _LOOKS else ""
        told[_SAID[part.part]] = _AND[part.part].join(terms) or looks
    if not explanation and isinstance(query.attributes, Clause):
        told[_SAID["attributes"]] = in_words(query.attributes)
    told["keywords"] = ", ".join(keywords)
    return " · ".join(f"{source}: {says}" for source, says in told.items() if says)


def _is_keyword(term: str, image: Image, *, is_seen: bool) -> bool:
    """Return whether a term was found in a keyword: no caption holds it, nor is it just seen."""
    found = set(stems(term))
    if is_seen:
        return any(found <= set(stems(keyword)) for keyword in image.keywords)
    return image.caption is None or found.isdisjoint(stems(image.caption.text))
