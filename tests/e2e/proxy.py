"""A proxy before the emulator's API for what CloudFront and API Gateway do and it does not."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx

from infra.api import COMPRESSED_BYTES
from local.processes import HOST

NOT_PASSED_ON = {"connection", "content-encoding", "content-length", "host", "transfer-encoding"}


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on, and compresses answers for browsers that take that."""

    protocol_version = "HTTP/1.1"
    upstream: httpx.Client

    def do_GET(self) -> None:
        """Pass a request on."""
        length = int(self.headers.get("Content-Length", "0"))
        sent = {n: v for n, v in self.headers.items() if n.lower() not in NOT_PASSED_ON}
        answer = self.upstream.request(
            self.command, self.path, headers=sent, content=self.rfile.read(length)
        )
        kept = {n: v for n, v in answer.headers.items() if n not in NOT_PASSED_ON}
        self.answer(answer.status_code, kept, answer.content)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815  http.server's names

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Send an answer."""
        takes_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        if takes_gzip and len(body) >= COMPRESSED_BYTES:
            body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def proxied(url: str, proxy: type[Proxy] = Proxy) -> Iterator[str]:
    """Yield an address at which what is at ``url`` answers through a proxy."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    with httpx.Client(base_url=origin, timeout=60) as upstream:
        handler = type("Handler", (proxy,), {"upstream": upstream})
        with serving(handler, HOST) as address:
            yield url.replace(origin, address)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], host: str) -> Iterator[str]:
    """Yield the origin at which a handler answers."""
    server = ThreadingHTTPServer((host, 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
