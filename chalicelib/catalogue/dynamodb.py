"""The catalogue in DynamoDB."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.catalogue.cursor import seal, unseal
from chalicelib.catalogue.items import EVERYONE, image_of, item_of
from chalicelib.catalogue.port import Page
from chalicelib.errors import CatalogueUnavailable, InvalidField, RevisionConflict
from chalicelib.images import Image, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 100  # keys in one BatchGetItem: DynamoDB's API reference
_BATCH_TRIES = 6
_KEY_BYTES = 2_048  # longest partition key: DynamoDB's quotas
_FILTERED = 500  # records looked at in one query that a filter thins out
_KEYS = {
    "by_owner": ("owner", "created_at", "image_id"),
    "by_state": ("owner_state", "created_at", "image_id"),
    "by_time": ("listing", "created_at", "image_id"),
}


class DynamoCatalogue:
    """Adapter of the port ``Catalogue`` on a table; retries are the client's configuration.

    Parameters
    ----------
    client
        A DynamoDB client with the standard or adaptive retry mode (exponential back-off
        with jitter).
    table
        Its name; ``chalicelib.catalogue.schema`` describes it.
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
        answer = self._call("get_item", Key={"image_id": {"S": image_id}}, ConsistentRead=True)
        return image_of(answer["Item"]) if "Item" in answer else None

    def get_many(self, image_ids: Iterable[str]) -> Mapping[str, Image]:
        """Return those that exist; what DynamoDB leaves unprocessed is asked for again."""
        ids = tuple(filter(_can_be_key, dict.fromkeys(image_ids)))
        found: dict[str, Image] = {}
        for start in range(0, len(ids), _BATCH):
            for item in self._batch(ids[start : start + _BATCH]):
                found[item["image_id"]["S"]] = image_of(item)
        return found

    def save(self, image: Image, *, expected_rev: int) -> Image:
        """Store at the next revision, if the expected one stands."""
        stored = replace(image, rev=expected_rev + 1)
        try:
            self._call("put_item", Item=item_of(stored), **_condition(expected_rev))
        except RevisionConflict:
            # A time-out after an accepted write makes the client's own retry fail its condition.
            if self.get(image.image_id) != stored:
                raise
        return stored

    def list(
        self, owner: str | None, *, state: State | None, limit: int, cursor: str | None
    ) -> Page:
        """Return a page, newest first."""
        index, value = _listing(owner, state)
        if owner is None and state is not None:
            return self._everyones(state, limit, cursor)
        return self._page(index, value, limit, cursor, {})

    def scan(self, after: str | None = None) -> Iterator[Image]:
        """Yield every record, in the order of the table's partitions."""
        start = {"ExclusiveStartKey": {"image_id": {"S": after}}} if after else {}
        while True:
            answer = self._call("scan", ConsistentRead=True, **start)
            yield from map(image_of, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def counts(self, owner: str | None) -> Mapping[State, int]:
        """Return how many stand in each state."""
        living = [state for state in State if state is not State.DELETED]
        if owner is None:
            return self._everyones_counts(living)
        return {state: self._count(f"{owner}#{state.value}") for state in living}

    def _batch(self, ids: Sequence[str]) -> Iterator[Any]:
        keys = [{"image_id": {"S": image_id}} for image_id in ids]
        for attempt in range(_BATCH_TRIES):
            answer = self._batch_call({self._table: {"Keys": keys, "ConsistentRead": True}})
            yield from answer["Responses"].get(self._table, ())
            keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if not keys:
                return
            self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  jitter, no secret
        raise CatalogueUnavailable("the catalogue is throttled")

    def _count(self, owner_state: str) -> int:
        answers = self._query("by_state", "owner_state", owner_state, Select="COUNT")
        return sum(answer["Count"] for answer in answers)

    def _everyones_counts(self, living: Sequence[State]) -> Mapping[State, int]:
        counts = dict.fromkeys(living, 0)
        for answer in self._query("by_time", "listing", EVERYONE):
            for item in answer["Items"]:
                counts[State(item["state"]["S"])] += 1
        return counts

    def _everyones(self, state: State, limit: int, cursor: str | None) -> Page:
        condition = {
            "FilterExpression": "#state = :state",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":state": {"S": state.value}},
        }
        return self._page("by_time", EVERYONE, limit, cursor, condition)

    def _page(
        self, index: str, value: str, limit: int, cursor: str | None, condition: dict[str, Any]
    ) -> Page:
        listing = f"{index}|{value}|{condition}"
        start = _start(index, value, unseal(listing, cursor)) if cursor else None
        found: list[dict[str, Any]] = []
        while len(found) <= limit:
            # One more than asked for tells whether there is a next page.
            count = _FILTERED if condition else limit + 1 - len(found)
            answer = self._query_once(index, value, start, count, condition)
            found += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if start is None:
                break
        page = found[:limit]
        more = len(found) > limit
        return Page(
            tuple(map(image_of, page)), seal(listing, _position(page[-1])) if more else None
        )

    def _query_once(
        self,
        index: str,
        value: str,
        start: dict[str, Any] | None,
        limit: int,
        condition: dict[str, Any],
    ) -> Any:
        partition = _KEYS[index][0]
        names = {"#key": partition} | condition.get("ExpressionAttributeNames", {})
        values = {":key": {"S": value}} | condition.get("ExpressionAttributeValues", {})
        return self._call(
            "query",
            **{
                **condition,
                "IndexName": index,
                "KeyConditionExpression": "#key = :key",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
                "ScanIndexForward": False,
                "Limit": limit,
                **({"ExclusiveStartKey": start} if start else {}),
            },
        )

    def _query(self, index: str, partition: str, value: str, **more: Any) -> Iterator[Any]:
        start: dict[str, Any] = {}
        while True:
            answer = self._call(
                "query",
                IndexName=index,
                KeyConditionExpression="#key = :key",
                ExpressionAttributeNames={"#key": partition},
                ExpressionAttributeValues={":key": {"S": value}},
                **more,
                **start,
            )
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _batch_call(self, request: dict[str, Any]) -> Any:
        return self._guarded(lambda: self._client.batch_get_item(RequestItems=request))

    def _call(self, operation: str, **arguments: Any) -> Any:
        method = getattr(self._client, operation)
        try:
            return self._guarded(lambda: method(TableName=self._table, **arguments))
        except _InvalidRequest as error:
            if "ExclusiveStartKey" in arguments:
                raise InvalidField("cursor", "not a cursor of this listing") from error
            raise CatalogueUnavailable("the catalogue refused a request as invalid") from error

    def _guarded(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise RevisionConflict("the record changed meanwhile") from error
            if code == "ValidationException":
                raise _InvalidRequest from error
            raise CatalogueUnavailable(f"the catalogue refused: {code}") from error
        except BotoCoreError as error:
            raise CatalogueUnavailable("the catalogue did not answer") from error


class _InvalidRequest(Exception):  # a signal between two methods of this module
    pass


def _can_be_key(image_id: str) -> bool:
    return 0 < len(image_id.encode(errors="surrogatepass")) <= _KEY_BYTES


def _listing(owner: str | None, state: State | None) -> tuple[str, str]:
    if owner is None:
        return "by_time", EVERYONE
    return ("by_state", f"{owner}#{state.value}") if state else ("by_owner", owner)


def _condition(expected_rev: int) -> dict[str, Any]:
    if expected_rev == 0:
        return {"ConditionExpression": "attribute_not_exists(image_id)"}
    return {
        "ConditionExpression": "rev = :rev",
        "ExpressionAttributeValues": {":rev": {"N": str(expected_rev)}},
    }


def _position(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: item[name]["S"] for name in ("created_at", "image_id")}


def _start(index: str, value: str, position: dict[str, str]) -> dict[str, Any]:
    partition = _KEYS[index][0]
    return {partition: {"S": value}} | {name: {"S": text} for name, text in position.items()}
