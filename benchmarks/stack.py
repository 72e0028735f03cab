"""How fast the running stack takes photographs in: ``python -m benchmarks.stack [--count 1000]``.

Bulk: drawings through the client's importer, until every one is captioned and can be found.
Beside it, in the same run, the naive way: one after the other over the same API. Then single
uploads, each until a search by its own caption finds it.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.drawings import draw
from image_repo.client import Client
from image_repo.config import connection
from image_repo.contents import Content, photograph, read_contents
from image_repo.uploading import Uploading
from image_repo.waiting import wait

NAIVE = 20
SINGLE = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How fast the stack takes photographs in.")
    parser.add_argument("--count", type=int, default=1000, help="how many photographs (1000)")
    count = parser.parse_args().count
    found = connection(None, None, os.environ, Path.cwd())
    with Client(found.url, found.token) as client, tempfile.TemporaryDirectory() as folder:
        drawings = [draw(Path(folder)) for _ in range(count + NAIVE + SINGLE)]
        told = _bulk(client, drawings[:count]) | _naive(client, drawings[count:-SINGLE])
        told["ratio"] = told["bulk_per_second"] / told["naive_per_second"]
        told |= _single(client, drawings[-SINGLE:])
    for name, value in told.items():
        print(f"{name:32} {value:.2f}")


def _bulk(client: Client, drawings: list[Path]) -> dict[str, float]:
    before, begin = client.call("GET", "stats"), time.perf_counter()
    photos = [photograph(path) for path in drawings]
    contents = zip(photos, read_contents(photos, lambda: None), strict=True)
    outcomes = Uploading(client)({one: told for one, told in contents if isinstance(told, Content)})
    uploaded = time.perf_counter() - begin
    ids = {one.image["id"] for one in outcomes if one.image}
    failed = wait(client, ids, lambda _: None)
    while client.call("GET", "stats")["searchable"] < before["searchable"] + len(ids - set(failed)):
        time.sleep(0.3)
    whole = time.perf_counter() - begin
    return {
        "photographs": len(drawings),
        "bulk_seconds": whole,
        "bulk_upload_seconds": uploaded,
        "bulk_per_second": len(drawings) / whole,
        "bulk_lost": len(drawings) - (client.call("GET", "stats")["total"] - before["total"]),
        "bulk_failed": len(failed),
    }


def _naive(client: Client, drawings: list[Path]) -> dict[str, float]:
    begin = time.perf_counter()
    for path in drawings:
        image_id = _put(client, path)
        while client.call("GET", f"images/{image_id}")["state"] == "pending":
            time.sleep(0.1)
    return {"naive_per_second": len(drawings) / (time.perf_counter() - begin)}


def _single(client: Client, drawings: list[Path]) -> dict[str, float]:
    times = []
    for path in drawings:
        word, begin = f"benchmark{time.time_ns()}", time.perf_counter()
        _put(client, path, caption=f"A drawing called {word}")
        while not client.call("GET", "search", query={"q": word})["hits"]:
            time.sleep(0.05)
        times.append(time.perf_counter() - begin)
    return {
        "single_searchable_p50_seconds": statistics.median(times),
        "single_searchable_max_seconds": max(times),
    }


def _put(client: Client, path: Path, **words: str) -> str:
    body = path.read_bytes()
    described = {"name": path.name, "content_type": "image/jpeg", "size": len(body)}
    answer = client.enter(described | words)
    client.send(answer["upload"], body)
    return str(answer["image"]["id"])


if __name__ == "__main__":
    main()
