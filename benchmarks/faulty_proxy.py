"""A proxy before an emulator of AWS, through which requests go wrong as they do in AWS."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from local.processes import HOST

KINDS = DELAY, THROTTLE, CUT = "delayed", "throttled", "cut_after_the_effect"
LEAST_SECONDS, MOST_SECONDS = 1.0, 10.0
ANSWER_SECONDS = 120
# Of one connection, not of the request: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
HOP_BY_HOP = frozenset({"connection", "host", "keep-alive", "transfer-encoding"})
Answer = tuple[int, Mapping[str, str], bytes]


class Faults:
    """Which requests go wrong, and how many did.

    Parameters
    ----------
    seed
        Of the chance.
    kinds
        What goes wrong, each as often.

    Attributes
    ----------
    share
        Of the requests that go wrong, from 0 to 1.
    happened
        How many did, by kind and service, and how many were passed on.
    """

    def __init__(self, seed: int, kinds: Sequence[str] = KINDS) -> None:
        self.share = 0.0
        self.happened = Counter[str]()
        self._kinds = kinds
        self._rng, self._lock = random.Random(seed), threading.Lock()

    def next(self, service: str) -> tuple[str, float]:
        """Return what becomes of a request, "" for nothing, and a delay's seconds."""
        with self._lock:
            is_wrong = self._rng.random() < self.share
            kind = self._rng.choice(self._kinds) if is_wrong else ""
            self.happened[f"{service}_{kind or 'passed_on'}"] += 1
            return kind, self._rng.uniform(LEAST_SECONDS, MOST_SECONDS)


def service_of(path: str, headers: Mapping[str, str]) -> str:
    """Return which service a request asks."""
    target = headers.get("X-Amz-Target", "")
    if target:
        return target.partition(".")[0].partition("_")[0].removeprefix("Amazon").lower()
    return "lambda" if path.startswith("/2015-03-31/") else "s3"


def throttled(service: str) -> Answer:
    """Return how a service refuses what comes too fast.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    https://docs.aws.amazon.com/botocore/latest/reference/services/sqs/client/exceptions/RequestThrottled.html
    """
    if service == "s3":
        code = "<Code>SlowDown</Code><Message>Please reduce your request rate.</Message>"
        return 503, {"Content-Type": "application/xml"}, f"<Error>{code}</Error>".encode()
    status, name = {
        "lambda": (429, "TooManyRequestsException"),
        "sqs": (400, "RequestThrottled"),
    }.get(service, (400, "ThrottlingException"))
    body = json.dumps({"__type": name, "message": "Rate exceeded"}).encode()
    return status, {"Content-Type": "application/x-amz-json-1.0", "x-amzn-errortype": name}, body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: httpx.Client
    faults: Faults

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        service = service_of(self.path, dict(self.headers))
        kind, seconds = self.faults.next(service)
        if kind == THROTTLE:
            self._answer(throttled(service))
            return
        if kind == DELAY:
            time.sleep(seconds)
        try:
            answer = self._passed_on(body)
        except httpx.HTTPError:  # the emulator ends or is gone
            kind = CUT
        if kind == CUT:
            self.close_connection = True
        else:
            self._answer(answer)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815  http.server's names

    def _passed_on(self, body: bytes) -> Answer:
        sent = {n: v for n, v in self.headers.items() if n.lower() not in HOP_BY_HOP}
        with self.upstream.stream(self.command, self.path, headers=sent, content=body) as answer:
            kept = {n: v for n, v in answer.headers.items() if n.lower() not in HOP_BY_HOP}
            return answer.status_code, kept, b"".join(answer.iter_raw())

    def _answer(self, answer: Answer) -> None:
        status, headers, body = answer
        self.send_response_only(status)
        if self.command != "HEAD":
            headers = {n: v for n, v in headers.items() if n.lower() != "content-length"}
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        with suppress(OSError):  # whoever asked has gone
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def proxied(url: str, faults: Faults) -> Iterator[str]:
    """Yield an address at which what is at ``url`` answers, but for the faults."""
    with httpx.Client(base_url=url, timeout=ANSWER_SECONDS) as upstream:
        handler = type("Handler", (_Handler,), {"upstream": upstream, "faults": faults})
        server = ThreadingHTTPServer((HOST, 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
