"""Captions line by line: ``name caption``, Flickr8k's ``name#0<tab>caption``, and tables (CSV)."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from image_repo_formats import CONTENT_TYPES
from image_repo_formats.entries import Entry, Line, UnreadableLine, checked
from image_repo_formats.text_encoding import Decoded

_EXTENSION = rf"\.(?:{'|'.join(ending[1:] for ending in CONTENT_TYPES)})"
# A name may hold blanks, so that its extension ends it where it has one.
_NAMED = re.compile(
    rf"(?P<name>\S.*?{_EXTENSION})(?P<number>#\d+)?\s+(?P<caption>\S.*)", re.IGNORECASE
)
_BARE = re.compile(r"(?P<name>\S+?)(?P<number>#\d+)?\s+(?P<caption>\S.*)")
_BARE_ROW = re.compile(rf'"?[^,;|\t"]+{_EXTENSION}"?(?P<delimiter>[,;|])', re.IGNORECASE)
_NAMES = {"image", "image_name", "file", "file_name", "filename", "name", "photo", "photograph"}
_CAPTIONS = {"caption", "captions", "comment", "description", "text"}
_KEYWORDS = {"keywords", "tags"}
_MAX_CHARS = 100_000
_MAX_LINES_OF_A_ROW = 10

Numbered = tuple[int, Decoded]


@dataclass(frozen=True, slots=True)
class _Table:
    delimiter: str
    name: int
    caption: int
    keywords: int | None = None
    columns: int = 2

    def line(self, number: int, cells: list[str]) -> Line:
        """Return a row's; commas that nobody quoted stand in the last column."""
        cells += [""] * (self.columns - len(cells))
        last = self.columns - 1
        cells = [*cells[:last], self.delimiter.join(cells[last:])]
        keywords = re.split("[,;]", cells[self.keywords]) if self.keywords is not None else ()
        told = tuple(word.strip() for word in keywords if word.strip())
        return Line(number, cells[self.name].strip(), cells[self.caption], told, several=True)


def entries(lines: Iterator[Decoded], *, folders: bool) -> tuple[bool, Iterator[Entry]]:
    """Read captions; the first line tells whether they are a table, which is returned, too."""
    numbered: Iterator[Numbered] = (
        (number, line) for number, line in enumerate(lines, 1) if line[1] or line[0].strip()
    )
    first = next(numbered, None)
    if first and re.fullmatch(r"sep=.", first[1][0].strip()):  # for Excel, before the header
        first = next(numbered, None)
    if first is None:
        return False, iter(())
    table = _header(first[1][0])
    if table:
        return True, _rows(numbered, table, folders=folders)
    bare = _BARE_ROW.match(first[1][0])
    numbered = chain([first], numbered)
    if bare:
        return True, _rows(numbered, _Table(bare["delimiter"], 0, 1), folders=folders)
    return False, (_written(number, line, folders=folders) for number, line in numbered)


def _header(text: str) -> _Table | None:
    for delimiter in ",;\t|":
        cells = [cell.strip(' "\ufeff').lower() for cell in text.split(delimiter)]
        name, caption, keywords = (_column(cells, of) for of in (_NAMES, _CAPTIONS, _KEYWORDS))
        if name is not None and caption is not None:
            return _Table(delimiter, name, caption, keywords, len(cells))
    return None


def _column(cells: list[str], called: set[str]) -> int | None:
    return next((number for number, cell in enumerate(cells) if cell in called), None)


def _written(number: int, line: Decoded, *, folders: bool) -> Entry:
    text, fault = line
    text = text.strip()
    fault = fault or ("the line is too long" if len(text) > _MAX_CHARS else "")
    match = None if fault else _NAMED.fullmatch(text) or _BARE.fullmatch(text)
    if match is None:
        return UnreadableLine(number, fault or "a name and a caption are needed")
    found = Line(number, match["name"], match["caption"], several=match["number"] is not None)
    return checked(found, folders=folders)


def _rows(numbered: Iterator[Numbered], table: _Table, *, folders: bool) -> Iterator[Entry]:
    ahead: deque[Numbered] = deque()
    while row := ahead.popleft() if ahead else next(numbered, None):
        number, (text, fault) = row
        if text.count('"') % 2 and not _is_whole(text, table.delimiter):
            text = _closed(text, numbered, ahead, table.delimiter)
        if fault or len(text) > _MAX_CHARS:
            yield UnreadableLine(number, fault or "the line is too long")
            continue
        cells = next(csv.reader([text], delimiter=table.delimiter))
        yield checked(table.line(number, cells), folders=folders)


def _is_whole(text: str, delimiter: str) -> bool:
    """Return whether every cell that a quote begins is ended by one."""
    try:
        return len(list(csv.reader([text], delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _closed(text: str, numbered: Iterator[Numbered], ahead: deque[Numbered], delimiter: str) -> str:
    """Return a row with the lines of its quoted cell; without them where no quote ends it."""
    whole = text
    taken: deque[Numbered] = deque()
    while max(len(taken) / _MAX_LINES_OF_A_ROW, len(whole) / _MAX_CHARS) < 1 and (
        following := ahead.popleft() if ahead else next(numbered, None)
    ):
        taken.append(following)
        whole += " " + following[1][0]
        if not following[1][1] and _is_whole(whole, delimiter):
            return whole
    ahead.extendleft(reversed(taken))
    return text
