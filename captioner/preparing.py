"""A file as the ingest wants it: decoded, described and made small."""

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from captioner.decoding import Pixels
from captioner.photograph import Photograph
from captioner.vision.model import Model
from captioner.vision.prediction import Prediction
from chalicelib.images import Prepared


def version_of(model: Model) -> str:
    """Return ``name@version``, which records name the model by."""
    return f"{model.name}@{model.version}"


def prepare(
    data: bytes,
    *,
    read: Callable[[bytes], Photograph],
    describe: Callable[[Pixels], Prediction],
    keep_position: bool = False,
    space: str | None = None,
) -> Prepared:
    """Read a file and describe it; where it was taken is told only where that is to be kept.

    ``space`` names what the vectors can be compared with.

    Raises
    ------
    RejectedImage
        It can never be a photograph of the repository.
    """
    photograph = read(data)
    described = describe(photograph.pixels)
    written, taking = photograph.written, photograph.taking
    return Prepared(
        captions=tuple(dict.fromkeys(caption.text for caption in described.captions)),
        confidence=described.probability if described.captions else None,
        needs_review=described.needs_review,
        visual=packed(described.visual),
        semantic=packed(described.semantic),
        width=photograph.width,
        height=photograph.height,
        placeholder=average(photograph.pixels),
        content_type=photograph.content_type,
        display=display(photograph.pixels),
        labels=tuple((label.word, label.probability) for label in described.labels),
        withheld=described.withheld,
        large=large(photograph.pixels, max(photograph.width, photograph.height)),
        embedded_caption=written.caption,
        keywords=written.keywords,
        taken_at=taking.taken_at,
        camera=taking.camera,
        orientation=taking.orientation,
        position=taking.position if keep_position else None,
        space=space,
    )


def packed(vector: npt.NDArray[np.float32]) -> bytes | None:
    """Return a vector as float16 bytes, or None where it holds no numbers to compare by."""
    return vector.astype("<f2").tobytes() if np.isfinite(vector).all() else None


def average(pixels: Pixels) -> str:
    """Return the average colour, ``#rrggbb``, of uint8 (height, width, 3), RGB."""
    one = np.asarray(Image.fromarray(pixels).resize((1, 1), Image.Resampling.BOX))
    return f"#{one.tobytes().hex()}"


SIDE, LARGE_SIDE = 512, 2_048
# Of libwebp's 0 to 6, on Flickr8k: 2 takes half the time of the default 4 for files 3 % larger. Of
# the large copy 1 takes a third less time than 2 for files 9 % larger, and JPEG, which is written
# sooner still, costs more at the first look by the bytes that leave AWS (decision 307).
QUALITY, METHOD = 80, 2
LARGE_QUALITY, LARGE_METHOD = 75, 1


def display(pixels: Pixels) -> bytes:
    """Return a WebP of at most ``SIDE`` pixels a side, of uint8 (height, width, 3), upright RGB."""
    return _webp(pixels, SIDE, quality=QUALITY, method=METHOD)


def large(pixels: Pixels, side: int) -> bytes | None:
    """Return a WebP of at most ``LARGE_SIDE`` pixels a side, None where `display` is as large.

    ``side`` is the longer one of the original.
    """
    if side <= SIDE:
        return None
    return _webp(pixels, LARGE_SIDE, quality=LARGE_QUALITY, method=LARGE_METHOD)


def _webp(pixels: Pixels, side: int, *, quality: int, method: int) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), reducing_gap=2.0)
    written = io.BytesIO()
    image.save(written, "WEBP", quality=quality, method=method)
    return written.getvalue()
