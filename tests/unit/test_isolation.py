"""A file that kills or stops its decoder costs itself, and none beside it."""

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from PIL import Image

from captioner.decoding import decode
from captioner.isolation import IsolatedReader
from captioner.photograph import Photograph
from captioner.queries import Queries
from chalicelib.errors import RejectedImage
from tests.memory.storage import MemoryStorage
from tests.picture_files import two_halves, written
from tests.pictures.bounded import MAX_PIXELS
from tests.processes import ends

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reader() -> Iterator[IsolatedReader]:
    made = IsolatedReader(max_pixels=MAX_PIXELS)
    yield made
    made.close()


def process_of(reader: IsolatedReader) -> int:
    assert reader.process_id is not None
    return reader.process_id


def scans(count: int, size: tuple[int, int]) -> bytes:
    """Return a progressive JPEG whose last scan, which changes nothing, is there many times."""
    whole = written(Image.new("L", size), "JPEG", progressive=True)
    start = whole.index(b"\xff\xda")
    header = whole[start : start + 2 + int.from_bytes(whole[start + 2 : start + 4])]
    return whole[:-2] + (header[:-3] + b"\0\0\x10") * count + whole[-2:]


def test_the_pixels_are_those_of_decoding_here(reader: IsolatedReader) -> None:
    data = written(two_halves(300, 200), "JPEG")
    photograph, decoded = reader(data), decode(data, max_pixels=MAX_PIXELS)
    assert np.array_equal(photograph.pixels, decoded.pixels)
    assert (photograph.width, photograph.height) == (300, 200)
    assert photograph.content_type == "image/jpeg"


def test_one_process_reads_all_files(reader: IsolatedReader) -> None:
    assert reader.process_id is None
    reader(written(two_halves(), "PNG"))
    first = process_of(reader)
    with pytest.raises(RejectedImage, match="no JPEG, PNG"):
        reader(b"text")
    reader(written(two_halves(), "PNG"))
    assert process_of(reader) == first


@pytest.mark.fault(6)
@pytest.mark.fault(11)
def test_what_takes_too_long_is_refused_on_time_and_the_next_file_is_read() -> None:
    with closing(IsolatedReader(max_pixels=MAX_PIXELS, seconds=1.0)) as reader:
        reader(written(two_halves(), "PNG"))
        slow = scans(88, (16_000, 12_000))
        begin = time.monotonic()
        with pytest.raises(RejectedImage, match="takes too long to decode"):
            reader(slow)
        assert time.monotonic() - begin < 15
        assert reader(written(two_halves(), "PNG")).content_type == "image/png"


@pytest.mark.fault(11)
def test_what_takes_too_much_memory_is_refused_and_the_next_file_is_read() -> None:
    large = written(Image.new("RGBA", (6_000, 5_000), "red"), "PNG")
    with closing(IsolatedReader(max_pixels=MAX_PIXELS, memory=350_000_000)) as reader:
        with pytest.raises(RejectedImage, match="takes too much memory to decode"):
            reader(large)
        assert reader(written(two_halves(), "PNG")).content_type == "image/png"


@pytest.mark.fault(29)
@pytest.mark.parametrize("kill", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_process_that_died_between_two_files_is_replaced(
    reader: IsolatedReader, kill: signal.Signals
) -> None:
    reader(written(two_halves(), "PNG"))
    os.kill(process_of(reader), kill)
    assert reader(written(two_halves(), "PNG")).content_type == "image/png"


def killed(reader: IsolatedReader, data: bytes, times: int) -> Photograph:
    """Read a file whose decoder is made to crash so many times."""
    ended = Event()

    def crash() -> None:
        left, last = times, None
        while left and not ended.is_set():
            if reader.process_id not in {None, last}:
                last, left = process_of(reader), left - 1
                time.sleep(0.5)  # it decodes for longer
                os.kill(last, signal.SIGSEGV)
            time.sleep(0.01)

    crashing = Thread(target=crash)
    crashing.start()
    try:
        return reader(data)
    finally:
        ended.set()
        crashing.join()


@pytest.mark.fault(29)
def test_a_file_that_crashes_its_decoder_is_refused_after_a_second_try(
    reader: IsolatedReader,
) -> None:
    slow = scans(88, (16_000, 12_000))
    assert killed(reader, slow, 1).width == 16_000
    reader.close()
    with pytest.raises(RejectedImage, match="crashes its decoder"):
        killed(reader, slow, 2)
    assert reader(written(two_halves(), "PNG")).content_type == "image/png"


@pytest.mark.fault(23)
def test_a_search_by_such_an_image_is_told_so_at_once() -> None:
    with closing(IsolatedReader(max_pixels=MAX_PIXELS, seconds=1.0)) as reader:
        model: Any = None  # is not come to
        limits = {"max_query_bytes": 4_000_000, "max_stored_bytes": 0}
        queries = Queries(model, MemoryStorage(), reader, **limits)
        image = base64.b64encode(scans(88, (16_000, 12_000))).decode()
        error = queries.answer({"image": image})["error"]
    assert error["type"] == "RejectedImage" and "too long" in error["detail"]


@pytest.mark.fault(27)
@pytest.mark.parametrize(
    "file", ["p.written(p.two_halves(), 'PNG')", "t.scans(88, (16_000, 12_000))"]
)
def test_its_process_ends_with_the_one_that_started_it(file: str) -> None:
    script = (
        "from captioner.isolation import IsolatedReader; import os, threading, time;"
        "import tests.picture_files as p, tests.unit.test_isolation as t;"
        f"r = IsolatedReader(max_pixels=t.MAX_PIXELS); r(p.written(p.two_halves(), 'PNG'));"
        f"threading.Thread(target=r, args=({file},)).start(); time.sleep(0.5);"
        "print(r.process_id, flush=True); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        told = parent.stdout.readline()  # what it started has its output, too, and would hold it
    assert ends(int(told), within=5)
