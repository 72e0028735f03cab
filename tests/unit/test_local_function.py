"""An image function run as a process: what the emulator sends and what it gets back."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.function import Context, ExecutionEnvironment, SetUp, answer
from tests.processes import ends

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = {
    "FunctionName": "image-repo-encoder",
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:image-repo-encoder",
    "MemorySize": 3008,
    "Timeout": 20,
}


def test_the_handlers_answer_comes_back_as_json() -> None:
    status, body = answer(lambda event: {"seen": event["text"]}, b'{"text": "a dog"}')
    assert (status, json.loads(body)) == (200, {"seen": "a dog"})


def test_a_failing_handler_is_reported_as_lambda_reports_it() -> None:
    def failing(event: object) -> object:
        raise ValueError("no such bundle")

    status, body = answer(failing, b"{}")
    assert status == 500
    assert json.loads(body) == {"errorMessage": "no such bundle", "errorType": "ValueError"}


def test_the_context_counts_down_to_the_functions_time_limit() -> None:
    moments = iter([100.0, 101.5, 130.0])
    context = Context(CONFIGURATION, lambda: next(moments))
    assert context.function_name == "image-repo-encoder"
    assert context.get_remaining_time_in_millis() == 18_500
    assert context.get_remaining_time_in_millis() == 0


def sleeping() -> tuple[Callable[[Any, Context], Any], Mapping[str, Any]]:
    """Set up a handler that sleeps for as long as it is told, then tells its process."""

    def handle(event: Any, context: Context) -> Any:
        time.sleep(event["seconds"])
        return {"process": os.getpid(), "left": context.get_remaining_time_in_millis()}

    return handle, CONFIGURATION | {"Timeout": 1}


def dying() -> tuple[Callable[[Any, Context], Any], Mapping[str, Any]]:
    """Set up a handler that ends its process."""

    def handle(event: Any, context: Context) -> Any:
        os._exit(1)

    return handle, CONFIGURATION


def failing() -> tuple[Callable[[Any, Context], Any], Mapping[str, Any]]:
    raise ValueError("no such bundle")


@contextmanager
def environment(set_up: SetUp) -> Iterator[Callable[[Any], tuple[int, Any]]]:
    made = ExecutionEnvironment(set_up)

    def invoke(event: Any) -> tuple[int, Any]:
        status, body = made.invoke(json.dumps(event).encode())
        return status, json.loads(body)

    yield invoke
    made.stop()


@pytest.mark.fault(7)
def test_at_its_time_limit_a_function_is_ended_and_started_again() -> None:
    with environment(sleeping) as invoke:
        _, first = invoke({"seconds": 0})
        assert (
            0 < first["left"] <= 1_000
            and invoke({"seconds": 0})[1]["process"] == (first["process"])
        )
        begin = time.monotonic()
        status, error = invoke({"seconds": 60})
        assert (status, error["errorType"]) == (500, "Sandbox.Timedout")
        assert error["errorMessage"] == "Task timed out after 1.00 seconds"
        assert time.monotonic() - begin < 10
        with pytest.raises(ProcessLookupError):
            os.kill(first["process"], 0)
        assert invoke({"seconds": 0})[1]["process"] != first["process"]


@pytest.mark.fault(7)
def test_a_function_whose_process_dies_answers_with_an_error_every_time() -> None:
    with environment(dying) as invoke:
        answers = [invoke({}) for _ in range(2)]
    assert [(status, error["errorType"]) for status, error in answers] == [
        (500, "Runtime.ExitError")
    ] * 2


@pytest.mark.fault(27)
def test_a_handler_at_work_ends_with_the_process_that_would_end_it_at_its_time_limit() -> None:
    script = (
        "from tests.unit.test_local_function import ExecutionEnvironment, sleeping;"
        "import json, os, threading; e = ExecutionEnvironment(sleeping);"
        "print(json.loads(e.invoke(b'{\"seconds\": 0}')[1])['process'], flush=True);"
        "threading.Timer(0.3, os.kill, (os.getpid(), 9)).start(); e.invoke(b'{\"seconds\": 60}')"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        told = parent.stdout.readline()  # what it started has its output, too, and would hold it
    assert ends(int(told), within=10)


def test_a_function_that_does_not_start_says_why() -> None:
    with environment(failing) as invoke:
        answers = [invoke({}) for _ in range(2)]
    assert answers == [(500, {"errorMessage": "no such bundle", "errorType": "ValueError"})] * 2
