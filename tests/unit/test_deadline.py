"""Whatever does not answer, the API does: in the time that API Gateway waits."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, product
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib import bootstrap
from chalicelib.access import TokenStore
from chalicelib.api.problems import PROBLEM_JSON
from chalicelib.bootstrap import ENGINE_SECONDS, ENGINE_TRIES
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.deadline import REQUEST_SECONDS, Deadline
from chalicelib.encoder import QueryEncoder
from chalicelib.errors import Unavailable
from chalicelib.oidc import provider as identity
from chalicelib.queue import SqsQueue
from chalicelib.search.opensearch import BackOff, OpenSearchIndex, RetryingClient, connect
from chalicelib.search.replicated import PublishedIndex, S3IndexStore
from chalicelib.settings import Settings
from chalicelib.storage import S3Storage
from tests.api import Answer
from tests.api_on_aws import (
    BUCKET,
    DOG,
    FAULTS,
    REGION,
    SERVICES,
    AwsApi,
    Fault,
    FaultyDeadline,
    Words,
    api_on_aws,
    throttled,
)
from tests.api_requests import REQUESTS

GATEWAY_SECONDS = 29  # API Gateway's quota, as chalicelib.deadline cites it
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = {"/health", "/openapi.json", "/auth"}  # routes that ask nobody


def longest(config: Any) -> float:
    """Return how long a call can take with all its tries, and the waits between them.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """
    tries = config.retries["total_max_attempts"]
    waits = (min(2.0**number, 20) for number in range(tries - 1))
    return float(tries * (config.connect_timeout + config.read_timeout)) + sum(waits)


def test_the_request_ends_before_the_gateway_gives_up() -> None:
    assert REQUEST_SECONDS <= GATEWAY_SECONDS - 3


def test_every_client_of_the_api_keeps_to_the_request_with_all_its_tries() -> None:
    made: list[str] = []
    boto3.setup_default_session(region_name=REGION)
    session: Any = boto3.DEFAULT_SESSION
    session.events.register("creating-client-class", lambda **_: made.append("one more"))
    settings = Settings(bucket=BUCKET, table="images", tokens_table="tokens")
    deadline = FaultyDeadline(is_retrying=True)
    bootstrap.connect(settings, Words, deadline)
    boto3.DEFAULT_SESSION = None
    assert len(deadline.clients) == len(made) == 5
    for client in deadline.clients:
        assert longest(client.meta.config) <= REQUEST_SECONDS, client.meta.service_model


def test_a_search_of_opensearch_with_all_its_tries_fits_into_a_request() -> None:
    waits: list[float] = []
    back_off = BackOff(tries=ENGINE_TRIES, sleep=waits.append, random=lambda: 1.0)
    for failures in range(1, ENGINE_TRIES):
        back_off.wait(failures)
    # Of a connection, and of the answer.
    assert ENGINE_TRIES * 2 * ENGINE_SECONDS + sum(waits) <= REQUEST_SECONDS


def test_two_documents_of_an_identity_provider_fit_into_a_request() -> None:
    timeout: Any = identity.TIMEOUT
    piece = timeout.read_timeout
    one = timeout.connect_timeout + piece + identity.BODY_SECONDS + piece
    assert 2 * one <= REQUEST_SECONDS


class Time:
    """Passes while services keep their clients waiting."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def slowly(self, request: Any) -> None:
        """Let a call take nearly as long as its client waits."""
        del request
        self.now += 3.9


PASSING = Time()


@pytest.fixture(scope="module")
def api() -> Iterator[AwsApi]:
    with api_on_aws(FaultyDeadline(PASSING)) as api:
        api.enter(DOG)
        for number in range(60):  # messages for six calls
            api.storage.write(f"uploads/ann/y/{number}.jpg", b"x", content_type="image/jpeg")
        yield api


NUMBERS = count()


def send(
    api: AwsApi,
    asked: tuple[str, str, str, Any],
    faults: dict[str, Fault],
    as_: str | None = None,
) -> Answer:
    """Send a request while services go wrong; what it deletes is there anew each time."""
    method, _, target, body = asked
    if method == "DELETE":
        fresh = f"fresh-{next(NUMBERS)}"
        api.catalogue.save(replace(DOG, image_id=fresh), expected_rev=0)
        target = target.replace("id-1", fresh)
    if as_ is None:  # a token that is known for 15 s from now on
        assert api.call("GET", "/tokens").status == 200
    api.deadline.faults.update(faults)
    try:
        return api.call(method, target, body, as_=as_ or "admin")
    finally:
        api.deadline.faults.clear()


