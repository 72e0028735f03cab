"""An image function run as a process: what the emulator sends and what it gets back."""

import json

from local.function import Context, answer

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
