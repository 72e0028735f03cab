"""From the bytes of a file to upright sRGB pixels, or a reason why not.

The format is told by the first bytes; a name or a type that came with the upload is not looked
at. Metadata is read apart from the pixels, and what of it cannot be read is left out.
"""

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.WebPImagePlugin import WebPImageFile

from captioner import colour, exif
from captioner.exif import Exif
from captioner.formats.gif import open_gif
from captioner.formats.heif import open_avif, open_heif
from captioner.formats.jpeg import check_missing, open_jpeg
from captioner.formats.png import open_png
from captioner.formats.tiff import RAW, open_tiff
from captioner.iptc import Datasets
from captioner.iptc import read as read_iptc
from chalicelib.errors import InvalidField, RejectedImage
from image_repo_formats.sniffing import HEAD_BYTES, media_type

Pixels = npt.NDArray[np.uint8]
Crop = tuple[float, float, float, float]

KINDS = "JPEG, PNG, WebP, GIF, HEIC, AVIF or TIFF"
Openers = Mapping[str, Callable[[bytes], ImageFile]]
OPENERS: Openers = {
    "image/jpeg": open_jpeg,
    "image/png": open_png,
    "image/webp": lambda data: WebPImageFile(io.BytesIO(data)),
    "image/gif": open_gif,
    "image/heic": open_heif,
    "image/heif": open_heif,
    "image/avif": open_avif,
    "image/tiff": open_tiff,
}
# Of raw files that are no TIFF: Canon's CR3, Fujifilm's, Olympus' and Panasonic's.
_RAW_BEGINNINGS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
# A photograph is reduced by a whole number while its longer side stays at this and its shorter
# one at twice what the encoder takes: a JPEG while it is decoded, by 2, 4 or 8, which takes a
# fifth of the time. Half of 4,032 pixels, the width of most phones' photographs, is near enough
# to the 2,048 of the copy for display.
LONG_SIDE, SHORT_SIDE = 2_000, 448
# What is decoded whole takes up to 16 bytes a pixel (WebP), and the function has 3 GB.
MAX_WHOLE_PIXELS = 120_000_000
# Pillow calls a line of 2^31 bits too much memory, which is no reason to try again.
MAX_SIDE = 1_000_000
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_INDEXED = frozenset({"1", "P", "PA"})
_GREYS = frozenset({"L", "LA", "La"})  # whose profiles fit nothing else
_NUMBERS = frozenset({"I", "F"})  # of 32 bits
_QUARTER_TURNS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photograph, its content type as sniffed.

    ``pixels`` are uint8 (height, width, 3), sRGB, upright, a large photograph's of a reduced
    size; ``width`` and ``height`` are the original's, upright. ``xmp`` is the packet of that
    name, ``iptc`` are IPTC-IIM's datasets by record and number.
    """

    pixels: Pixels
    width: int
    height: int
    content_type: str
    exif: Exif = field(default_factory=Exif)
    xmp: bytes | None = None
    iptc: Datasets = field(default_factory=dict)


def decode(data: bytes, *, max_pixels: int, openers: Openers = OPENERS) -> Decoded:
    """Decode a photograph.

    More than ``max_pixels``, by the file's header, are refused before anything is decoded.

    Raises
    ------
    RejectedImage
        It is of none of the `KINDS`, is damaged, or is too large; ``detail`` is for people.
    MemoryError, ImportError
        There is too little memory for it here and now, or a decoder is not installed.
    """
    if not data:
        raise RejectedImage("the file is empty")
    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs and of odd metadata; the limit below is this project's.
            warnings.simplefilter("ignore")
            return _decoded(data, max_pixels, openers)
    except (RejectedImage, MemoryError, ImportError):
        raise
    except Image.DecompressionBombError as error:
        raise RejectedImage(_too_many(max_pixels)) from error
    except Exception as error:
        # Whatever a decoder raises is an answer about the file; the original stays in the chain.
        reason = "the image is damaged, incomplete or stored in a way that is not supported"
        raise RejectedImage(reason) from error


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


def _decoded(data: bytes, max_pixels: int, openers: Openers) -> Decoded:
    kind = media_type(data[:HEAD_BYTES])
    if kind is None:
        raise RejectedImage(RAW if _is_raw(data) else f"the file is no {KINDS} image")
    with openers[kind](data) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise RejectedImage(_too_many(max_pixels))
        if max(width, height) > MAX_SIDE:
            raise RejectedImage(f"a side of the image has more than {MAX_SIDE:,} pixels")
        if width * height > MAX_WHOLE_PIXELS and kind != "image/jpeg":
            raise RejectedImage(f"{_too_many(MAX_WHOLE_PIXELS)}: only a JPEG may")
        described = exif.read(image)
        told = {name: image.info.get(name) or b"" for name in ("xmp", "iptc", "icc_profile")}
        orientation = image.info.get("orientation", described.orientation)
        turned = orientation in _QUARTER_TURNS
        reduced = _reduced(image)
    profile = told["icc_profile"]
    if not profile and described.is_adobe_rgb:
        profile = colour.profile_of_adobe_rgb()
    srgb = _on_white(reduced, profile)
    return Decoded(
        pixels=np.array(_upright(srgb, orientation), np.uint8),
        width=height if turned else width,
        height=width if turned else height,
        content_type=kind,
        exif=described,
        xmp=told["xmp"] or None,
        iptc=read_iptc(told["iptc"]),
    )


def _is_raw(data: bytes) -> bool:
    return data.startswith(_RAW_BEGINNINGS) or data[4:12] == b"ftypcrx "


def _reduced(image: ImageFile) -> Image.Image:
    """Decode to eight bits, as small as is large enough."""
    factor = _factor(image)
    image.draft("RGB", (image.width // factor, image.height // factor))
    image.load()
    if image.info.get("cut"):
        check_missing(image)
    decoded = _eight_bits(image) if image.mode.startswith("I;16") else image
    if decoded.mode in _INDEXED:
        decoded = decoded.convert("RGBA" if decoded.has_transparency_data else "RGB")
    factor = _factor(decoded)
    if factor > 1 and decoded.mode != "LAB":
        decoded = decoded.reduce(factor)
    return _stretched(decoded) if decoded.mode in _NUMBERS else decoded


def _factor(image: Image.Image) -> int:
    return max(1, min(max(image.size) // LONG_SIDE, min(image.size) // SHORT_SIDE))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Reduce 16 bits of grey, which `convert` would clip."""
    wide = np.asarray(image)
    grey = Image.fromarray((wide >> 8).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(np.uint8(255) * (wide != clear)))
    return grey


def _stretched(image: Image.Image) -> Image.Image:
    """Reduce what has no white of its own."""
    numbers = np.nan_to_num(np.asarray(image, np.float32))
    low, high = min(0.0, float(numbers.min())), max(1.0, float(numbers.max()))
    return Image.fromarray(np.uint8(255 * (numbers - low) / (high - low)))


def _on_white(image: Image.Image, profile: bytes) -> Image.Image:
    """Return an image as sRGB; what is half transparent is mixed with white as browsers do it."""
    if not image.has_transparency_data:
        shown = image if image.mode in colour.MODES else image.convert("RGB")
        return colour.to_srgb(shown, profile)
    coloured = image.convert("RGBA")
    opaque = coloured.convert("L" if image.mode in _GREYS else "RGB")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(colour.to_srgb(opaque, profile), mask=coloured.getchannel("A"))
    return paper


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _too_many(max_pixels: int) -> str:
    return f"the image has more than {max_pixels:,} pixels"
