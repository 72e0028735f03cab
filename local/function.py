"""Runs a container-image function as a process of this machine.

``python -m local.function NAME MODULE.HANDLER PORT`` speaks the protocol of Lambda's runtime
interface emulator: an event is POSTed, the handler's answer comes back. The function's
environment is the one that the template gave it, read from the deployed function.
"""

import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import boto3

from local.ports import HOST

PATH = "/2015-03-31/functions/function/invocations"
Handler = Callable[[Any, "Context"], Any]


class Context:
    """What Lambda tells a handler about its invocation.

    Parameters
    ----------
    configuration
        Of the function, as ``GetFunctionConfiguration`` answers it.
    clock
        Seconds.
    """

    def __init__(
        self, configuration: dict[str, Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.function_name: str = configuration["FunctionName"]
        self.function_version = "$LATEST"
        self.invoked_function_arn: str = configuration["FunctionArn"]
        self.memory_limit_in_mb: int = configuration["MemorySize"]
        self.aws_request_id = str(uuid4())
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "local"
        self._clock = clock
        self._end = clock() + float(configuration["Timeout"])

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function's time limit."""
        return max(0, int((self._end - self._clock()) * 1000))


class Function:
    """A function that is set up by its first event, as Lambda starts an environment.

    Parameters
    ----------
    name
        Of the deployed function.
    handler
        ``module.function``.
    """

    def __init__(self, name: str, handler: str) -> None:
        self._name = name
        self._module, _, self._function = handler.rpartition(".")
        self._one_at_a_time = threading.Lock()
        self._configuration: dict[str, Any] = {}
        self._handler: Handler | None = None

    def __call__(self, event: Any) -> Any:
        """Handle an event; like an environment of Lambda, one at a time."""
        with self._one_at_a_time:
            if self._handler is None:
                self._handler = self._set_up()
            return self._handler(event, Context(self._configuration))

    def _set_up(self) -> Handler:
        client = boto3.client("lambda")
        self._configuration = dict(client.get_function_configuration(FunctionName=self._name))
        environment = self._configuration.get("Environment", {}).get("Variables", {})
        os.environ.update(environment)
        os.environ["AWS_LAMBDA_FUNCTION_NAME"] = self._name
        handler: Handler = getattr(importlib.import_module(self._module), self._function)
        return handler


def serve(function: Function, port: int) -> None:
    """Answer events until the process is stopped."""

    class Invocation(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, reply = answer(function, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments: object) -> None:
            """Leave the log to the handler."""

    ThreadingHTTPServer((HOST, port), Invocation).serve_forever()


def answer(function: Callable[[Any], Any], body: bytes) -> tuple[int, bytes]:
    """Return the HTTP status and body that answer one event, as the interface emulator does."""
    try:
        return 200, json.dumps(function(json.loads(body))).encode()
    except Exception as problem:  # a handler's error is an answer of Lambda's, not ours
        traceback.print_exc()
        message = {"errorMessage": str(problem), "errorType": type(problem).__name__}
        return 500, json.dumps(message).encode()


def main() -> None:
    """Serve the function that the command line names."""
    name, handler, port = sys.argv[1:4]
    serve(Function(name, handler), int(port))


if __name__ == "__main__":
    main()
