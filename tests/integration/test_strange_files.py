"""Files of every strange kind, from the bucket to their records and copies, decoded in earnest.

A process of its own reads them, with the limits that are deployed; S3 and DynamoDB are moto's.
"""

import base64
import io
import json
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moto import mock_aws
from PIL import Image as Picture

from captioner.batch import BatchProcessor
from captioner.isolation import IsolatedReader
from captioner.preparing import prepare
from captioner.queries import Queries
from chalicelib.errors import RejectedImage
from chalicelib.images import DESCRIBED, Image, State, image_id_of
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.settings import Settings
from tests.buckets import BUCKET, S3Bucket, dynamo_catalogue, s3_bucket
from tests.memory.queue import MemoryQueue
from tests.phone import photograph_of_a_phone
from tests.picture_files import chunk, jpeg_with, png_with, segment, two_halves, written
from tests.unit.test_preparing import Says

LIMITS = Settings(bucket=BUCKET, table="images", tokens_table="tokens")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"


def square(side: int, bits: int) -> bytes:
    """Return a black PNG of one or eight bits a pixel, all of which it holds where that is few."""
    about = struct.pack(">IIBBBBB", side, side, bits, 0, 0, 0, 0)
    rows = bytes(1 + side * bits // 8) * (side if bits == 1 else 100)
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", about) + data + chunk(b"IEND", b"")


def frames(count: int) -> bytes:
    """Return a GIF of so many frames."""
    first, second = (Picture.new("P", (8, 8), number) for number in (0, 1))
    data = written(first, "GIF", save_all=True, append_images=[second], duration=10)
    start = data.rindex(b"\x21\xf9\x04")  # of the second frame
    return data[:start] + data[start:-1] * (count - 1) + data[-1:]


def turned(orientation: int) -> bytes:
    exif = Picture.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SCRIPT
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return written(two_halves(), "JPEG", exif=exif.tobytes(), comment=SCRIPT.encode())


def noise() -> Picture.Image:
    pixels = np.random.default_rng(1).integers(0, 255, (90, 90, 3), np.uint8)
    return Picture.fromarray(pixels)


def palette() -> Picture.Image:
    picture = Picture.new("P", (40, 20), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    return picture


NOT_TAKEN = "no JPEG, PNG, WebP, GIF, HEIC, AVIF or TIFF"
BOMBS = {"50000.png": square(50_000, 8), "19000.png": square(19_000, 1)}
REFUSED = {
    "half.jpg": (written(noise(), "JPEG")[:3_000], "damaged"),
    "half.png": (written(noise())[:9_000], "damaged"),
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"no photograph at all", NOT_TAKEN),
    "eps.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", NOT_TAKEN),
    "svg.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NOT_TAKEN),
    "pdf.png": (b"%PDF-1.7\n", NOT_TAKEN),
    "html.jpg": (f"<html>{SCRIPT}".encode() + written(two_halves(), "JPEG"), NOT_TAKEN),
    **{name: (data, "more than 200,000,000 pixels") for name, data in BOMBS.items()},
}
TAKEN = {
    "tiff.png": (written(two_halves(), "TIFF"), "image/tiff"),
    "jpeg.png": (written(two_halves(), "JPEG"), "image/jpeg"),
    "polyglot.jpg": (jpeg_with(segment(0xFE, f"<html>{SCRIPT}".encode())), "image/jpeg"),
    "frames.gif": (frames(10_000), "image/gif"),
    "cmyk.jpg": (written(two_halves().convert("CMYK"), "JPEG"), "image/jpeg"),
    "deep.png": (written(Picture.fromarray(np.full((20, 40), 1 << 14, np.uint16))), "image/png"),
    "palette.png": (written(palette(), transparency=0), "image/png"),
    "point.png": (written(Picture.new("RGB", (1, 1), "red")), "image/png"),
    "cut index.jpg": (jpeg_with(segment(0xE2, b"MPF\0II*\0")), "image/jpeg"),
    "wrong exif.jpg": (jpeg_with(segment(0xE1, b"Exif\0\0no TIFF at all")), "image/jpeg"),
    "long text.png": (
        png_with(chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(5_000_000)))),
        "image/png",
    ),
    "phone.jpg": (photograph_of_a_phone(), "image/jpeg"),
    **{f"{number}.jpg": (turned(number), "image/jpeg") for number in range(1, 9)},
}


class Telemetry:
    def count(self, what: str) -> None:
        pass

    def failed(self, message_id: str) -> None:
        pass


