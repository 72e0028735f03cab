"""The copies of a photograph for display: a small and a large one."""

import io
from functools import partial

import numpy as np
import pytest
from PIL import Image

from captioner.decoding import decode
from captioner.photograph import read
from captioner.preparing import LARGE_SIDE, SIDE, display, large, prepare
from tests.picture_files import LIMIT, two_halves, written
from tests.unit.test_preparing import Says


def size_of(copy: bytes | None) -> tuple[int, int] | None:
    if copy is None:
        return None
    with Image.open(io.BytesIO(copy)) as image:
        return image.size


@pytest.mark.parametrize(
    ("size", "copy"),
    [
        ((4_032, 3_024), (2_016, 1_512)),  # half of what a phone takes
        ((6_000, 4_000), (2_048, 1_365)),
        ((1_600, 5_000), (655, 2_048)),
        ((2_048, 1_000), (2_048, 1_000)),
        ((800, 600), (800, 600)),
        ((513, 10), (513, 10)),
        ((512, 512), None),
        ((40, 20), None),
    ],
)
def test_the_large_copy_has_2048_pixels_at_most_and_is_never_enlarged(
    size: tuple[int, int], copy: tuple[int, int] | None
) -> None:
    decoded = decode(written(two_halves(*size), "JPEG"), max_pixels=LIMIT)
    assert size_of(large(decoded.pixels, max(decoded.width, decoded.height))) == copy
    small = size_of(display(decoded.pixels))
    assert small and max(small) == min(SIDE, max(size))


@pytest.mark.fault(13)
def test_the_large_copy_is_upright_and_tells_nothing_of_the_camera() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "<script>alert(1)</script>"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    data = written(two_halves(3_000, 1_500), "JPEG", exif=exif.tobytes(), comment=b"secret")
    copy = large(decode(data, max_pixels=LIMIT).pixels, SIDE + 1)
    assert copy and b"script" not in copy and b"secret" not in copy
    with Image.open(io.BytesIO(copy)) as image:
        assert image.format == "WEBP" and image.size == (LARGE_SIDE // 2, LARGE_SIDE)
        assert not image.getexif() and "exif" not in image.info and "xmp" not in image.info
        top, bottom = np.asarray(image)[10, 500], np.asarray(image)[-10, 500]
    assert top[0] > 200 and bottom[2] > 200


def test_a_photograph_is_prepared_with_both_copies() -> None:
    prepared = prepare(
        written(two_halves(900, 600)),
        read=partial(read, max_pixels=LIMIT),
        describe=Says().describe,
    )
    assert size_of(prepared.display) == (512, 341)
    assert size_of(prepared.large) == (900, 600)
