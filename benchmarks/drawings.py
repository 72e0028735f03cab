"""Drawings to upload: none is like one of an earlier run, which would not be stored again."""

import random
from pathlib import Path
from uuid import uuid4

from PIL import Image, ImageDraw

SIDE = 480
COLOURS = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple")


def draw(folder: Path, side: int = SIDE) -> Path:
    """Save a drawing as JPEG and return its path."""
    rng = random.Random()
    image = Image.new("RGB", (side, side * 3 // 4), rng.choice(COLOURS))
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = rng.randrange(side), rng.randrange(side * 3 // 4)
        pen.ellipse((left, top, left + rng.randrange(20, 160), top + 90), rng.choice(COLOURS))
    path = folder / f"drawing-{uuid4().hex}.jpg"
    image.save(path, quality=88)
    return path
