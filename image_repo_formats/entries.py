"""What a file of captions says of one photograph, and the rules that every form keeps."""

import re
from dataclasses import dataclass

from image_repo_formats import MAX_CAPTION_CHARS

# Control characters but the tab, and halves of characters, which JSON can hold.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_OUTSIDE = re.compile(r"/|[A-Za-z]:|(.*/)?\.\.(/|$)")


class CaptionFileError(ValueError):
    """A file of captions cannot be read at all: ``reason`` says why, for a person.

    ``likely`` holds the encodings it may have, the likeliest first, where it has to be read again
    with one that is named.
    """

    def __init__(self, reason: str, likely: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.likely = likely


@dataclass(frozen=True, slots=True)
class Line:
    """What a file says of one photograph.

    Attributes
    ----------
    number
        Of the line, from 1; of COCO's annotation; 1 in a sidecar.
    name
        The photograph's as it is written; `image_repo_formats.captions.names` tells which files it
        may mean.
    caption
        None where a sidecar has keywords alone, or a caption that the repository's model wrote.
    several
        Whether the form has several captions a photograph, so that this may be a further one.
    """

    number: int
    name: str
    caption: str | None
    keywords: tuple[str, ...] = ()
    several: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """A line that cannot be used, and why."""

    number: int
    reason: str


Entry = Line | UnreadableLine


def checked(line: Line, *, folders: bool) -> Entry:
    """Return the line with blanks as they are read, or why it cannot be used.

    ``folders`` says whether the name may be a path below the file's own folder.
    """
    name = line.name.replace("\\", "/").removeprefix("./") if folders else line.name
    caption = line.caption and collapsed(line.caption)
    keywords = tuple(filter(None, map(collapsed, line.keywords)))
    found = Line(line.number, name, caption, keywords, line.several)
    reason = _fault(found, folders=folders)
    return UnreadableLine(line.number, reason) if reason else found


def collapsed(text: str) -> str:
    """Return a text with every run of blanks, tabs and line ends as one blank."""
    return " ".join(text.split())


def _fault(line: Line, *, folders: bool) -> str:
    caption = line.caption or ""
    if not line.name or not (caption or line.keywords):
        return "a name and a caption are needed"
    if not folders and ("/" in line.name or "\\" in line.name):
        return "the name must be of a file in the same folder, not a path"
    if _OUTSIDE.match(line.name):
        return "the name leads out of the folder"
    if any(map(_UNWRITABLE.search, (line.name, caption, *line.keywords))):
        return "control characters are not allowed"
    if len(caption) > MAX_CAPTION_CHARS:
        return f"the caption is longer than {MAX_CAPTION_CHARS} characters"
    return ""
