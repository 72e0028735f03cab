"""Memory and time of photographs of 108 megapixels, the most that phones make."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from benchmarks.search.timing import alone, kilobytes
from chalicelib.errors import RejectedImage
from tests.pictures.bounded import captioning

SMALL, LARGE = (640, 480), (12_000, 9_000)
FORMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "JPEG": ("JPEG", {}),
    "JPEG, progressive": ("JPEG", {"progressive": True}),
    "PNG": ("PNG", {"compress_level": 1}),
    "WebP": ("WEBP", {"method": 0}),
    "GIF": ("GIF", {}),
    "TIFF": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "HEIF": ("HEIF", {"enc_params": {"preset": "ultrafast"}}),
    "AVIF": ("AVIF", {"speed": 10}),
}
Cost = tuple[str, float, float]


def large() -> None:
    """Caption a large photograph of every format in a process of its own, and print the cost."""
    print("12,000 x 9,000            MB       s; decoded in full by Pillow: MB, s")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "photograph"
        alone(_write, file, "JPEG", SMALL)
        print(_row("JPEG, 640 x 480", alone(_captioned, file), alone(_decoded_in_full, file)))
        for form in FORMS:
            alone(_write, file, form, LARGE)
            print(_row(form, alone(_captioned, file), alone(_decoded_in_full, file)))


def _row(name: str, ours: Cost, theirs: Cost) -> str:
    ended, *cost = ours
    told = "".join(f"{memory:8,.0f}{seconds:8.1f}" for memory, seconds in (cost, theirs[1:]))
    return f"{name:20}{told}   {ended}"


def _write(file: Path, form: str, size: tuple[int, int]) -> None:
    pillow_heif.register_heif_opener()
    coarse = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.NEAREST)
    kind, how = FORMS[form]
    painted = image.convert("P", dither=Image.Dither.NONE) if kind == "GIF" else image
    painted.save(file, kind, **how)


def _captioned(file: Path) -> Cost:
    caption, data = captioning(), file.read_bytes()
    begin = time.perf_counter()
    try:
        caption(data)
        ended = "captioned"
    except RejectedImage as error:
        ended = error.detail
    return ended, kilobytes("VmHWM") / 1_000, time.perf_counter() - begin


def _decoded_in_full(file: Path) -> Cost:
    """What Pillow alone takes, which decodes every pixel first."""
    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None
    begin = time.perf_counter()
    with Image.open(file) as image:
        image.convert("RGB").thumbnail((512, 512))
    return "", kilobytes("VmHWM") / 1_000, time.perf_counter() - begin
