"""The container-image functions as processes of this machine.

``python -m local.function NAME PORT`` is one of them and speaks the protocol of Lambda's runtime
interface emulator: an event is POSTed, the handler's answer comes back. The function's environment
is the one that the template gave it, read from the deployed function. The handler runs in a process
below this one, which is ended at the function's time limit and started again, as on Lambda.
"""

import json
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3

from chalicelib.names import CAPTIONER, ENCODER
from local.layout import Layout
from local.processes import HOST, Process, any_free, listens, until

# Function name to handler, as infra/pipeline.py deploys them.
HANDLERS = {
    CAPTIONER: "captioner.handler.ingest",
    ENCODER: "captioner.handler.encode",
}
PATH = "/2015-03-31/functions/function/invocations"
# A handler finishes the photograph in its hands; the queue would bring it back if it did not.
STOP_SECONDS = 5
LISTEN_SECONDS = 120
# Not forked: a fork would share the locks of the threads that answer.
_PROCESSES = multiprocessing.get_context("spawn")


class ImageFunctions:
    """Captioner and encoder, each in a process of its own as on Lambda.

    Parameters
    ----------
    layout
        Where their logs lie.
    """

    def __init__(self, layout: Layout) -> None:
        self._processes = {name: Process(layout, name) for name in HANDLERS}

    @property
    def parts(self) -> dict[str, bool]:
        """Whether each runs, by its name."""
        return {name: process.running for name, process in self._processes.items()}

    def start(self, credentials: Mapping[str, str], ports: Mapping[str, str]) -> dict[str, str]:
        """Start those that are not running and return where each one answers.

        Parameters
        ----------
        credentials
            The environment for AWS's clients.
        ports
            Where an emulator that is already running expects them; empty for free ones.
        """
        environment = {
            **os.environ,
            **credentials,
            "OMP_NUM_THREADS": "2",
            "POWERTOOLS_TRACE_DISABLED": "true",  # no X-Ray daemon listens here
        }
        for name, process in self._processes.items():
            if not process.running:
                url = ports.get(name) or f"http://{HOST}:{any_free()}{PATH}"
                port = url.removeprefix(f"http://{HOST}:").removesuffix(PATH)
                command = [sys.executable, "-m", "local.function", name, port]
                process.start(command, environment, {"url": url})
        # Messages that meet nobody are hidden for minutes, and those of before a kill come at once.
        until(self._all_listen, LISTEN_SECONDS)
        return {name: process.facts["url"] for name, process in self._processes.items()}

    def _all_listen(self) -> bool:
        """Tell whether all take events; one that ended at once never will."""
        ports = (urlsplit(one.facts["url"]).port for one in self._processes.values() if one.running)
        return all(listens(port) for port in ports if port)

    def limit(self) -> None:
        """Tell the emulator that each has one environment here, so that no batch waits in vain.

        Lambda would start another environment for a second batch; here it would wait for the
        first, and its time limit would run meanwhile.
        """
        client = boto3.client("lambda")
        for name in HANDLERS:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)

    def stop(self) -> None:
        """Stop all of them."""
        for process in self._processes.values():
            process.stop(STOP_SECONDS)


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
        self, configuration: Mapping[str, Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.function_name: str = configuration["FunctionName"]
        self.invoked_function_arn: str = configuration["FunctionArn"]
        self.memory_limit_in_mb: int = configuration["MemorySize"]
        self.aws_request_id = str(uuid4())
        self._clock = clock
        self._end = clock() + float(configuration["Timeout"])

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function's time limit."""
        return max(0, int((self._end - self._clock()) * 1000))


def answer(handle: Callable[[Any], Any], body: bytes) -> tuple[int, bytes]:
    """Return the HTTP status and body that answer one event, as the interface emulator does."""
    try:
        return 200, json.dumps(handle(json.loads(body))).encode()
    except Exception as problem:  # a handler's error is an answer of Lambda's, not ours
        traceback.print_exc()
        return _error(type(problem).__name__, str(problem))


SetUp = Callable[[], tuple[Callable[[Any, Context], Any], Mapping[str, Any]]]
Reply = tuple[int, bytes]


class ExecutionEnvironment:
    """A process that runs a handler; another takes its place when it has ended.

    Parameters
    ----------
    set_up
        Returns, in that process, the handler and the function's configuration. It is pickled.
    """

    def __init__(self, set_up: SetUp) -> None:
        self._set_up = set_up
        self._one_at_a_time = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self._connection: Connection
        self._seconds = 0.0

    def invoke(self, body: bytes) -> Reply:
        """Return the HTTP status and body that answer one event, at the time limit at the latest.

        Whoever invokes a function that times out is told of an error, and whatever the process was
        about is lost: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        """
        with self._one_at_a_time:
            try:
                if self._stop is None:
                    self._start()
                return self._answered(body)
            except (EOFError, OSError):
                self.stop()
                return _error("Runtime.ExitError", "Error: Runtime exited without an answer")

    def stop(self) -> None:
        """End the process without a warning."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    def _start(self) -> None:
        self._connection, theirs = _PROCESSES.Pipe()
        process = _PROCESSES.Process(target=_run, args=(self._set_up, theirs), daemon=True)
        process.start()
        theirs.close()

        def stop() -> None:
            process.kill()
            process.join()
            self._connection.close()

        self._stop = stop
        self._seconds = 0.0

    def _answered(self, body: bytes) -> Reply:
        if not self._seconds:
            started = self._connection.recv()
            if not isinstance(started, float):
                self.stop()
                reply: Reply = started
                return reply
            self._seconds = started
        self._connection.send_bytes(body)
        if not self._connection.poll(self._seconds):
            self.stop()
            return _error("Sandbox.Timedout", f"Task timed out after {self._seconds:.2f} seconds")
        answered: Reply = self._connection.recv()
        return answered


def _run(set_up: SetUp, connection: Connection) -> None:
    """Send the time limit, or why there is no handler; then an answer for each event."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        handler, configuration = set_up()
    except Exception as problem:
        traceback.print_exc()
        connection.send(_error(type(problem).__name__, str(problem)))
        return
    connection.send(float(configuration["Timeout"]))
    while True:
        try:
            body = connection.recv_bytes()
        except EOFError:
            return
        context = Context(configuration)
        connection.send(answer(lambda event: handler(event, context), body))  # noqa: B023


def _end_with_parent() -> None:
    """End this process, whatever it is about, when nobody is there to end it at its time limit."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _error(kind: str, message: str) -> Reply:
    return 500, json.dumps({"errorMessage": message, "errorType": kind}).encode()


def _set_up(name: str) -> tuple[Callable[[Any, Context], Any], Mapping[str, Any]]:
    """Return a function's handler and configuration, as Lambda starts an environment."""
    configuration = boto3.client("lambda").get_function_configuration(FunctionName=name)
    os.environ.update(configuration.get("Environment", {}).get("Variables", {}))
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = name
    module, _, handler = HANDLERS[name].rpartition(".")
    return getattr(import_module(module), handler), configuration


def main() -> None:
    """Answer the events of the function that the command line names, one at a time."""
    name, port = sys.argv[1:3]
    environment = ExecutionEnvironment(partial(_set_up, name))

    class Invocation(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, reply = environment.invoke(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments: object) -> None:
            """Leave the log to the handler."""

    ThreadingHTTPServer((HOST, int(port)), Invocation).serve_forever()


if __name__ == "__main__":
    main()
