"""Calls to one DynamoDB table, with the waits and the errors of the catalogue."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import CatalogueUnavailable, InvalidField, RevisionConflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 100  # keys in one BatchGetItem: DynamoDB's API reference
_TRIES = 6
# Another transaction holds the item, or the table is throttled: the SDK tries neither again.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

Answer = TypeVar("Answer")


class Passing(Exception):
    """Another try may succeed at once."""


class Cancelled(Exception):
    """A transaction was cancelled: for each of its items the code and the item that was met."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.reasons = reasons

    def is_refused(self, at: int) -> bool:
        """Return whether the condition of one of its items did not hold."""
        return bool(self.reasons[at]["Code"] == "ConditionalCheckFailed")

    @property
    def is_passing(self) -> bool:
        """Return whether the very same transaction may succeed."""
        return any(reason["Code"] in _PASSING for reason in self.reasons)


class Table:
    """A table; retries of what does not answer are the client's configuration.

    Parameters
    ----------
    client
        With the standard or adaptive retry mode (exponential back-off with jitter).
    sleep
        Waits between two tries of what was refused for the moment, or served in part.
    """

    def __init__(
        self, client: "DynamoDBClient", name: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.client = client
        self.name = name
        self._sleep = sleep

    def call(self, operation: str, **arguments: Any) -> Any:
        """Return the answer of an operation on the table.

        Raises
        ------
        RevisionConflict
            Its condition does not hold.
        Passing
            A transaction holds the item.
        """
        return answered(self.client, operation, TableName=self.name, **arguments)

    def pages(self, operation: str, **arguments: Any) -> Iterator[Any]:
        """Yield the answers of a query or scan to its end."""
        while True:
            answer = self.call(operation, **arguments)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def batch(self, keys: Sequence[Any], *, consistent: bool) -> list[Any]:
        """Return the items of ``BATCH`` keys; what is left unprocessed is asked for again."""
        found: list[Any] = []
        left = [*keys]

        def read() -> None:
            nonlocal left
            request = {self.name: {"Keys": left, "ConsistentRead": consistent}}
            answer = answered(self.client, "batch_get_item", RequestItems=request)
            found.extend(answer["Responses"].get(self.name, ()))
            left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if left:
                raise Passing

        self.tried(read)
        return found

    def tried(self, attempt: Callable[[], Answer]) -> Answer:
        """Return what an attempt returns, which may raise ``Passing`` some times before.

        Raises
        ------
        CatalogueUnavailable
            It did so to the end.
        """
        for number in range(_TRIES):
            try:
                return attempt()
            except Passing:
                self._sleep(random.uniform(0, 0.05 * 2**number))  # noqa: S311  jitter, no secret
        raise CatalogueUnavailable("the catalogue is busy or throttled")


def answered(client: "DynamoDBClient", operation: str, **arguments: Any) -> Any:
    """Return the answer of an operation; its errors become the catalogue's.

    What they say beside their names may repeat what was sent, captions too, and tracebacks are
    logged with their causes.
    """
    try:
        return getattr(client, operation)(**arguments)
    except ClientError as error:
        raise _translated(error, arguments) from None
    except BotoCoreError as error:
        name = type(error).__name__
        raise CatalogueUnavailable(f"the catalogue did not answer: {name}") from None


def _translated(error: ClientError, arguments: Mapping[str, Any]) -> Exception:
    code = error.response["Error"]["Code"]
    match code:
        case "ConditionalCheckFailedException":
            return RevisionConflict("the record changed meanwhile")
        case "TransactionConflictException" | "TransactionInProgressException":
            return Passing()
        case "TransactionCanceledException":
            response: Mapping[str, Any] = error.response
            return Cancelled(response["CancellationReasons"])
        case "ValidationException" if "ExclusiveStartKey" in arguments:
            return InvalidField("cursor", "not a cursor of this listing")
    return CatalogueUnavailable(f"the catalogue refused: {code}")
