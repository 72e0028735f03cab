"""A Lambda Runtime API of one function: events in, answers out.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any, Self
from uuid import uuid4

_INIT_ERROR = "/2018-06-01/runtime/init/error"
# Of a request that is traced; a function without `LAMBDA_TASK_ROOT` in its environment is not.
_TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
_SECONDS = 60


class RuntimeApi:
    """Serve a runtime client, such as awslambdaric, on a free port of this machine."""

    def __init__(self, timeout_s: float = 60) -> None:
        self._events: Queue[Any] = Queue()
        self._answers: Queue[tuple[str, Any]] = Queue()
        self._timeout_s = timeout_s
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        """What ``AWS_LAMBDA_RUNTIME_API`` is set to."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, event: Any) -> Any:
        """Return what the function answers to an event."""
        self._events.put(event)
        kind, answer = self._answers.get(timeout=_SECONDS)
        assert kind == "response", answer
        return answer

    def init_error(self) -> Any:
        """Return the error with which the function failed to start."""
        kind, answer = self._answers.get(timeout=_SECONDS)
        assert kind == "init", answer
        return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                event = api._events.get()
                deadline = int((time.time() + api._timeout_s) * 1000)
                self._reply(
                    200,
                    json.dumps(event).encode(),
                    {
                        "Lambda-Runtime-Aws-Request-Id": str(uuid4()),
                        "Lambda-Runtime-Deadline-Ms": str(deadline),
                        "Lambda-Runtime-Trace-Id": _TRACE,
                        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:1:f",
                    },
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kind = "init" if self.path == _INIT_ERROR else self.path.rsplit("/", 1)[-1]
                api._answers.put((kind, json.loads(body)))
                self._reply(202, b"{}", {})

            def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Keep the test's output for the test."""

        return Handler
