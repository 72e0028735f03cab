"""Searching by an image that is too large."""

import base64
import json
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from image_repo import searching
from image_repo.errors import CommandError
from image_repo.shrinking import MAX_BYTES, MAX_SIDE, query_image
from tests.recording_session import run

ANSWER: dict[str, Any] = {"hits": [], "facets": {}, "degraded": [], "cursor": None}

COMMANDS: dict[str, Callable[..., None]] = {
    "search": searching.search,
    "similar": searching.similar,
}


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a photograph that lies on its side, too large to be searched by."""
    noise = np.random.default_rng(1).integers(0, 256, (1_500, 2_500, 3), dtype=np.uint8)
    path = tmp_path / "large.png"
    orientation = Image.Exif()
    orientation[0x0112] = 6  # a quarter turn, EXIF 2.32
    Image.fromarray(noise).save(path, exif=orientation)
    assert path.stat().st_size > MAX_BYTES
    return path


def test_a_small_image_goes_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"any bytes")
    assert query_image(tmp_path / "a.jpg") == b"any bytes"


def test_a_large_image_is_sent_as_a_smaller_upright_copy(large: Path) -> None:
    session, result = run(COMMANDS, ANSWER, ("search", "--image", str(large)))
    assert result.exit_code == 0, result.exception
    sent = base64.b64decode(json.loads(session.asked[0].read())["image"])
    assert len(sent) <= MAX_BYTES
    with Image.open(BytesIO(sent)) as image:
        assert (max(image.size), image.size[0] < image.size[1]) == (MAX_SIDE, True)


def test_without_pillow_limit_and_remedy_are_told(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(CommandError, match=r"4 MB at most: .*pip install 'image-repo\[shrink\]'"):
        query_image(large)


def test_a_large_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "film.mov").write_bytes(bytes(MAX_BYTES + 1))
    with pytest.raises(CommandError, match=r"film\.mov has 4\.0 MB, and a search by image"):
        query_image(tmp_path / "film.mov")
