"""What the functions send to X-Ray's daemon while they answer under Lambda's runtime client."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from chalicelib.access import Caller, Scope
from chalicelib.api.registration import context_of
from chalicelib.images import Image
from chalicelib.transitions import edited, pending
from tests.integration.runtime_api import RuntimeApi
from tests.integration.test_lambda_runtime import (
    BUCKET,
    SECRET,
    Account,
    Function,
    account,
    photograph,
)

__all__ = ["account"]
_DATAGRAM = 65_536


class Daemon:
    """X-Ray's daemon, which is sent a JSON header and a segment in each datagram.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.address = "127.0.0.1:{1}".format(*self._socket.getsockname())

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def received(self) -> str:
        """Return all that was sent, when nothing comes any more."""
        return "\n".join(self._datagrams())

    def _datagrams(self) -> Iterator[str]:
        while True:
            try:
                yield self._socket.recv(_DATAGRAM).decode()
            except TimeoutError:
                return


def traced(account: Account, handler: str, event: Any) -> tuple[Any, str]:
    """Return what a function answers to an event, and what its traces hold."""
    with RuntimeApi() as api, Daemon() as daemon:
        environment = {
            **account.environment,
            "LAMBDA_TASK_ROOT": "/var/task",
            "AWS_XRAY_DAEMON_ADDRESS": daemon.address,
        }
        function = Function(handler, environment, api)
        answer = api.invoke(event)
        function.stop()
        return answer, daemon.received()


def test_a_trace_of_the_captioner_holds_no_answer(account: Account) -> None:
    records = [account.upload("one.jpg", photograph())]
    answer, traces = traced(account, "captioner.handler.ingest", {"Records": records})
    assert answer == {"batchItemFailures": []}
    assert '"## ingest"' in traces
    assert "batchItemFailures" not in traces


def test_a_trace_of_the_encoder_holds_no_vector(account: Account) -> None:
    account.upload("one.jpg", photograph())
    stored = {"key": "uploads/ada/one.jpg", "version_id": None, "crop": None}
    answer, traces = traced(account, "captioner.handler.encode", stored)
    assert '"## encode"' in traces
    assert "semantic" not in traces and answer["semantic"] not in traces


def test_a_trace_of_the_indexer_holds_no_answer(account: Account) -> None:
    account.environment |= {"IMAGE_REPO_EVENT_BUS": "bus"}
    asked = {"reconcile": {"after": None}}
    answer, traces = traced(account, "indexer.handler.index", asked)
    assert answer == {"held": []}
    assert '"## index"' in traces
    assert '"held": [' not in traces


def test_a_trace_of_the_api_holds_no_caption(account: Account) -> None:
    now = datetime.now(UTC)
    found = pending(BUCKET, "uploads/ada/one.jpg", now)
    record = account.catalogue.save(edited(found, now, caption=SECRET), expected_rev=0)
    answer, traces = traced(account, "app.app", request("/images/{image_id}", record))
    assert SECRET in answer["body"]
    assert '"## wrapped"' in traces  # by Chalice
    assert SECRET not in traces


def request(resource: str, record: Image) -> dict[str, Any]:
    """Return what API Gateway sends for its owner's request, which its authorizer let in."""
    caller = Caller(record.owner, frozenset({Scope.READ}))
    parameters = {"image_id": record.image_id}
    return {
        "resource": resource,
        "path": resource.format(**parameters),
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": "GET",
            "authorizer": context_of(caller),
        },
        "body": None,
        "isBase64Encoded": False,
    }