def assert_answered_or_unavailable(answer: Answer) -> None:
    if answer.status >= 500:
        assert answer.status == answer.json["status"] == 503, answer.text
        assert answer.headers["Content-Type"] == PROBLEM_JSON
        assert int(answer.headers["Retry-After"]) > 0


EACH_REQUEST = pytest.mark.parametrize(
    "asked", REQUESTS, ids=lambda asked: f"{asked[0]} {asked[1]}"
)


@pytest.mark.fault(8)
@pytest.mark.fault(9)
@EACH_REQUEST
def test_a_service_that_fails_is_a_503_or_is_done_without(
    api: AwsApi, asked: tuple[str, str, str, Any]
) -> None:
    for fault, service in product(FAULTS, SERVICES):
        assert_answered_or_unavailable(send(api, asked, {service: fault}))
    needs_the_table = {"/images/{image_id}", "/images", "/stats", "/tokens"}
    if asked[1] in needs_the_table:
        assert send(api, asked, {"dynamodb": throttled}).status == 503


@pytest.mark.fault(9)
@pytest.mark.fault(42)
@EACH_REQUEST
def test_a_token_that_cannot_be_checked_is_a_503(
    api: AwsApi, asked: tuple[str, str, str, Any]
) -> None:
    for fault in FAULTS:
        unchecked = f"imr_unchecked{next(NUMBERS)}"
        answer = send(api, asked, {"dynamodb": fault}, as_=unchecked)
        assert_answered_or_unavailable(answer)
        assert answer.status == (200 if asked[1] in OPEN else 503)


@pytest.mark.fault(8)
@EACH_REQUEST
def test_slow_services_are_not_waited_for_longer_than_the_gateway_waits(
    api: AwsApi, asked: tuple[str, str, str, Any]
) -> None:
    before = PASSING.now
    answer = send(api, asked, dict.fromkeys(SERVICES, PASSING.slowly))
    assert PASSING.now - before <= REQUEST_SECONDS
    assert_answered_or_unavailable(answer)
    if asked[1] == "/rebuild":
        assert answer.status == 503


TRIES = 20


@pytest.fixture
def nobody() -> Iterator[socket.socket]:
    """Yield what takes connections and never answers any."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        server.setblocking(False)
        yield server


def connections(server: socket.socket) -> int:
    """Return how many were made to a server that has accepted none."""
    made = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            made += 1
    return made


def a_call_of_each_service(port: int, deadline: Deadline) -> dict[str, Callable[[], Any]]:
    def client(service: str) -> Any:
        made = boto3.client(  # type: ignore[call-overload]
            service,
            REGION,
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                retries={"mode": "standard", "total_max_attempts": TRIES},
                connect_timeout=0.2,
                read_timeout=0.2,
            ),
        )
        deadline.hold(made)
        return made

    engine = RetryingClient(
        connect(f"http://127.0.0.1:{port}", 0.2),
        BackOff(tries=TRIES, longest=0.2),
        may_send=lambda: deadline.allows(0.4),
    )
    tokens = TokenStore(client("dynamodb"), "tokens")
    return {
        "catalogue": lambda: DynamoCatalogue(client("dynamodb"), "i", "c").get("id-1"),
        "tokens": lambda: tokens.caller("imr_x"),
        "bucket": lambda: S3Storage(client("s3"), BUCKET).head("x"),
        "embedded index": lambda: PublishedIndex(S3IndexStore(client("s3"), BUCKET)).count("ann"),
        "OpenSearch": lambda: OpenSearchIndex(engine).count("ann"),
        "queue": lambda: SqsQueue(client("sqs"), f"http://127.0.0.1:{port}/q").send([{}]),
        "encoder": lambda: QueryEncoder(Words, client("lambda"), "e").image(b"x", None),
    }


@pytest.mark.fault(8)
@pytest.mark.parametrize("named", a_call_of_each_service(1, Deadline()))
def test_a_service_that_never_answers_is_given_up_in_time(
    nobody: socket.socket, named: str
) -> None:
    deadline = Deadline()
    call = a_call_of_each_service(nobody.getsockname()[1], deadline)[named]
    deadline.begin(1.0)
    with pytest.raises(Unavailable):
        call()
    assert 0 < connections(nobody) < TRIES // 2  # each waits for 0.2 s
