"""Files of captions that lie beside photographs: which they are, and the one reader of all.

::

    with path.open("rb") as file:
        found = read(file, path.name)            # raises CaptionFileError
        for entry in first_captions(found.entries):
            ...                                  # a Line, or an UnreadableLine with its reason

Where a folder has several, each photograph takes its caption from the first by `rank` that has one;
a sidecar (`sidecar_names`) comes last.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import BinaryIO

from image_repo_formats import CONTENT_TYPES, coco, text_encoding, written, xmp
from image_repo_formats.entries import CaptionFileError, Entry, Line, UnreadableLine, checked

DEFAULT_NAME = "descriptions.txt"
_SIDECAR = "*.xmp"
_OF_DATA_SETS = ("captions*.json", "*.token", "*.token.txt")
_PATTERNS = (DEFAULT_NAME, "captions.txt", "captions.csv", *_OF_DATA_SETS, _SIDECAR)
"""Names of caption files, in lower case; the first to describe a photograph counts."""


class Form(StrEnum):
    """How captions are written."""

    LINES = "lines"
    TABLE = "table"
    COCO = "coco"
    XMP = "xmp"


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """A file of captions as it is read; its entries come one by one, once."""

    form: Form
    encoding: str
    entries: Iterator[Entry]


def rank(name: str) -> int | None:
    """Return how soon a file's captions count among its folder's, 0 first; None for other files."""
    hidden = name.startswith(".")  # as are the ._ files that macOS leaves on other disks
    lower = name.lower()
    found = (place for place, wanted in enumerate(_PATTERNS) if fnmatchcase(lower, wanted))
    return None if hidden else next(found, None)


def is_sidecar(name: str) -> bool:
    """Return whether a file describes one photograph, by its name."""
    return rank(name) is not None and fnmatchcase(name.lower(), _SIDECAR)


def is_of_data_set(name: str) -> bool:
    """Return whether a file is one of COCO or Flickr8k, by its name."""
    return any(fnmatchcase(name.lower(), wanted) for wanted in _OF_DATA_SETS)


def sidecar_names(photograph: str) -> tuple[str, ...]:
    """Return what a photograph's sidecar may be called, the likeliest first.

    darktable and digiKam append the ending, Lightroom puts it for the photograph's own:
    https://github.com/KDE/digikam/pull/6
    """
    forms = [form for name in named_by(photograph) for form in _composed_or_apart(name)]
    return tuple(f"{form}{ending}" for form in forms for ending in _cased(".xmp"))


def names(name: str) -> tuple[str, ...]:
    """Return the file names that a line may mean, the likeliest first.

    Accents may be stored composed or apart; a name without an extension stands for any.
    """
    known = name.lower().endswith(tuple(CONTENT_TYPES))
    endings = [""] if known else ["", *(case for each in CONTENT_TYPES for case in _cased(each))]
    return tuple(form + ending for form in _composed_or_apart(name) for ending in endings)


def named_by(photograph: str) -> tuple[str, ...]:
    """Return by which names a line may mean a photograph: its own first, as `names` has them."""
    stem = PurePosixPath(photograph).stem
    return (photograph, stem) if photograph in names(stem) else (photograph,)


def _composed_or_apart(name: str) -> tuple[str, ...]:
    forms = (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
    return tuple(dict.fromkeys(forms))


def _cased(ending: str) -> tuple[str, str, str]:
    return ending, ending.upper(), ending.title()


def read(
    file: BinaryIO, name: str, *, encoding: str | None = None, folders: bool = False
) -> CaptionFile:
    """Read a file of captions, which must stay open while its entries are taken.

    Parameters
    ----------
    file
        Can be rewound: a text's encoding is told by a look through it.
    name
        Tells the form, and which photograph a sidecar is of.
    encoding
        Of a text file; None tells it by the bytes.
    folders
        Whether photographs may lie in folders below the file's own. Without, COCO's file names
        stand for their last part, and others with a folder are problems.

    Raises
    ------
    CaptionFileError
        Nothing of it can be read.
    """
    if is_sidecar(name):
        return CaptionFile(Form.XMP, "utf-8", _sidecar(file, name))
    if name.lower().endswith(".json"):
        found = coco.entries(file.read(), folders=folders)
        return CaptionFile(Form.COCO, "utf-8", found)
    decoder = _encoding_of(file, encoding)
    is_table, entries = written.entries(decoder.lines(file), folders=folders)
    form = Form.TABLE if is_table else Form.LINES
    return CaptionFile(form, decoder.name.removesuffix("-sig"), entries)


def first_captions(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield each photograph's first caption, and the problems.

    A further one is passed over where the form has several, else it is a problem.
    """
    seen: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry, UnreadableLine):
            yield entry
            continue
        first = seen.setdefault(unicodedata.normalize("NFC", entry.name), entry.number)
        if first == entry.number:
            yield entry
        elif not entry.several:
            reason = f"line {first} describes {entry.name[:100]} already"
            yield UnreadableLine(entry.number, reason)


def _encoding_of(file: BinaryIO, name: str | None) -> text_encoding.TextEncoding:
    try:
        return text_encoding.known(name) if name else text_encoding.detected(file)
    except LookupError as error:
        raise CaptionFileError(str(error)) from error
    except text_encoding.UnknownEncoding as error:
        perhaps = f" (likely {' or '.join(error.likely)})" if error.likely else ""
        reason = f"its encoding cannot be told for certain{perhaps}: say which with 'encoding'"
        raise CaptionFileError(reason, error.likely) from error


def _sidecar(file: BinaryIO, name: str) -> Iterator[Entry]:
    found = xmp.read(file.read(xmp.MAX_BYTES + 1))
    if found is None:
        raise CaptionFileError("it is no XMP, is too long or has a document type")
    caption = None if found.generated else found.caption
    line = Line(1, name[: -len(".xmp")], caption, found.keywords)
    # Most hold nothing but how a photograph was developed.
    return iter([checked(line, folders=False)] if caption or found.keywords else [])
