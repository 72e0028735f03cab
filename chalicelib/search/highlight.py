"""Marks the matched words of a caption."""

from collections.abc import Set
from html import escape

from chalicelib.search.analysis import clean, tokens


def highlighted(text: str, stems: Set[str]) -> str | None:
    """Return ``text`` as HTML with ``<mark>`` around the words of these stems.

    None where none of them occurs.
    """
    text = clean(text)
    parts: list[str] = []
    end = 0
    for token in tokens(text):
        if token.stem in stems and token.start >= end:
            word = text[token.start : token.end]
            parts += [escape(text[end : token.start]), f"<mark>{escape(word)}</mark>"]
            end = token.end
    return "".join([*parts, escape(text[end:])]) if parts else None
