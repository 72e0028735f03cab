"""A photograph is known by its first bytes, whatever it is called."""

import io

import pytest
from PIL import Image

from image_repo_formats.sniffing import HEAD_BYTES, media_type


@pytest.mark.parametrize(
    ("written_as", "expected"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("AVIF", "image/avif"),
        ("TIFF", "image/tiff"),
        ("BMP", None),
        ("JPEG2000", None),
    ],
)
def test_what_pillow_writes_is_known(written_as: str, expected: str | None) -> None:
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(written, written_as)

    assert media_type(written.getvalue()[:HEAD_BYTES]) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "image/heif"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", None),
        (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"", None),
    ],
)
def test_phones_files_are_told_from_films_and_side_files(head: bytes, expected: str | None) -> None:
    assert media_type(head) == expected
