"""ImageMagick as a second opinion on what pixels a file holds."""

import io
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from captioner.decoding import Pixels

# Version 7, or 6 by the name that Debian and Homebrew give it.
PROGRAM = shutil.which("magick") or shutil.which("convert", path="/usr/bin:/opt/homebrew/bin")
CELLS = 16
# Several run at once.
_ENVIRONMENT = {**os.environ, "MAGICK_THREAD_LIMIT": "1"}


def write_srgb(file: Path) -> Path:
    """Write the profile that `read` converts to."""
    file.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return file


def read(data: bytes, profile: Path) -> Pixels | None:
    """Return the first frame, upright, in sRGB, on white; None where ImageMagick sees none."""
    canvas = ["-coalesce"] if data.startswith(b"GIF") else []
    shown = ["-auto-orient", "-profile", str(profile), "-colorspace", "sRGB"]
    on_white = ["-background", "white", "-alpha", "remove", "-alpha", "off", "-depth", "8"]
    command = [str(PROGRAM), "-[0]", *canvas, *shown, *on_white, "ppm:-"]
    done = subprocess.run(command, check=False, capture_output=True, input=data, env=_ENVIRONMENT)
    if done.returncode or not done.stdout:
        return None
    with Image.open(io.BytesIO(done.stdout)) as image:
        return np.asarray(image.convert("RGB"))


def difference(ours: Pixels, theirs: Pixels) -> int:
    """Return how far two pictures are apart, of 255: the worst cell, in the worst channel.

    Both are reduced to at most `CELLS` by `CELLS` cells, each the mean of its pixels: wrong colours
    or places show in full, while the last bit of a transform and the smoothing of chroma do not.
    """
    return int(np.abs(_cells(ours) - _cells(theirs)).max())


def _cells(pixels: Pixels) -> npt.NDArray[np.int64]:
    height, width = (min(side, CELLS) for side in pixels.shape[:2])
    reduced = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(reduced, np.int64)
