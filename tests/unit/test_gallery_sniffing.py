"""The gallery tells kinds of photographs by the same first bytes as everything else."""

import re

from chalicelib.api.pages import GALLERY
from image_repo_formats import MEDIA_TYPES, sniffing


def written() -> str:
    return (GALLERY / "sniffing.js").read_text("utf-8")


def as_python(text: str) -> bytes:
    return text.encode().decode("unicode_escape").encode("latin-1")


def test_a_file_begins_as_photographs_do() -> None:
    found = re.findall(r'\["(.+?)", "(image/\w+)"\],', written())
    assert [(as_python(start), kind) for start, kind in found] == [*sniffing._BEGINNINGS]


def test_a_container_has_the_same_brands() -> None:
    listed = re.findall(r'"(image/\w+)": \[(.+?)\]', written())
    brands = {brand.encode(): kind for kind, all_ in listed for brand in re.findall(r"\w+", all_)}
    assert brands == sniffing._BRANDS


def test_every_kind_is_told() -> None:
    assert set(re.findall(r"image/\w+", written())) == MEDIA_TYPES
