"""ImageMagick as a second opinion on what pixels a file holds."""

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from captioner.decoding import Pixels

# Version 7, or 6 by the name that Debian and Homebrew give it.
PROGRAM = shutil.which("magick") or shutil.which("convert", path="/usr/bin:/opt/homebrew/bin")
SECONDS = 30
CELLS = 32


def read(data: bytes, folder: Path) -> Pixels | None:
    """Return the first frame, upright, in sRGB, on white; None where ImageMagick finds a fault."""
    profile, file = folder / "srgb.icc", folder / "file"
    profile.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    file.write_bytes(data)
    shown = ["-auto-orient", "-profile", str(profile), "-colorspace", "sRGB"]
    on_white = ["-background", "white", "-alpha", "remove", "-alpha", "off", "-depth", "8"]
    command = [str(PROGRAM), f"{file}[0]", *shown, *on_white, "ppm:-"]
    done = subprocess.run(command, check=False, capture_output=True, timeout=SECONDS)
    if done.returncode or done.stderr or not done.stdout:
        return None
    with Image.open(io.BytesIO(done.stdout)) as image:
        return np.asarray(image.convert("RGB"))


def difference(ours: Pixels, theirs: Pixels) -> float:
    """Return how far two pictures are apart, of 255: the worst cell, in the worst channel.

    Both are reduced to at most `CELLS` by `CELLS` cells, each the mean of its pixels: wrong colours
    or places show in full, while the last bit of a transform and the smoothing of chroma do not.
    """
    return float(np.abs(_cells(ours) - _cells(theirs)).max())


def _cells(pixels: Pixels) -> npt.NDArray[np.float32]:
    height, width = (min(side, CELLS) for side in pixels.shape[:2])
    channels = map(Image.fromarray, np.moveaxis(pixels, 2, 0).astype(np.float32))
    reduced = (each.resize((width, height), Image.Resampling.BILINEAR) for each in channels)
    return np.stack([np.asarray(each, np.float32) for each in reduced])
