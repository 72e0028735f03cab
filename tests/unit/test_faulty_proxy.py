"""The proxy through which requests to AWS go wrong: what boto3's clients make of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from benchmarks.faulty_proxy import CUT, THROTTLE, Faults, proxied
from local.processes import HOST
from tests.e2e.proxy import serving


class Counting(BaseHTTPRequestHandler):
    """Answers with nothing, and counts what it was asked."""

    asked: list[str]

    def do_PUT(self) -> None:
        """Take a body."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT  # noqa: N815  http.server's name

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def through(faults: Faults) -> Iterator[tuple[Callable[[str], Any], list[str]]]:
    """Yield what makes clients behind the proxy, and what came through it."""
    asked: list[str] = []
    handler = type("Handler", (Counting,), {"asked": asked})
    with serving(handler, HOST) as url, proxied(url, faults) as address:

        def client(service: str) -> Any:
            return boto3.client(  # type: ignore[call-overload]
                service,
                region_name="us-east-1",
                endpoint_url=address,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}),
            )

        yield client, asked


def put(client: Callable[[str], Any]) -> None:
    client("s3").put_object(Bucket="photographs", Key="ash.jpg", Body=b"ash")


def test_a_share_of_none_lets_everything_through() -> None:
    faults = Faults(0)
    with through(faults) as (client, asked):
        put(client)
    assert asked == ["/photographs/ash.jpg"]
    assert faults.happened == {"s3_passed_on": 1}


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("s3", lambda s3: s3.put_object(Bucket="b", Key="k", Body=b""), "SlowDown"),
        ("dynamodb", lambda db: db.delete_item(TableName="t", Key={}), "ThrottlingException"),
        ("sqs", lambda sqs: sqs.purge_queue(QueueUrl="http://q/1/q"), "RequestThrottled"),
        ("lambda", lambda f: f.invoke(FunctionName="encoder"), "TooManyRequestsException"),
    ],
)
def test_a_throttled_request_has_no_effect_and_is_told_as_by_its_service(
    service: str, call: Callable[[Any], Any], code: str
) -> None:
    faults = Faults(0, [THROTTLE])
    faults.share = 1.0
    with through(faults) as (client, asked), pytest.raises(ClientError) as refused:
        call(client(service))
    assert refused.value.response["Error"]["Code"] == code
    assert asked == []
    assert faults.happened == {f"{service}_throttled": 1}


def test_a_request_that_is_cut_off_has_its_effect_and_no_answer() -> None:
    faults = Faults(0, [CUT])
    faults.share = 1.0
    with through(faults) as (client, asked), pytest.raises(ConnectionClosedError):
        put(client)
    assert asked == ["/photographs/ash.jpg"]
