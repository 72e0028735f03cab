"""Every file of the source distributions of four packages that read pictures, and what it becomes.

Some pictures are faulty on purpose, and most files are none at all, which is an answer too.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from captioner.decoding import Pixels
from image_repo_formats import MEDIA_TYPES
from image_repo_formats.sniffing import HEAD_BYTES, media_type
from infra.pipeline import MEMORY as MEGABYTES
from tests.pictures import imagemagick
from tests.pictures.bounded import MEMORY, Bounded, End, Outcome, captioning, decoding
from tests.pictures.exceptions import OTHERWISE, REFUSED
from tests.pictures.sdists import files, missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=f"make setup-test did not fetch {missing()}"),
]
needs_imagemagick = pytest.mark.skipif(
    imagemagick.PROGRAM is None, reason="no ImageMagick: apt install imagemagick"
)

Outcomes = Mapping[str, Outcome]
Seen = Mapping[str, tuple[Outcome, Pixels]]

SECONDS = 60
WITHIN = 3  # of 255
SOUND = 700  # pictures at least that both read


@pytest.fixture(scope="module")
def corpus() -> Mapping[str, bytes]:
    return dict(files())


@pytest.fixture(scope="module")
def captioned(corpus: Mapping[str, bytes]) -> Outcomes:
    with Bounded(captioning, memory=MEMORY, seconds=SECONDS) as caption:
        return {name: caption(data) for name, data in corpus.items()}


@pytest.fixture(scope="module")
def seen(corpus: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return what becomes of each picture that ImageMagick reads, and what that reads."""
    pictures = {name: data for name, data in corpus.items() if media_type(data[:HEAD_BYTES])}
    profile = imagemagick.write_srgb(tmp_path_factory.mktemp("profile") / "srgb.icc")
    with (
        ThreadPoolExecutor(os.cpu_count()) as threads,
        Bounded(decoding, memory=MEMORY, seconds=SECONDS) as decode,
    ):
        read = threads.map(partial(imagemagick.read, profile=profile), pictures.values())
        both = (
            (name, decode(pictures[name]), theirs)
            for name, theirs in zip(pictures, read, strict=True)
        )
        return {name: (ours, theirs) for name, ours, theirs in both if theirs is not None}


def test_children_have_the_memory_of_the_function() -> None:
    assert MEMORY == MEGABYTES * 2**20


@pytest.mark.fault(12, 29, by="a process of its own")
def test_every_file_ends_captioned_or_refused_with_a_reason(captioned: Outcomes) -> None:
    other = {
        name: outcome
        for name, outcome in captioned.items()
        if outcome.end not in {End.DONE, End.REFUSED} or outcome == Outcome(End.REFUSED)
    }
    assert other == {}


def test_pictures_of_every_format_are_captioned_or_need_review(captioned: Outcomes) -> None:
    done = [outcome.value for outcome in captioned.values() if outcome.end is End.DONE]
    assert all(prepared.captions or prepared.needs_review for prepared in done)
    assert {prepared.content_type for prepared in done} == MEDIA_TYPES


@needs_imagemagick
def test_pixels_agree_with_imagemagick(seen: Seen) -> None:
    apart = {
        _short(name): imagemagick.difference(ours.value.pixels, theirs)
        for name, (ours, theirs) in seen.items()
        if ours.end is End.DONE
    }
    assert len(apart) > SOUND
    other = {name: far for name, far in apart.items() if far > WITHIN and name not in OTHERWISE}
    assert other == {}


@needs_imagemagick
def test_what_imagemagick_reads_is_refused_for_known_reasons_alone(seen: Seen) -> None:
    refused = {
        _short(name): ours.why for name, (ours, _) in seen.items() if ours.end is not End.DONE
    }
    assert {name: why for name, why in refused.items() if name not in REFUSED} == {}


def _short(name: str) -> str:
    """Return a path without the archive's folder, which has the package's version in its name."""
    return name.partition("/")[2]
