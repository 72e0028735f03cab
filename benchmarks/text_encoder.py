"""What a query's text costs to turn into a vector, inside the API function and by a call.

The API function has no numpy. So the bundle's text encoder is run here in plain Python,
with the products in simsimd (which the function has), and in numpy, each in this process;
and it is asked for over HTTP by a boto3 client, as the API asks the encoder function, of a
process on the same machine: no network, no Lambda, so a floor of what a call costs.

    python -m benchmarks.text_encoder [--count 200] [--json]
"""

from __future__ import annotations

import argparse
import base64
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from operator import mul
from typing import Any

import boto3
import numpy as np

from captioner.vision import bundle, plain_text, text, tokenizer
from captioner.vision.plain_arrays import PlainArrays, Table
from captioner.vision.plain_text import PlainTextEncoder

QUERIES = (
    "dog",
    "people playing in the snow",
    "a boy in a red shirt jumps into a pool",
    "two brown dogs run across a green field towards a man who throws a ball to them",
)
LOADING = """
import sys, time; began = time.perf_counter()
from pathlib import Path
from captioner.vision import text
text.load(Path(sys.argv[1]))
print(1000 * (time.perf_counter() - began))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="times a query")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measured(options.count)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:26} {value}")


def measured(count: int) -> dict[str, object]:
    """Milliseconds a query of each way, by the clock and of this process' own time.

    The latter says more on a busy machine; of the call it leaves out what the other
    process takes.
    """
    folder = bundle.DEFAULT_BUNDLE
    began = time.perf_counter()
    in_simsimd = plain_text.load(folder)
    reading = time.perf_counter() - began
    words = tokenizer.load(folder / "tokenizer.json")
    in_python = PlainTextEncoder(PlainArrays(folder / "text.npz"), words, by_python)
    numpy = text.load(folder)
    gap = max(
        float(np.abs(numpy.encode(query) - np.frombuffer(in_simsimd.encode(query), "<f2")).max())
        for query in QUERIES
    )
    with encoder_process() as ask:
        ways: dict[str, Callable[[str], object]] = {
            "call": ask,
            "numpy": numpy.encode,
            "simsimd": in_simsimd.encode,
            "python": in_python.encode,
        }
        times = {name: _times(way, _repeats(name, count)) for name, way in ways.items()}
        cpu = {name: _cpu(way, _repeats(name, count)) for name, way in ways.items()}
    return {
        "text_npz_mb": round((folder / "text.npz").stat().st_size / 1e6, 2),
        "largest_difference": gap,
        "load_without_numpy_ms": round(1000 * reading, 1),
        "import_and_load_numpy_ms": _loading(),
        **{f"{name}_ms_p50": _quantile(spent, 0.5) for name, spent in times.items()},
        **{f"{name}_ms_p95": _quantile(spent, 0.95) for name, spent in times.items()},
        **{f"{name}_cpu_ms": round(spent, 2) for name, spent in cpu.items()},
    }


def _repeats(name: str, count: int) -> int:
    return max(1, count // 20) if name == "python" else count


def by_python(vector: list[float], rows: Table) -> list[float]:
    """Products of a vector with each row, of a list of them."""
    return [sum(map(mul, vector, row)) for row in rows.tolist()]


@contextmanager
def encoder_process() -> Iterator[Callable[[str], object]]:
    """Yield what asks another process for a text's vector, as the API asks a function."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    client = boto3.client(
        "lambda",
        endpoint_url=f"http://127.0.0.1:{ours.recv()}",
        region_name="eu-central-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )

    def ask(query: str) -> bytes:
        event = json.dumps({"text": query}).encode()
        answer = client.invoke(FunctionName="encoder", Payload=event)
        return base64.b64decode(json.load(answer["Payload"])["semantic"])

    try:
        yield ask
    finally:
        process.terminate()
        process.join()


def _serve(announce: Any) -> None:
    encoder = text.load(bundle.DEFAULT_BUNDLE)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            vector = encoder.encode(event["text"]).astype(np.float16).tobytes()
            body = json.dumps({"semantic": base64.b64encode(vector).decode()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    announce.send(server.server_port)
    server.serve_forever()


def _loading() -> float:
    command = [sys.executable, "-c", LOADING, str(bundle.DEFAULT_BUNDLE)]
    return round(float(subprocess.run(command, capture_output=True, check=True).stdout), 1)


def _times(way: Callable[[str], object], count: int) -> list[float]:
    spent = []
    for query in QUERIES * count:
        began = time.perf_counter()
        way(query)
        spent.append(1000 * (time.perf_counter() - began))
    return spent


def _cpu(way: Callable[[str], object], count: int) -> float:
    began = time.process_time()
    for query in QUERIES * count:
        way(query)
    return 1000 * (time.process_time() - began) / (len(QUERIES) * count)


def _quantile(spent: list[float], share: float) -> float:
    return round(float(np.quantile(spent, share)), 2)


if __name__ == "__main__":
    main()
