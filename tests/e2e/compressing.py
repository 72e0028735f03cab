"""A proxy before the emulator's API that compresses texts, as CloudFront and API Gateway do."""

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


class Compressing(BaseHTTPRequestHandler):
    """Passes requests on and gzips what comes back, where the browser takes that."""

    protocol_version = "HTTP/1.1"
    upstream: httpx.Client

    def do_GET(self) -> None:
        """Pass a request on."""
        length = int(self.headers.get("Content-Length", "0"))
        sent = {n: v for n, v in self.headers.items() if n.lower() not in NOT_PASSED_ON}
        answer = self.upstream.request(
            self.command, self.path, headers=sent, content=self.rfile.read(length)
        )
        body, is_text = answer.content, len(answer.content) >= COMPRESSED_BYTES
        kept = [(n, v) for n, v in answer.headers.items() if n not in NOT_PASSED_ON]
        if is_text and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            kept.append(("Content-Encoding", "gzip"))
        self._answer(answer.status_code, [*kept, ("Content-Length", str(len(body)))], body)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815  http.server's names

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def compressed(url: str) -> Iterator[str]:
    """Yield an address at which what is at ``url`` is served compressed."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    with httpx.Client(base_url=origin, timeout=60) as upstream:
        handler = type("Handler", (Compressing,), {"upstream": upstream})
        server = ThreadingHTTPServer((HOST, 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield url.replace(origin, f"http://{HOST}:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
