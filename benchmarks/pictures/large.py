"""Memory and time of photographs as large as phones make them, and as large as is allowed.

``python -m benchmarks.pictures.large`` measures them alone.
"""

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

PHONES, ALL, JPEGS = (12_000, 9_000), (12_640, 9_480), (16_300, 12_225)
FORMS: Mapping[str, tuple[str, str, tuple[int, int], Mapping[str, Any]]] = {
    "JPEG": ("JPEG", "RGB", (640, 480), {}),
    "JPEG, 108 MP": ("JPEG", "RGB", PHONES, {}),
    "JPEG, 108 MP, progressive": ("JPEG", "RGB", PHONES, {"progressive": True, "subsampling": 0}),
    "JPEG, 199 MP, CMYK": ("JPEG", "CMYK", JPEGS, {"progressive": True}),
    "PNG, 108 MP": ("PNG", "RGB", PHONES, {"compress_level": 1}),
    "PNG, 119 MP, alpha": ("PNG", "RGBA", ALL, {"compress_level": 1}),
    "WebP, 108 MP": ("WEBP", "RGB", PHONES, {"method": 0}),
    "WebP, 119 MP, alpha": ("WEBP", "RGBA", ALL, {"method": 0}),
    "GIF, 119 MP": ("GIF", "P", ALL, {}),
    "TIFF, 119 MP, alpha": ("TIFF", "RGBA", ALL, {"compression": "tiff_adobe_deflate"}),
    "HEIC, 108 MP": ("HEIF", "RGB", PHONES, {"enc_params": {"preset": "ultrafast"}}),
    "AVIF, 108 MP": ("AVIF", "RGB", PHONES, {"speed": 10}),
}
Cost = tuple[str, float, float]


def large() -> None:
    """Caption a large photograph of every format in a process of its own, and print the cost."""
    print("                               MB       s   decoded in full by Pillow: MB, s")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "photograph"
        for form in FORMS:
            alone(_write, file, form)
            print(_row(form, alone(_captioned, file), alone(_decoded_in_full, file)), flush=True)


def _row(name: str, ours: Cost, theirs: Cost) -> str:
    ended, *cost = ours
    told = "".join(f"{memory:8,.0f}{seconds:8.1f}" for memory, seconds in (cost, theirs[1:]))
    return f"{name:26}{told}   {ended}"


def _write(file: Path, form: str) -> None:
    pillow_heif.register_heif_opener()
    kind, mode, size, how = FORMS[form]
    coarse = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.NEAREST)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(size))
    image.convert(mode, dither=Image.Dither.NONE).save(file, kind, **how)


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


if __name__ == "__main__":
    large()
