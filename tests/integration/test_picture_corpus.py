"""Every file of the source distributions of four packages that read pictures, and what it becomes.

Some pictures are faulty on purpose, and most files are none at all, which is an answer too.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from captioner.decoding import Pixels
from image_repo_formats import MEDIA_TYPES
from image_repo_formats.sniffing import HEAD_BYTES, media_type
from infra.pipeline import MEMORY as MEGABYTES
from tests.pictures import imagemagick
from tests.pictures.bounded import MEMORY, Bounded, End, Outcome, captioning, decoding
from tests.pictures.sdists import files, missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=f"not fetched by make setup-test: {missing()}"),
]
needs_imagemagick = pytest.mark.skipif(
    imagemagick.PROGRAM is None, reason="no ImageMagick: apt install imagemagick"
)

SECONDS = 20
WITHIN = 3  # of 255

# What we show otherwise than ImageMagick does, by the end of its name, and why.
OTHERWISE: Mapping[str, str] = {}
# What ImageMagick reads without a word and we refuse, likewise.
REFUSED: Mapping[str, str] = {}


@pytest.fixture(scope="module")
def corpus() -> dict[str, bytes]:
    return dict(files())


@pytest.fixture(scope="module")
def pictures(corpus: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in corpus.items() if media_type(data[:HEAD_BYTES])}


@pytest.fixture(scope="module")
def captioned(corpus: dict[str, bytes]) -> dict[str, Outcome]:
    with Bounded(captioning, memory=MEMORY, seconds=SECONDS) as caption:
        return {name: caption(data) for name, data in corpus.items()}


@pytest.fixture(scope="module")
def seen(
    pictures: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Outcome, Pixels]]:
    """Return what we see and what ImageMagick sees, where that sees anything."""
    folder = tmp_path_factory.mktemp("imagemagick")
    with Bounded(decoding, memory=MEMORY, seconds=SECONDS) as decode:
        both = ((name, decode(data), imagemagick.read(data, folder)) for name, data in pictures.items())
        return {name: (ours, theirs) for name, ours, theirs in both if theirs is not None}


def test_children_have_the_memory_of_the_function() -> None:
    assert MEMORY == MEGABYTES * 2**20


def test_every_file_ends_captioned_or_refused_with_a_reason(captioned: dict[str, Outcome]) -> None:
    refused_mutely = [name for name, outcome in captioned.items() if outcome == Outcome(End.REFUSED)]
    other = {
        name: outcome
        for name, outcome in captioned.items()
        if outcome.end not in {End.DONE, End.REFUSED}
    }
    assert (other, refused_mutely) == ({}, [])


def test_pictures_are_captioned_or_need_review(captioned: dict[str, Outcome]) -> None:
    done = [outcome.value for outcome in captioned.values() if outcome.end is End.DONE]
    assert all(prepared.captions or prepared.needs_review for prepared in done)
    assert {prepared.content_type for prepared in done} == MEDIA_TYPES


@needs_imagemagick
def test_pixels_agree_with_imagemagick(seen: dict[str, tuple[Outcome, Pixels]]) -> None:
    apart = {
        name: imagemagick.difference(ours.value, theirs)
        for name, (ours, theirs) in seen.items()
        if ours.end is End.DONE
    }
    assert _named(name for name, far in apart.items() if far > WITHIN) == set(OTHERWISE)


@needs_imagemagick
def test_what_imagemagick_reads_is_refused_for_reasons_that_are_known(
    seen: dict[str, tuple[Outcome, Pixels]],
) -> None:
    refused = [name for name, (ours, _) in seen.items() if ours.end is End.REFUSED]
    assert set(map(_short, refused)) == set(REFUSED)


def _short(name: str) -> str:
    """Return a name without the package's version."""
    return Path(*Path(name).parts[1:]).as_posix()
