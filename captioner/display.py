"""The copy for display: small, and without what a camera wrote into the original."""

import io

from PIL import Image

from captioner.decoding import Pixels

SIDE = 512
QUALITY = 80
# Of libwebp's 0 to 6: half the time of the default 4 for files 3 % larger, on Flickr8k.
METHOD = 2


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
    image.save(written, "WEBP", quality=QUALITY, method=METHOD)
    return written.getvalue()
