"""What is transparent lies on white, after its colours were converted."""

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from captioner.decoding import decode
from tests.picture_files import LIMIT, encoded, linear, two_halves, written


def test_colours_are_converted_before_they_are_laid_on_white() -> None:
    linear_light = PngInfo()
    linear_light.add(b"gAMA", (100_000).to_bytes(4))
    dark = Image.new("RGBA", (8, 8), (round(255 * float(linear(np.array(0.2)))), 0, 0, 128))

    pixels = decode(written(dark, pnginfo=linear_light), max_pixels=LIMIT).pixels

    own = float(encoded(np.array(round(255 * float(linear(np.array(0.2)))) / 255)))
    half = 128 / 255
    expected = 255 * (np.array([own, 0, 0]) * half + 1 - half)
    assert np.abs(pixels[4, 4] - expected).max() <= 2


def test_a_grey_of_sixteen_bits_may_be_transparent() -> None:
    shades = np.full((8, 8), 40_000, np.uint16)
    shades[:, 4:] = 7
    image = Image.fromarray(shades)
    file = io.BytesIO()
    image.save(file, "PNG", transparency=7)

    pixels = decode(file.getvalue(), max_pixels=LIMIT).pixels

    assert (pixels[4, 1] == 40_000 >> 8).all()
    assert (pixels[4, 6] == 255).all()


@pytest.mark.parametrize("kind", ["AVIF"])
def test_xmp_does_not_turn_what_boxes_leave_upright(kind: str) -> None:
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'

    decoded = decode(written(two_halves(), kind, xmp=xmp), max_pixels=LIMIT)

    assert (decoded.width, decoded.height) == (40, 20)
