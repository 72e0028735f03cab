"""What stands in the place of boto3's clients, and what the simulated services share.

What they do stands in AWS's documentation, which is named where a rule is not plain; DynamoDB and
S3 are held against moto by ``test_services.py``.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.bootstrap import CONFIGURATION
from chalicelib.deadline import Deadline
from tests.simulation.scheduler import Scheduler

BUCKET = "photographs"
QUEUE, DEAD_LETTERS = "queue", "dead-letters"
_CREDENTIALS = ReadOnlyCredentials("id", "key", None)
PAGE = 3  # small, so that everything has several


def refused(code: str, operation: str, **more: Any) -> ClientError:
    """Return a service's error."""
    answer: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(answer, operation)


class Client:
    """A client of a service: each call is an effect of the simulation.

    ``_request_signer`` and ``meta`` are what links are signed with; nobody is asked for that.

    Parameters
    ----------
    deadline
        Of the API's requests, which is checked before a call is sent, as of a client of boto3.
    """

    _request_signer = SimpleNamespace(
        get_auth_instance=lambda *_: SimpleNamespace(credentials=_CREDENTIALS)
    )

    def __init__(
        self, service: Any, scheduler: Scheduler, deadline: Deadline | None = None
    ) -> None:
        self._service = service
        self._scheduler = scheduler
        self._checks: list[Callable[[], None]] = []
        self.meta = SimpleNamespace(
            region_name="eu-central-1",
            config=CONFIGURATION,
            events=SimpleNamespace(register=lambda _, check: self._checks.append(check)),
        )
        if deadline:
            deadline.hold(self)

    @property
    def indices(self) -> "Client":
        """As a client of OpenSearch calls what concerns indexes."""
        return self

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        act = getattr(self._service, operation)

        def call(*given: Any, **arguments: Any) -> Any:
            if operation.startswith("generate_"):
                return act(*given, **arguments)
            if operation == "transact_write_items":  # botocore does so, and repeats it with a retry
                arguments["ClientRequestToken"] = f"{self._scheduler.random.random()}"
            for check in self._checks:
                check()
            return self._scheduler.effect(
                f"{operation} {arguments.get('Key', '')}",
                partial(act, *given, **arguments),
                partial(self._service.refusal, operation),
                self._service.part(arguments),
            )

        return call

    def get_paginator(self, operation: str) -> Any:
        """Return what lists page by page."""

        def paginate(**arguments: Any) -> Iterator[Any]:
            while True:
                answer = getattr(self, operation)(**arguments)
                yield answer
                if not answer["IsTruncated"]:
                    return
                arguments["StartAfter"] = answer["Contents"][-1]["Key"]

        return SimpleNamespace(paginate=paginate)


class Service:
    """A service of AWS, as far as it fails.

    Attributes
    ----------
    name
        By which an outage is told.
    throttled
        The code of its error where it takes no more.
    """

    name: ClassVar[str] = ""
    throttled: ClassVar[str] = "ThrottlingException"

    def part(self, arguments: Mapping[str, Any]) -> str:
        """Return of which an outage concerns a call."""
        return self.name

    def refusal(self, operation: str, is_done: bool) -> Exception:
        """Return what the SDK raises for a call that failed before its effect, or after it."""
        if is_done:
            return ReadTimeoutError(endpoint_url=operation)
        return refused(self.throttled, operation)
