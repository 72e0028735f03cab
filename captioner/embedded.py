"""What a person wrote into a photograph's file: its caption and keywords.

XMP counts before IPTC-IIM, and that before EXIF, field by field. The Metadata Working Group puts
EXIF's description first, which is where cameras write of themselves, in ASCII (decision 307):
https://github.com/exiftool/exiftool/blob/master/lib/Image/ExifTool/MWG.pm
"""

import codecs
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PIL.ExifTags import Base

from captioner.automatic import is_automatic
from captioner.decoding import Decoded
from captioner.exif import Exif
from chalicelib.images import fitting
from image_repo_formats import MAX_CAPTION_CHARS, MAX_KEYWORDS, xmp
from image_repo_formats.western import is_western

# IPTC-IIM's datasets: https://exiftool.org/TagNames/IPTC.html
_CHARSET, _KEYWORDS, _CAPTION = (1, 90), (2, 25), (2, 120)
_UTF_8 = b"\x1b%G"  # ISO 2022's escape for it
# What precedes a user comment: https://exiftool.org/TagNames/EXIF.html, "UserComment".
_UNICODE, _JIS, _CODE_BYTES = b"UNICODE\0", b"JIS\0\0\0\0\0", 8
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Of text in UTF-16 without a zero, as Chinese is, so many bytes are valid UTF-8 by a rare chance.
_CERTAIN_BYTES = 16


@dataclass(frozen=True, slots=True)
class Embedded:
    """A caption and keywords as records keep them, whatever their lengths were."""

    caption: str | None
    keywords: tuple[str, ...]


def read(decoded: Decoded) -> Embedded:
    """Return what a person wrote into a file; what cannot be read is left out.

    A caption that is too long is cut; of keywords those that are too long, or too many, are left
    out. A caption that this project's own model wrote, by the file's XMP, is nobody's.
    """
    packet = xmp.read(decoded.xmp) if decoded.xmp else None
    packet = packet or xmp.Described()
    candidates = (packet.caption, *_iptc(decoded, _CAPTION), *_exif_captions(decoded.exif))
    captions = [_clean(text) for text in candidates if text]
    models = captions[:1] if packet.generated else []
    written = (text for text in captions if text not in models and not is_automatic(text))
    keywords = (packet.keywords, _iptc(decoded, _KEYWORDS), _exif_keywords(decoded.exif))
    kept = (fitting(filter(None, map(_clean, said)), MAX_KEYWORDS) for said in keywords)
    return Embedded(next(map(_cut, written), None), next(filter(None, kept), ()))


def _clean(text: str) -> str:
    """Return a text in one line, without control characters."""
    visible = (" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
    return unicodedata.normalize("NFC", " ".join("".join(visible).split()))


def _cut(text: str) -> str:
    if len(text) <= MAX_CAPTION_CHARS:
        return text
    return text[: MAX_CAPTION_CHARS - 1].rsplit(" ", 1)[0] + "…"


def _iptc(decoded: Decoded, dataset: tuple[int, int]) -> list[str]:
    held, charset = decoded.iptc.get(dataset, []), decoded.iptc.get(_CHARSET)
    texts = [held] if isinstance(held, bytes) else held
    return [*_texts(texts, is_utf_8=charset == _UTF_8)]


def _texts(raws: Iterable[bytes], *, is_utf_8: bool = False) -> Iterator[str]:
    """Yield texts of UTF-8, or else of Windows-1252; others are left out, never guessed."""
    for raw in raws:
        try:
            yield raw.decode()
        except UnicodeDecodeError:
            if is_utf_8:
                yield raw.decode(errors="ignore")  # cut within a letter by a limit in bytes
            elif is_western(raw):
                yield raw.decode("cp1252")


def _exif_captions(exif: Exif) -> Iterator[str]:
    described = exif.image.get(Base.ImageDescription)
    if isinstance(described, str):  # Pillow reads as Latin-1 what is ASCII, or UTF-8 by habit
        yield from _texts([described.encode("latin-1", "ignore").split(b"\0")[0]])
    yield from _utf_16(exif.image.get(Base.XPComment))
    comment = exif.photo.get(Base.UserComment)
    if isinstance(comment, bytes):
        yield from _comment(comment[:_CODE_BYTES], comment[_CODE_BYTES:], exif.order)


def _exif_keywords(exif: Exif) -> list[str]:
    """Return what Windows writes, apart by semicolons."""
    return [word for text in _utf_16(exif.image.get(Base.XPKeywords)) for word in text.split(";")]


def _utf_16(raw: object) -> Iterator[str]:
    """Yield what Windows writes little-endian, whatever the file's own order.

    https://learn.microsoft.com/windows/win32/wic/-wic-photoprop-system-keywords
    """
    if isinstance(raw, bytes):
        yield raw.decode("utf-16-le", "ignore").split("\0")[0]


def _comment(code: bytes, raw: bytes, order: str) -> Iterator[str]:
    if code == _UNICODE:
        yield from _unicode(raw, order)
    elif code == _JIS:
        yield raw.decode("iso2022_jp", "ignore")
    else:
        yield from _texts([raw.split(b"\0")[0]])


def _unicode(raw: bytes, order: str) -> Iterator[str]:
    """Yield what should be UTF-16 in the file's order; others write little-endian, or UTF-8."""
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            yield raw[len(mark) :].decode(encoding, "ignore")
            return
    text = raw.rstrip(b"\0")
    if 0 not in text and _is_utf_8(text):
        if len(text) >= _CERTAIN_BYTES:
            yield text.decode()
        return  # "乍" in UTF-16 and "MN" are the same bytes: what is shorter is never guessed
    text += bytes(len(text) % 2)
    yield text.decode("utf-16-be" if _is_big_endian(text, order) else "utf-16-le", "ignore")


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_big_endian(utf_16: bytes, order: str) -> bool:
    """Tell by the zeros of Western letters: there are programs that overlook the file's order."""
    big, little = utf_16[::2].count(0), utf_16[1::2].count(0)
    is_western = 2 * max(big, little) > len(utf_16) // 2
    return big > little if is_western else order == ">"
