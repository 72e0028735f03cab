"""Makes an image that is searched by small enough for the API."""

from io import BytesIO
from pathlib import Path

from image_repo.errors import CommandError
from image_repo.names import shown

MAX_BYTES = 4_000_000  # what a deployment takes that sets no other limit
# The encoder looks at far fewer pixels; a part of the image may be what is searched by.
MAX_SIDE = 2_048


def query_image(path: Path) -> bytes:
    """Return an image's bytes, those of a smaller copy where they are too many.

    Raises
    ------
    CommandError
        They are too many, and Pillow is not installed or cannot read it.
    """
    body = path.read_bytes()
    if len(body) <= MAX_BYTES:
        return body
    limit = f"{shown(path)} has {len(body) / 1e6:.1f} MB, and a search by image takes 4 MB at most"
    try:
        return _smaller(body)
    except ImportError as error:
        remedy = "give a smaller copy, or let it be made: pip install 'image-repo[shrink]'"
        raise CommandError(f"{limit}: {remedy}") from error
    except (OSError, ValueError) as error:
        raise CommandError(f"{limit}: it could not be made smaller, so give a copy") from error


def _smaller(body: bytes) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415  it need not be installed

    try:
        with Image.open(BytesIO(body)) as image:
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    written = BytesIO()
    upright.save(written, "JPEG", quality=90)
    return written.getvalue()
