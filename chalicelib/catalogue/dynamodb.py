"""The catalogue in DynamoDB: records as items, in the low-level form that streams carry too."""

import random
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter, ValidationError

from chalicelib.catalogue.cursor import seal, unseal
from chalicelib.catalogue.port import Page
from chalicelib.errors import CatalogueUnavailable, InvalidField, RevisionConflict
from chalicelib.images import Image, State
from chalicelib.names import IMAGES_INDEXES, IMAGES_KEY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 100  # keys in one BatchGetItem: DynamoDB's API reference
_BATCH_TRIES = 6
_KEY_BYTES = 2_048  # longest partition key: DynamoDB's quotas
_FILTERED = 500  # records looked at in one query that a filter thins out
_EVERYONE = "all"

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_validate = TypeAdapter(Image).validate_python


class DynamoCatalogue:
    """Adapter of the port ``Catalogue`` on a table; retries are the client's configuration.

    Parameters
    ----------
    client
        With the standard or adaptive retry mode (exponential back-off with jitter).
    sleep
        Waits between two tries of a batch that was served in part.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def get(self, image_id: str) -> Image | None:
        """Return the record, a tombstone too, read consistently."""
        if not _can_be_key(image_id):
            return None
        key = {"image_id": {"S": image_id}}
        answer = self._call("get_item", TableName=self._table, Key=key, ConsistentRead=True)
        return image_of(answer["Item"]) if "Item" in answer else None

    def get_many(self, image_ids: Iterable[str]) -> Mapping[str, Image]:
        """Return those that exist; what DynamoDB leaves unprocessed is asked for again."""
        ids = tuple(filter(_can_be_key, dict.fromkeys(image_ids)))
        found: dict[str, Image] = {}
        for start in range(0, len(ids), _BATCH):
            batch = map(image_of, self._batch(ids[start : start + _BATCH]))
            found |= {image.image_id: image for image in batch}
        return found

    def save(self, image: Image, *, expected_rev: int) -> Image:
        """Store at the next revision, if the expected one stands."""
        stored = replace(image, rev=expected_rev + 1)
        condition = _condition(expected_rev)
        try:
            self._call("put_item", TableName=self._table, Item=item_of(stored), **condition)
        except RevisionConflict:
            # A time-out after an accepted write makes the client's own retry fail its condition.
            if self.get(image.image_id) != stored:
                raise
        return stored

    def list(
        self, owner: str | None, *, state: State | None, limit: int, cursor: str | None
    ) -> Page:
        """Return a page, newest first: an index knows which records, the table what they hold."""
        index, value = _listing(owner, state)
        listing = f"{owner}|{state}"
        more = _bounds(owner, state, limit)
        if cursor:
            position = {IMAGES_INDEXES[index][0]: value} | unseal(listing, cursor)
            more["ExclusiveStartKey"] = {name: {"S": text} for name, text in position.items()}
        found: list[dict[str, Any]] = []
        for answer in self._query(index, value, ScanIndexForward=False, **more):
            found += answer["Items"]
            if len(found) > limit:
                last = {name: found[limit - 1][name]["S"] for name in ("created_at", "image_id")}
                return Page(self._standing(found[:limit], state), seal(listing, last))
        return Page(self._standing(found, state), None)

    def scan(self, after: str | None = None) -> Iterator[Image]:
        """Yield every record, in the order of the table's partitions."""
        start = {"ExclusiveStartKey": {"image_id": {"S": after}}} if after else {}
        for answer in self._pages("scan", ConsistentRead=True, **start):
            yield from map(image_of, answer["Items"])

    def counts(self, owner: str | None) -> Mapping[State, int]:
        """Return how many stand in each state."""
        index, value = _listing(owner, None)
        answers = self._query(
            index, value, ProjectionExpression="#state", names={"#state": "state"}
        )
        return Counter(State(item["state"]["S"]) for answer in answers for item in answer["Items"])

    def _standing(self, entries: Iterable[Any], state: State | None) -> tuple[Image, ...]:
        """Return the records of an index's entries, but those that have left it meanwhile."""
        ids = [entry[IMAGES_KEY]["S"] for entry in entries]
        records = self.get_many(ids)
        wanted = {state} if state else {*State} - {State.DELETED}
        found = (records[name] for name in ids if name in records)
        return tuple(image for image in found if image.state in wanted)

    def _batch(self, ids: Sequence[str]) -> Sequence[Any]:
        found: list[Any] = []
        keys = [{"image_id": {"S": image_id}} for image_id in ids]
        for attempt in range(_BATCH_TRIES):
            request = {self._table: {"Keys": keys, "ConsistentRead": True}}
            answer = self._call("batch_get_item", RequestItems=request)
            found += answer["Responses"].get(self._table, ())
            keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if not keys:
                return found
            self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  jitter, no secret
        raise CatalogueUnavailable("the catalogue is throttled")

    def _query(
        self,
        index: str,
        value: str,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Iterator[Any]:
        return self._pages(
            "query",
            IndexName=index,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": IMAGES_INDEXES[index][0], **(names or {})},
            ExpressionAttributeValues={":key": {"S": value}, **(values or {})},
            **more,
        )

    def _pages(self, operation: str, **arguments: Any) -> Iterator[Any]:
        while True:
            answer = self._call(operation, TableName=self._table, **arguments)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise RevisionConflict("the record changed meanwhile") from error
            if code == "ValidationException" and "ExclusiveStartKey" in arguments:
                raise InvalidField("cursor", "not a cursor of this listing") from error
            raise CatalogueUnavailable(f"the catalogue refused: {code}") from error
        except BotoCoreError as error:
            raise CatalogueUnavailable("the catalogue did not answer") from error


def item_of(image: Image) -> dict[str, Any]:
    """Return the item that stores ``image``; empty fields are left out."""
    plain = _plain(image)
    if image.state is State.DELETED:
        # Without `owner` the tombstone leaves the owner's listing, yet says whose it was.
        plain["tombstone_owner"] = plain.pop("owner")
    else:
        plain |= {"listing": _EVERYONE, "owner_state": f"{image.owner}#{image.state}"}
    return {name: _serialize(value) for name, value in plain.items()}


def image_of(item: Mapping[str, Any]) -> Image:
    """Return the record an item (or a stream's ``NewImage``) holds.

    Raises
    ------
    ValueError
        It is no record of the catalogue.
    """
    plain = {name: _value(value) for name, value in item.items()}
    try:
        return _validate({"owner": plain.get("tombstone_owner")} | plain)
    except ValidationError as error:
        # An error that is logged must not hold what a record says.
        wrong = {".".join(map(str, entry["loc"])) for entry in error.errors()}
        raise ValueError(f"no record, by its {', '.join(sorted(wrong))}") from None


def time_text(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC with microseconds, which sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return time_text(value)
        case float():
            return repr(value)  # DynamoDB has no float; a text keeps the digits
        case tuple():
            return [*map(_plain, value)] or None
        case _ if is_dataclass(value):
            told = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
            return {name: plain for name, plain in told.items() if plain is not None}
        case _:
            return value


def _value(value: Any) -> Any:
    """Return what an attribute holds; in a function's event binary ones are base64 text."""
    binary = value.get("B")
    if binary is None:
        return _deserialize(value)
    return b64decode(binary) if isinstance(binary, str) else binary


def _can_be_key(image_id: str) -> bool:
    return 0 < len(image_id.encode(errors="surrogatepass")) <= _KEY_BYTES


def _listing(owner: str | None, state: State | None) -> tuple[str, str]:
    """Return the index that lists in order of time, and its partition."""
    if owner is None:
        return "by_time", _EVERYONE
    return ("by_state", f"{owner}#{state}") if state else ("by_owner", owner)


def _bounds(owner: str | None, state: State | None, limit: int) -> dict[str, Any]:
    if owner is None and state:
        return {
            "Limit": _FILTERED,
            "FilterExpression": "#state = :state",
            "names": {"#state": "state"},
            "values": {":state": {"S": state}},
        }
    return {"Limit": limit + 1}  # one more tells whether there is a next page


def _condition(expected_rev: int) -> dict[str, Any]:
    if expected_rev == 0:
        return {"ConditionExpression": "attribute_not_exists(image_id)"}
    return {
        "ConditionExpression": "rev = :rev",
        "ExpressionAttributeValues": {":rev": {"N": str(expected_rev)}},
    }
