"""Pictures that tests write, whole and broken, and the colours they look for in them."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

PICTURES = Path(__file__).parent / "data" / "pictures"
LIMIT = 50_000_000
RED, BLUE = (255, 0, 0), (0, 0, 255)
PATCHES = np.array(
    [
        [(220, 20, 30), (30, 160, 40), (30, 60, 210), (230, 180, 160)],
        [(240, 140, 20), (128, 128, 128), (250, 210, 40), (150, 60, 170)],
    ]
).reshape(8, 3)
"""What the patches of the pictures beside ``icc_p3.png`` are in sRGB, 50 pixels wide each."""


def two_halves(width: int = 40, height: int = 20) -> Image.Image:
    """Return a picture, red at its left and blue at its right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def written(image: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def patches(colours: npt.NDArray[np.floating]) -> Image.Image:
    """Return a picture of eight patches, 50 pixels wide, of colours from 0 to 1."""
    row = np.rint(255 * colours).astype(np.uint8).repeat(50, axis=0)
    return Image.fromarray(np.broadcast_to(row, (60, 400, 3)).copy())


def off_patches(pixels: npt.NDArray[np.uint8]) -> int:
    """Return by how much a picture of patches is off what it should show, of 255."""
    return int(np.abs(pixels[30, 25::50].astype(int) - PATCHES).max())


def linear(encoded: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return the light of sRGB's values from 0 to 1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encoded(light: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return sRGB's values of light from 0 to 1."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG's chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes, image: Image.Image | None = None) -> bytes:
    """Return a PNG with further chunks before its picture."""
    plain = written(two_halves() if image is None else image)
    return plain[:33] + b"".join(chunks) + plain[33:]


def jpeg_with(*segments: bytes, image: Image.Image | None = None) -> bytes:
    """Return a JPEG with further segments before its own."""
    plain = written(two_halves() if image is None else image, "JPEG", quality=95, subsampling=0)
    return plain[:2] + b"".join(segments) + plain[2:]


def segment(marker: int, body: bytes) -> bytes:
    """Return a JPEG's segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def tiff(*entries: tuple[int, int, int, int], body: bytes = b"") -> bytes:
    """Return a TIFF of one directory: tag, type, count and value each; ``body`` comes behind."""
    directory = b"".join(struct.pack("<HHLL", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory + bytes(4) + body
