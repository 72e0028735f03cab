"""In which encoding a text file of captions is written, told without guessing.

Unicode is told by its bytes. Of the encodings that hold one byte a letter only Windows-1252 is
taken unasked, and only where its lines read as a language of Western Europe
(`image_repo_formats.western`); any other has to be named.
"""

import codecs
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from image_repo_formats.western import is_western

# A million short lines take a captioner ten seconds and 300 MB; it has a minute for all it does.
MAX_LINES = 1_000_000
UTF_8, WINDOWS_1252 = "utf-8", "cp1252"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as the one of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD_BYTES = 4_096
_SAMPLE_BYTES = 32_768
_BLOCK_BYTES = 1_048_576
_SURVEYED_LINES = 2_000
_MAX_DOUBTED = 0.05
_NAMED = 4

Decoded = tuple[str, str]
"""A line without its end, and why it cannot be read: empty where it can."""


class UnknownEncoding(ValueError):
    """The encoding has to be named: ``likely`` holds those it may be, the likeliest first."""

    def __init__(self, likely: tuple[str, ...]) -> None:
        super().__init__("the encoding must be named")
        self.likely = likely


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """An encoding, by Python's name of it, and how a line that is not ASCII is judged."""

    name: str
    fault: Callable[[bytes], str] = lambda _: ""

    def lines(self, file: BinaryIO) -> Iterator[Decoded]:
        """Yield the lines of a file from where it stands; LF, CRLF and CR end them.

        After ``MAX_LINES`` a problem stands for the rest.
        """
        wide = codecs.lookup(self.name).name.startswith(("utf-16", "utf-32"))
        lines = _wide_lines(file, self.name) if wide else self._narrow_lines(file)
        yield from islice(lines, MAX_LINES)
        if next(lines, None) is not None:
            yield "", f"only {MAX_LINES:,} lines of a file are read: split it up"

    def _narrow_lines(self, file: BinaryIO) -> Iterator[Decoded]:
        for number, block in enumerate(file):
            for raw in block.rstrip(b"\r\n").split(b"\r", MAX_LINES):
                # The byte order mark is of the first line alone.
                name = UTF_8 if number and self.name == "utf-8-sig" else self.name
                yield _decoded(raw, name, self.fault)


def known(name: str) -> TextEncoding:
    """Return the encoding of a name that somebody gave.

    Raises
    ------
    LookupError
        Python knows no text encoding of this name.
    """
    try:
        "a".encode(name)
    except (LookupError, ValueError) as error:
        raise LookupError(f"no encoding is called '{name[:40]}'") from error
    return TextEncoding("utf-8-sig" if codecs.lookup(name).name == UTF_8 else name)


def detected(file: BinaryIO) -> TextEncoding:
    """Return the encoding of a file, which is read once and rewound.

    Raises
    ------
    UnknownEncoding
        It is none that can be told for certain.
    """
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return TextEncoding(name)
    found = _utf_16(head) or _surveyed(file)
    file.seek(0)
    return found


def _utf_16(head: bytes) -> TextEncoding | None:
    """Tell UTF-16 without a mark by its zeros: those of the names' letters, all on one side."""
    for name, zeros, others in (
        ("utf-16-le", head[1::2], head[::2]),
        ("utf-16-be", head[::2], head[1::2]),
    ):
        if zeros.count(0) * 4 > len(zeros) and 0 not in others:
            return TextEncoding(name)
    return None


def _surveyed(file: BinaryIO) -> TextEncoding:
    unicode_lines = western = others = 0
    sample = bytearray()
    for raw in islice(file, MAX_LINES):
        if raw.isascii():
            continue
        if _is_utf_8(raw):
            unicode_lines += 1
            continue
        western, others = western + is_western(raw), others + 1
        sample += raw[: _SAMPLE_BYTES - len(sample)]
        if others == _SURVEYED_LINES:
            break
    if unicode_lines >= others:
        return TextEncoding(UTF_8)
    if others - western > others * _MAX_DOUBTED:
        raise UnknownEncoding(_likely(bytes(sample)))
    return TextEncoding(WINDOWS_1252, _western_fault)


def _likely(sample: bytes) -> tuple[str, ...]:
    from charset_normalizer import from_bytes  # noqa: PLC0415  (80 ms that few files need)

    found = []
    for match in list(from_bytes(sample))[:_NAMED]:
        # It names one of those that give the same text, MacRoman as its Icelandic sister.
        alike = match.could_be_from_charset
        found.append("mac_roman" if "mac_roman" in alike else match.encoding)
    return tuple(dict.fromkeys(found))


def _western_fault(raw: bytes) -> str:
    if _is_utf_8(raw):
        return "the line is UTF-8, most others are not"
    return "" if is_western(raw) else "the line's encoding is unclear, name it"


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode(UTF_8)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(raw: bytes, name: str, fault: Callable[[bytes], str]) -> Decoded:
    reason = "" if raw.isascii() else fault(raw)
    if reason:
        return "", reason
    wrong = f"the line is not {name.removesuffix('-sig')}"
    try:
        line = raw.decode(name)
    except UnicodeError:
        return "", wrong
    # EBCDIC, named for a file that is none, reads a percent sign as a line's end.
    return ("", wrong) if "\n" in line or "\r" in line else (line, "")


def _wide_lines(file: BinaryIO, name: str) -> Iterator[Decoded]:
    decoding = codecs.getincrementaldecoder(name)("replace")
    decoder = io.IncrementalNewlineDecoder(decoding, translate=True)
    rest = ""
    try:
        while block := file.read(_BLOCK_BYTES):
            *lines, rest = (rest + decoder.decode(block)).split("\n")
            yield from (_judged(line, name) for line in lines)
        yield _judged(rest + decoder.decode(b"", final=True), name)
    except UnicodeError:  # without the mark that tells the order of bytes
        yield "", f"the file is not {name}"


def _judged(line: str, name: str) -> Decoded:
    return ("", f"the line is not {name}") if "\ufffd" in line else (line, "")
