"""All that the repository wants out of a file: its pixels, and what is written beside them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from captioner import embedded, metadata
from captioner.decoding import Pixels, decode
from captioner.embedded import Embedded
from captioner.metadata import Metadata


@dataclass(frozen=True, slots=True)
class Photograph:
    """What was read of a file.

    ``pixels``, ``width``, ``height`` and ``content_type`` are those of
    `captioner.decoding.Decoded`; ``written`` is what a person wrote into it, ``taking`` when, with
    what and where it was taken.
    """

    pixels: Pixels
    width: int
    height: int
    content_type: str
    written: Embedded
    taking: Metadata


def read(data: bytes, *, max_pixels: int) -> Photograph:
    """Read a file; errors are those of `captioner.decoding.decode`."""
    decoded = decode(data, max_pixels=max_pixels)
    return Photograph(
        pixels=decoded.pixels,
        width=decoded.width,
        height=decoded.height,
        content_type=decoded.content_type,
        written=embedded.read(decoded),
        taking=metadata.read(decoded.exif, decoded.xmp, now=datetime.now(UTC)),
    )
