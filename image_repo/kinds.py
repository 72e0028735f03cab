"""The kinds of words that an attribute binds to its subject, as the API names them."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """One kind; ``sign`` is written before each of its words, after the subject."""

    name: str
    plural: str
    sign: str = ""
    is_before: bool = False


TRAITS = (
    Kind("colour", "colours", is_before=True),
    Kind("action", "actions"),
    Kind("place", "places", sign="· "),
)
FACETS = ("subjects", *(kind.plural for kind in TRAITS), "labels")


def in_words(attribute: dict[str, Any], worn: Iterable[str] = ()) -> str:
    """Return an attribute or a clause in words: "brown dog run · beach".

    Parameters
    ----------
    worn
        What is written after the subject: "(pink dress)".
    """
    before, after = (
        [
            kind.sign + word
            for kind in TRAITS
            if kind.is_before is side
            for word in attribute[kind.plural]
        ]
        for side in (True, False)
    )
    return " ".join([*before, attribute["subject"], *worn, *after])
