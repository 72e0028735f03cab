"""What the large copy for display costs by its format: milliseconds, bytes, likeness.

``python -m benchmarks.copies PHOTOGRAPH…``

Each photograph is brought to the width of half of 12 megapixels, with a sensor's noise.
"""

import io
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any, Final

import numpy as np
from PIL import Image

WIDTH: Final = 2_016
NOISE: Final = 3.0  # of 255
FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    f"WebP, quality {quality}, method {method}": {
        "format": "WEBP",
        "quality": quality,
        "method": method,
    }
    for quality in (75, 80)
    for method in (0, 1, 2, 4)
} | {
    f"JPEG, quality {quality}, progressive": {
        "format": "JPEG",
        "quality": quality,
        "progressive": True,
    }
    for quality in (75, 80)
}


def main() -> None:
    """Measure and print a row for each form."""
    photographs = [_noisy(Path(path)) for path in sys.argv[1:]]
    for name, how in FORMS.items():
        ms, size, likeness = map(
            mean, zip(*(_written(one, how) for one in photographs), strict=True)
        )
        print(f"{name:30} {ms:5.0f} ms {size / 1e3:5.0f} kB {likeness:5.1f} dB")


def _noisy(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    image = image.resize((WIDTH, WIDTH * image.height // image.width), Image.Resampling.LANCZOS)
    pixels = np.asarray(image, np.float32)
    noise = np.random.default_rng(1).normal(0, NOISE, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def _written(image: Image.Image, how: Mapping[str, Any]) -> tuple[float, int, float]:
    """Return milliseconds of one core, bytes, and the peak signal-to-noise ratio."""
    written = io.BytesIO()
    began = time.process_time()
    image.save(written, **how)
    ms = (time.process_time() - began) * 1e3
    with Image.open(written) as copy:
        off = np.asarray(copy.convert("RGB"), np.float32) - np.asarray(image, np.float32)
    return ms, len(written.getvalue()), 20 * math.log10(255) - 10 * math.log10(np.mean(off**2))


if __name__ == "__main__":
    main()
