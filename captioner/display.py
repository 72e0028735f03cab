"""The copy for display: small, and without what a camera wrote into the original."""

import io

from PIL import Image

from captioner.decoding import Pixels

SIDE = 512
QUALITY = 80


def display(pixels: Pixels) -> bytes:
    """Return a WebP of at most ``SIDE`` pixels a side, made of pixels alone.

    Parameters
    ----------
    pixels
        uint8 (height, width, 3), RGB, upright.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    written = io.BytesIO()
    image.save(written, "WEBP", quality=QUALITY)
    return written.getvalue()