class Room:
    """What became of all of the files, which came in one batch."""

    def __init__(self, bucket: S3Bucket, reader: IsolatedReader) -> None:
        self.bucket = bucket
        self._catalogue = dynamo_catalogue(BUCKET)
        described = partial(prepare, read=reader, describe=Says("two colours").describe)
        ingest = Ingest(
            self._catalogue,
            bucket,
            described,
            model="m@1",
            clock=lambda: NOW,
            max_bytes=LIMITS.max_upload_bytes,
        )
        queue = MemoryQueue()
        imports = Imports(self._catalogue, bucket, queue, lambda: NOW)
        batch = BatchProcessor(ingest, imports, Telemetry(), queue, bucket=BUCKET)
        files = {name: data for name, (data, _) in (REFUSED | TAKEN).items()}
        records = [self._uploaded(name, data) for name, data in files.items()]
        self.came_back = batch.process(records, lambda: 900_000)

    def record(self, name: str) -> Image:
        found = self._catalogue.get(image_id_of(BUCKET, f"uploads/ada/{name}"))
        assert found
        return found

    def copies(self, name: str) -> list[tuple[str, bytes]]:
        """Return the media types and bytes of a photograph's copies."""
        stored = (
            self.bucket.client.get_object(Bucket=BUCKET, Key=key)
            for key in sorted(self.record(name).copies)
        )
        return [(one["ContentType"], one["Body"].read()) for one in stored]

    def _uploaded(self, name: str, data: bytes) -> dict[str, Any]:
        key = f"uploads/ada/{name}"
        self.bucket.write(key, data, content_type="image/png")
        found = {"key": key.replace(" ", "+"), "sequencer": "01", "size": len(data)}
        event: Mapping[str, Any] = {
            "eventName": "ObjectCreated:Post",
            "s3": {"bucket": {"name": BUCKET}, "object": found},
        }
        return {"messageId": name, "body": json.dumps({"Records": [event]})}


@pytest.fixture(scope="module")
def reader() -> Iterator[IsolatedReader]:
    with closing(IsolatedReader(max_pixels=LIMITS.max_pixels)) as reader:
        yield reader


@pytest.fixture(scope="module")
def room(reader: IsolatedReader) -> Iterator[Room]:
    with mock_aws():
        yield Room(s3_bucket(BUCKET), reader)


@pytest.mark.fault(12, 29, by="moto and a process of its own")
def test_no_file_is_tried_again(room: Room) -> None:
    assert room.came_back == []


@pytest.mark.fault(11, 12, by="moto and a process of its own")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photograph_is_failed_by_what_it_is(room: Room, name: str) -> None:
    record = room.record(name)
    assert record.state is State.FAILED and REFUSED[name][1] in (record.reason or "")
    assert room.copies(name) == []


@pytest.mark.fault(12, 13, 29, by="moto and a process of its own")
@pytest.mark.parametrize("name", TAKEN)
def test_of_a_photograph_only_pixels_are_served(room: Room, name: str) -> None:
    record = room.record(name)
    assert record.state in DESCRIBED and record.content_type == TAKEN[name][1]
    copies = room.copies(name)
    assert copies
    for media_type, copy in copies:
        assert media_type == "image/webp" and b"script" not in copy
        with Picture.open(io.BytesIO(copy)) as image:
            assert image.format == "WEBP" and image.size == (record.width, record.height)
            assert not image.getexif() and not {"exif", "xmp"} & image.info.keys()
    assert record.position is None


@pytest.mark.fault(12, by="moto and a process of its own")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_copy_is_upright(room: Room, orientation: int) -> None:
    record = room.record(f"{orientation}.jpg")
    assert (record.width, record.height) == ((40, 20) if orientation < 5 else (20, 40))
    ((_, copy),) = room.copies(f"{orientation}.jpg")
    with Picture.open(io.BytesIO(copy)) as image:
        red = {1: (5, 10), 2: (35, 10), 3: (35, 10), 4: (5, 10)}.get(orientation)
        red = red or ((10, 5) if orientation in (5, 6) else (10, 35))
        seen: Any = image.convert("RGB").getpixel(red)
    assert seen[0] > 200 and seen[2] < 60


@pytest.mark.fault(12, by="moto and a process of its own")
def test_an_original_is_saved_as_bytes_and_never_shown(room: Room) -> None:
    key = room.record("polyglot.jpg").key
    (url,) = room.bucket.presigned_gets({key: "polyglot.jpg"}).values()
    assert "response-content-type=application%2Foctet-stream" in url
    assert "response-content-disposition=attachment" in url


def peak(reader: IsolatedReader) -> int:
    """Return the most memory that the reading process had so far, in bytes."""
    told = Path(f"/proc/{reader.process_id}/status").read_text(encoding="ascii")
    return 1_024 * int(told.partition("VmHWM:")[2].split()[0])


@pytest.mark.fault(11, by="a process of its own")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_a_second_and_without_memory(
    reader: IsolatedReader, name: str
) -> None:
    assert len(BOMBS[name]) < 50_000
    reader(written(two_halves()))
    before, begin = peak(reader), time.monotonic()
    with pytest.raises(RejectedImage, match="pixels"):
        reader(BOMBS[name])
    assert time.monotonic() - begin < 1
    assert peak(reader) - before < 10_000_000


@pytest.mark.fault(29, by="a process of its own")
@pytest.mark.parametrize("name", [name for name in REFUSED if name != "empty.jpg"])
def test_a_search_by_such_a_file_is_answered(reader: IsolatedReader, name: str) -> None:
    not_come_to: Any = None
    queries = Queries(not_come_to, not_come_to, reader, max_query_bytes=50_000, max_stored_bytes=0)
    image = base64.b64encode(REFUSED[name][0]).decode()
    assert queries.answer({"image": image})["error"]["type"] == "RejectedImage"
