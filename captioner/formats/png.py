"""PNG: decoded from the chunks that make its picture, whatever stands in the others."""

import io
import zlib
from collections.abc import Iterator

from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile

from captioner import colour, iptc
from chalicelib.errors import RejectedImage

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE = frozenset([b"IHDR", b"PLTE", b"IDAT"])
_TEXTS = frozenset([b"tEXt", b"zTXt", b"iTXt"])
_END = b"\0\0\0\0IEND\xaeB`\x82"
_XMP = b"XML:com.adobe.xmp"
# What ImageMagick writes into texts: three lines, then the bytes in hexadecimal.
_RAW = b"Raw profile type "
_KNOWN = frozenset([b"tRNS", b"eXIf", b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", _XMP])
_KNOWN |= {_RAW + kind for kind in (b"exif", b"APP1", b"xmp", b"iptc")}
# Of what is inflated beside the picture; a bomb ends here.
MAX_INFLATED = 4_000_000
# Each is read on its own; one of a 100 MB file holds 8 kB as a rule.
MAX_CHUNKS = 100_000


def open_png(data: bytes) -> ImageFile:
    """Open a PNG's picture, an animated one's default picture.

    Raises
    ------
    RejectedImage
        It has too many chunks.
    """
    view = memoryview(data)
    kept: list[bytes | memoryview] = [_SIGNATURE]
    described: dict[bytes, bytes] = {}
    for kind, start, end in _chunks(data):
        name = data[start + 8 : start + 88].partition(b"\0")[0] if kind in _TEXTS else kind
        if kind in _PICTURE:
            kept.append(view[start:end])
        # The first of a kind counts, so that none is inflated twice.
        elif name in _KNOWN and name not in described and _is_sound(view[start:end]):
            body = data[start + 8 : end - 4]
            described[name] = _text(kind, body) if kind in _TEXTS else body
            if kind == b"tRNS":
                kept.append(view[start:end])
    image = PngImageFile(io.BytesIO(b"".join([*kept, _END])))
    image.info |= {name: value for name, value in _told(described).items() if value}
    return image


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    start = len(_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if start + 12 > len(data):
            return
        end = start + 12 + int.from_bytes(data[start : start + 4])
        yield data[start + 4 : start + 8], start, end
        start = end
    raise RejectedImage(f"the PNG has more than {MAX_CHUNKS:,} chunks")


def _is_sound(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])


def _text(kind: bytes, body: bytes) -> bytes:
    compressed, text = kind == b"zTXt", body.partition(b"\0")[2]
    if kind == b"iTXt":
        compressed, text = text[:1] == b"\1", text[2:]
        text = text.partition(b"\0")[2].partition(b"\0")[2]  # language, translated keyword
    elif compressed:
        text = text[1:]
    return _inflated(text) if compressed else text


def _inflated(compressed: bytes) -> bytes:
    """Return what is neither damaged nor longer than `MAX_INFLATED`, and nothing otherwise."""
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
    _, _, profile = described.get(b"iCCP", b"").partition(b"\0")
    if inflated := _inflated(profile[1:]):
        return inflated
    if b"sRGB" in described:
        return b""
    return colour.profile_of_gamma(described.get(b"gAMA", b""), described.get(b"cHRM", b""))
