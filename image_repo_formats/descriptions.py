"""``descriptions.txt``: captions that came with a folder of photographs.

A line is a photograph's name and its caption, apart by a blank or a tab. Names may carry the
caption's number as in Flickr8k (``name.jpg#0``): the first caption counts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from image_repo_formats import CONTENT_TYPES, MAX_CAPTION_CHARS

FILE_NAME = "descriptions.txt"
_BOM = b"\xef\xbb\xbf"
# A name may hold blanks, so that its extension ends it where it has one.
_NAMED = re.compile(
    r"(?P<name>\S.*?\.(?:jpe?g|png|webp|gif))(?P<number>#\d+)?\s+(?P<caption>\S.*)", re.IGNORECASE
)
_BARE = re.compile(r"(?P<name>\S+?)(?P<number>#\d+)?\s+(?P<caption>\S.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """A caption; ``number`` counts the file's lines from 1."""

    number: int
    name: str
    caption: str


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """A line that cannot be used, and why."""

    number: int
    reason: str


def parse(lines: Iterable[bytes]) -> Iterator[Line | UnreadableLine]:
    """Read descriptions one line at a time.

    ``lines`` are as an open binary file yields them: UTF-8, a line that is not is read as Latin-1.
    Empty lines and a photograph's further numbered captions yield nothing.
    """
    seen: dict[str, int] = {}
    for number, raw in enumerate(lines, 1):
        text = _text(raw.removeprefix(_BOM) if number == 1 else raw)
        if not text:
            continue
        match = _NAMED.fullmatch(text) or _BARE.fullmatch(text)
        reason = _fault(text, match)
        if match is None or reason:
            yield UnreadableLine(number, reason)
            continue
        name = unicodedata.normalize("NFC", match["name"])
        first = seen.setdefault(name, number)
        if first == number:
            yield Line(number, match["name"], " ".join(match["caption"].split()))
        elif not match["number"]:
            yield UnreadableLine(number, f"line {first} describes {match['name'][:100]} already")


def names(name: str) -> tuple[str, ...]:
    """Return the file names a description may mean, the likeliest first.

    Accents may be stored composed or apart; a name without an extension stands for any.
    """
    forms = (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
    known = name.lower().endswith(tuple(CONTENT_TYPES))
    endings = ("",) if known else ("", *CONTENT_TYPES, ".JPG")
    return tuple(dict.fromkeys(form + ending for form in forms for ending in endings))


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def _fault(text: str, match: re.Match[str] | None) -> str:
    if match is None:
        return "a name and a caption are needed"
    if "/" in match["name"]:
        return "the name must be of a file in the same folder, not a path"
    if len(match["caption"]) > MAX_CAPTION_CHARS:
        return f"the caption is longer than {MAX_CAPTION_CHARS} characters"
    if any(unicodedata.category(sign) == "Cc" and sign != "\t" for sign in text):
        return "control characters are not allowed"
    return ""
