"""PNG: decoded from the chunks that make its picture, whatever stands in the others."""

import io
import zlib
from collections.abc import Iterator

from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile

from captioner import colour, iptc

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE = frozenset([b"IHDR", b"PLTE", b"IDAT"])
_TEXTS = frozenset([b"tEXt", b"zTXt", b"iTXt"])
_END = b"\0\0\0\0IEND\xaeB`\x82"
_XMP = b"XML:com.adobe.xmp"
# What ImageMagick writes into texts: three lines, then the bytes in hexadecimal.
_RAW = b"Raw profile type "
# Of what is inflated beside the picture; a bomb ends here.
MAX_INFLATED = 4_000_000


def open_png(data: bytes) -> ImageFile:
    """Open a PNG's picture; an animated one's default picture."""
    view = memoryview(data)
    kept: list[bytes | memoryview] = [_SIGNATURE]
    described: dict[bytes, bytes] = {}
    for kind, start, end in _chunks(data):
        if kind in _PICTURE:
            kept.append(view[start:end])
        elif _is_sound(view[start:end]):
            body = data[start + 8 : end - 4]
            if kind == b"tRNS":
                kept.append(view[start:end])
            name, told = _text(kind, body) if kind in _TEXTS else (kind, body)
            described.setdefault(name, told)
    image = PngImageFile(io.BytesIO(b"".join([*kept, _END])))
    image.info |= {name: value for name, value in _told(described).items() if value}
    return image


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    start = len(_SIGNATURE)
    while start + 12 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4])
        yield data[start + 4 : start + 8], start, end
        start = end


def _is_sound(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])


def _text(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Return a text chunk's keyword and text."""
    keyword, _, text = body.partition(b"\0")
    if kind == b"iTXt":
        compressed, text = text[:1] == b"\1", text[2:]
        text = text.partition(b"\0")[2].partition(b"\0")[2]  # language, translated keyword
    else:
        compressed, text = kind == b"zTXt", text[1:] if kind == b"zTXt" else text
    known = keyword == _XMP or keyword.startswith(_RAW)
    return keyword, _inflated(text) if compressed and known else text


def _inflated(compressed: bytes) -> bytes:
    """Return at most so many bytes, and none of what is longer or damaged."""
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(compressed, MAX_INFLATED)
    except zlib.error:
        return b""
    return inflated if inflater.eof else b""


def _told(described: dict[bytes, bytes]) -> dict[str, bytes]:
    exif = _raw(described, b"exif") or _raw(described, b"APP1")
    return {
        "exif": described.get(b"eXIf", exif),
        "xmp": described.get(_XMP, _raw(described, b"xmp")),
        "iptc": iptc.resource(_raw(described, b"iptc")),
        "icc_profile": _profile(described),
    }


def _raw(described: dict[bytes, bytes], name: bytes) -> bytes:
    lines = described.get(_RAW + name, b"").split(b"\n")
    try:
        return bytes.fromhex(b"".join(lines[3:]).decode("ascii"))
    except ValueError:
        return b""


def _profile(described: dict[bytes, bytes]) -> bytes:
    """Return the profile by the first of what says it, in the order of PNG's third edition.

    https://www.w3.org/TR/png-3/#color-chunk-precendence
    """
    cicp = described.get(b"cICP", b"")
    if len(cicp) == 4:
        return colour.profile_of_code(cicp[0], cicp[1])
    name, _, profile = described.get(b"iCCP", b"").partition(b"\0")
    if name and (inflated := _inflated(profile[1:])):
        return inflated
    if b"sRGB" in described:
        return b""
    return colour.profile_of_gamma(described.get(b"gAMA", b""), described.get(b"cHRM", b""))
