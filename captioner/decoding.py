"""From the bytes of a file to upright RGB pixels, or a reason why not.

The format is sniffed by Pillow's own readers, of which only four are let in; a name or a type
that came with the upload is not looked at.
"""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image, IptcImagePlugin, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from captioner import exif
from captioner.exif import Exif
from chalicelib.errors import InvalidField, RejectedImage

Pixels = npt.NDArray[np.uint8]
Crop = tuple[float, float, float, float]

CONTENT_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
# A JPEG of this many pixels is decoded at a half, a quarter or an eighth: the model looks at
# 224 pixels and the copy for display has 512.
DRAFT_SIDE = 1_024
# What sets a picture upright, by its EXIF orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QUARTER_TURNS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photograph, its content type as sniffed.

    ``pixels`` are uint8 (height, width, 3), RGB, upright, a large JPEG's of a reduced size;
    ``width`` and ``height`` are the original's, upright. ``xmp`` is the packet of that name,
    ``iptc`` are IPTC-IIM's datasets by record and number.
    """

    pixels: Pixels
    width: int
    height: int
    content_type: str
    exif: Exif = field(default_factory=Exif)
    xmp: bytes | None = None
    iptc: Mapping[tuple[int, int], bytes | list[bytes]] = field(default_factory=dict)


def decode(data: bytes, *, max_pixels: int) -> Decoded:
    """Decode a photograph.

    More than ``max_pixels``, by the file's header, are refused before anything is decoded.

    Raises
    ------
    RejectedImage
        It is no JPEG, PNG, WebP or GIF, is damaged, or is too large; ``detail`` is for people.
    """
    if not data:
        raise RejectedImage("the file is empty")
    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs and of odd metadata; the limit below is this project's.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=tuple(CONTENT_TYPES)) as image:
                return _decoded(image, max_pixels)
    except RejectedImage:
        raise
    except UnidentifiedImageError as error:
        raise RejectedImage("the file is no JPEG, PNG, WebP or GIF image") from error
    except Image.DecompressionBombError as error:
        raise RejectedImage(_too_many(max_pixels)) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
        # What Pillow's readers raise on damaged files; the original stays in the chain.
        raise RejectedImage("the image is damaged or incomplete") from error


def crop(pixels: Pixels, fractions: Crop) -> Pixels:
    """Cut x, y, width and height, as fractions, out of an upright image uint8 (h, w, 3).

    Raises
    ------
    InvalidField
        The part has no size or lies not within the image.
    """
    x, y, width, height = fractions
    # A rounding's worth beyond the edge is not worth an error.
    inside = 0 <= x < 1 and 0 <= y < 1 and x + width <= 1.001 and y + height <= 1.001
    if not (inside and width > 0 and height > 0):
        raise InvalidField("crop", "must be fractions x, y, width, height within the image")
    rows, columns = pixels.shape[:2]
    left, top = int(x * columns), int(y * rows)
    right = max(left + 1, round((x + width) * columns))
    bottom = max(top + 1, round((y + height) * rows))
    return pixels[top:bottom, left:right]


def _decoded(image: ImageFile, max_pixels: int) -> Decoded:
    width, height = image.size
    if width * height > max_pixels:
        raise RejectedImage(_too_many(max_pixels))
    # A JPEG that holds further pictures behind the first, as some cameras write, is an "MPO".
    content_type = CONTENT_TYPES.get(image.format or "", "image/jpeg")
    described = exif.read(image)
    orientation = described.orientation
    turned = orientation in _QUARTER_TURNS
    xmp, iptc = image.info.get("xmp"), _iptc(image)
    image.draft("RGB", (DRAFT_SIDE, DRAFT_SIDE))
    return Decoded(
        pixels=np.array(_upright(_rgb(image), orientation), np.uint8),
        width=height if turned else width,
        height=width if turned else height,
        content_type=content_type,
        exif=described,
        xmp=xmp if isinstance(xmp, bytes) else None,
        iptc=iptc,
    )


def _iptc(image: ImageFile) -> Mapping[tuple[int, int], bytes | list[bytes]]:
    try:
        return IptcImagePlugin.getiptcinfo(image) or {}
    except MemoryError:
        raise
    except Exception:  # it says nothing of the pixels
        return {}


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return _eight_bits(image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    coloured = image.convert("RGBA")
    paper = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(paper, coloured).convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Reduce 16 bits of grey, which `convert` would clip."""
    wide = np.asarray(image.convert("I"))
    return Image.fromarray((wide >> 8).clip(0, 255).astype(np.uint8))


def _too_many(max_pixels: int) -> str:
    return f"the image has more than {max_pixels:,} pixels"
