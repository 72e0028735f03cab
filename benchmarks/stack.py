"""How fast the running stack takes photographs in: ``python -m benchmarks.stack``.

Bulk: photographs through the client's importer, until every one is captioned and can be found.
Beside it, in the same run, the naive way: one after the other over the same API. Then single
uploads, each until a search by its own caption finds it.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageDraw

from image_repo.client import Client
from image_repo.config import connection
from image_repo.importing import read_folder
from image_repo.uploading import Photograph, ResumeLog, upload, wait

SIDE = 480
NAIVE = 20
COLOURS = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple")


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    found = connection(None, None, os.environ, Path.cwd())
    with Client(found.url, found.token) as client, tempfile.TemporaryDirectory() as folder:
        photos = list(_photographs(arguments.photos, Path(folder), arguments.count))
        told = {"photographs": len(photos), **_bulk(client, photos)}
        told |= _naive(client, photos[:NAIVE])
        told["ratio"] = round(told["bulk_per_second"] / told["naive_per_second"], 1)
        told |= _single(client, Path(folder), arguments.single)
    if arguments.json:
        print(json.dumps(told))
        return
    for name, value in told.items():
        print(f"{name:32} {value}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stack", description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder; drawings are made without one")
    parser.add_argument("--count", type=int, default=1000, help="how many photographs (1000)")
    parser.add_argument("--single", type=int, default=10, help="how many single uploads (10)")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    return parser.parse_args()


def _photographs(given: Path | None, folder: Path, count: int) -> Iterator[Photograph]:
    if given is not None:
        # Without the captions, so that the model writes every one.
        yield from (Photograph(one.path) for one in read_folder(given).photographs[:count])
        return
    for number in range(count):
        yield Photograph(_drawing(folder / f"drawing-{number:04}.jpg", number))


def _drawing(path: Path, seed: int) -> Path:
    rng = random.Random(seed)
    image = Image.new("RGB", (SIDE, SIDE * 3 // 4), rng.choice(COLOURS))
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = rng.randrange(SIDE), rng.randrange(SIDE * 3 // 4)
        pen.ellipse((left, top, left + rng.randrange(20, 160), top + 90), rng.choice(COLOURS))
    image.save(path, quality=88)
    return path


def _bulk(client: Client, photos: list[Photograph]) -> dict[str, float]:
    before = client.call("GET", "stats")
    with _timed() as seconds:
        outcomes = upload(client, photos, ResumeLog(None))
        uploaded = seconds()
        ids = {one.image_id for one in outcomes if one.image_id}
        failed = wait(client, ids, lambda _: None)
        _searchable(client, before["searchable"] + len(ids) - len(failed))
        whole = seconds()
    after = client.call("GET", "stats")
    return {
        "bulk_seconds": round(whole, 1),
        "bulk_upload_seconds": round(uploaded, 1),
        "bulk_per_second": round(len(photos) / whole, 2),
        "bulk_lost": len(photos) - (after["total"] - before["total"]),
        "bulk_failed": len(failed),
    }


def _naive(client: Client, photos: list[Photograph]) -> dict[str, float]:
    with _timed() as seconds:
        for one in photos:
            image, form = client.enter(one.path, None)
            client.send(form, one.path)
            while client.call("GET", f"images/{image['id']}")["state"] == "pending":
                time.sleep(0.1)
        return {"naive_per_second": round(len(photos) / seconds(), 2)}


def _single(client: Client, folder: Path, count: int) -> dict[str, float]:
    times = []
    for number in range(count):
        word = f"benchmark{time.time_ns()}"
        path = _drawing(folder / f"single-{number}.jpg", 10_000 + number)
        with _timed() as seconds:
            _, form = client.enter(path, f"A drawing called {word}")
            client.send(form, path)
            while not client.call("GET", "search", query={"q": word})["hits"]:
                time.sleep(0.05)
            times.append(seconds())
    times.sort()
    return {
        "single_searchable_p50_seconds": round(statistics.median(times), 2),
        "single_searchable_max_seconds": round(times[-1], 2),
    }


def _searchable(client: Client, wanted: int) -> None:
    while client.call("GET", "stats")["searchable"] < wanted:
        time.sleep(0.3)


@contextmanager
def _timed() -> Iterator[Callable[[], float]]:
    start = time.perf_counter()
    yield lambda: time.perf_counter() - start


if __name__ == "__main__":
    main()
