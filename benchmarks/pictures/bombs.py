"""Time until files that claim more pixels or text than is allowed have been refused."""

import io
import struct
import time
import zlib
from collections.abc import Mapping
from typing import Any

import pillow_heif
from PIL import Image

from benchmarks.search.timing import alone, kilobytes
from chalicelib.errors import RejectedImage
from tests.pictures.bounded import decoding
from tests.pictures.mutation import with_checksums


def bombs() -> None:
    """Decode each in a process of its own and print how it ended."""
    for name, data in _bombs().items():
        ended, seconds, memory = alone(_decoded, data)
        size = f"{len(data):,} bytes"
        print(f"{name:28}{size:>16}{1_000 * seconds:9.1f} ms{memory:7,.0f} MB   {ended}")


def _decoded(data: bytes) -> tuple[str, float, float]:
    decode = decoding()
    begin = time.perf_counter()
    try:
        ended = f"decoded to {decode(data).pixels.shape}"
    except RejectedImage as error:
        ended = error.detail
    return ended, time.perf_counter() - begin, kilobytes("VmHWM") / 1_000


def _bombs() -> Mapping[str, bytes]:
    """Return small files: sound ones but for a size, or with more in them than they look like."""
    pillow_heif.register_heif_opener()
    wide = _sized(_file("TIFF"), b"\0\1\4\0\1\0\0\0", "<I")
    return {
        "PNG, 65,000 x 65,000": with_checksums(_sized(_file("PNG"), b"IHDR", ">II")),
        "PNG, 19,000 x 19,000, whole": _file("PNG", size=(19_000, 19_000)),
        "PNG, a text of 1 GB": _with_text(_file("PNG"), 2**30),
        "JPEG": _sized(_file("JPEG"), b"\xff\xc0\0\x11\x08", ">HH"),
        "WebP": _sized(_file("WEBP"), b"\x9d\x01\x2a", "<HH", 16_383),
        "GIF": _sized(_file("GIF"), b"GIF87a", "<HH"),
        "GIF, 10,000 frames": _file("GIF", frames=10_000),
        "TIFF": _sized(wide, b"\1\1\4\0\1\0\0\0", "<I"),
        "HEIF": _sized(_file("HEIF"), b"ispe\0\0\0\0", ">II"),
        "AVIF": _sized(_file("AVIF"), b"ispe\0\0\0\0", ">II"),
    }


def _file(kind: str, size: tuple[int, int] = (64, 64), frames: int = 1) -> bytes:
    written = io.BytesIO()
    more = [Image.new("1", size, frame % 2) for frame in range(1, frames)]
    how: Mapping[str, Any] = {"save_all": True, "append_images": more} if more else {}
    Image.new("1" if kind in {"PNG", "GIF"} else "RGB", size).save(written, kind, **how)
    return written.getvalue()


def _sized(data: bytes, mark: bytes, form: str, side: int = 65_000) -> bytes:
    """Write ``side`` behind the first ``mark``."""
    at = data.index(mark) + len(mark)
    sides = [side] * (len(form) - 1)
    return data[:at] + struct.pack(form, *sides) + data[at + struct.calcsize(form) :]


def _with_text(png: bytes, length: int) -> bytes:
    packer = zlib.compressobj()
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(length >> 20)) + packer.flush()
    body = b"zTXtComment\0\0" + packed
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]
