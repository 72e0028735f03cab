"""The catalogue in DynamoDB: records as items, in the low-level form that streams carry too."""

import logging
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import TypeAdapter, ValidationError

from chalicelib.catalogue.counts import Counters, counter_of
from chalicelib.catalogue.cursor import seal, unseal
from chalicelib.catalogue.port import Counts, Page
from chalicelib.catalogue.table import BATCH, Cancelled, Passing, Table, answered
from chalicelib.errors import CatalogueUnavailable, RevisionConflict
from chalicelib.images import Counted, Image, State
from chalicelib.names import IMAGES_INDEXES, IMAGES_KEY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY_BYTES = 2_048  # longest partition key: DynamoDB's quotas
_EVERYONE = "all"
_TRASH = "trash"  # stands where a state does

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_validate = TypeAdapter(Image).validate_python

_logger = logging.getLogger(__name__)


class DynamoCatalogue:
    """Adapter of the port ``Catalogue`` on a table of records and one of their counts.

    ``client`` and ``sleep`` are those of `Table`.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        counts_table: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._images = Table(client, table, sleep)
        self._counters = Counters(Table(client, counts_table, sleep))

    def get(self, image_id: str) -> Image | None:
        """Return the record, a tombstone too, read consistently."""
        if not _can_be_key(image_id):
            return None
        key = {IMAGES_KEY: {"S": image_id}}
        answer = self._images.call("get_item", Key=key, ConsistentRead=True)
        return image_of(answer["Item"]) if "Item" in answer else None

    def get_many(self, image_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, Image]:
        """Return those that exist; what DynamoDB leaves unprocessed is asked for again."""
        ids = tuple(filter(_can_be_key, dict.fromkeys(image_ids)))
        found: dict[str, Image] = {}
        for start in range(0, len(ids), BATCH):
            keys = [{IMAGES_KEY: {"S": image_id}} for image_id in ids[start : start + BATCH]]
            batch = _readable(self._images.batch(keys, consistent=consistent))
            found |= {image.image_id: image for image in batch}
        return found

    def save(self, image: Image, *, expected_rev: int) -> Image:
        """Store at the next revision, if the expected one stands, and count a change of state."""
        counted = image.counted or (self._counted(image.image_id) if expected_rev else Counted())
        stored = replace(image, rev=expected_rev + 1, counted=counted)
        write = self._put if image.counts_as is counted.state else self._move
        try:
            return self._images.tried(lambda: write(stored, _condition(expected_rev)))
        except RevisionConflict:
            # A time-out after an accepted write makes the client's own retry fail its condition.
            held = self.get(image.image_id)
            if held is None or held != stored:
                raise
            return held

    def list(
        self, owner: str | None, *, state: State | None, limit: int, cursor: str | None
    ) -> Page:
        """Return a page, newest first: an index knows which records, the table what they hold."""
        return self._page(
            f"{owner}|{state}",
            _listing(owner, state),
            lambda image: not image.is_hidden and state in (None, image.state),
            limit,
            cursor,
        )

    def trash(self, owner: str | None, *, limit: int, cursor: str | None) -> Page:
        """Return a page of the trash, latest trashed first."""
        where = _listing(owner, _TRASH)
        return self._page(f"{owner}|{_TRASH}", where, _is_in_trash, limit, cursor)

    def _page(
        self,
        listing: str,
        where: tuple[str, str],
        stands: Callable[[Image], bool],
        limit: int,
        cursor: str | None,
    ) -> Page:
        index, value = where
        more: dict[str, Any] = {"Limit": limit + 1}  # one more tells whether there is a next page
        if cursor:
            position = {IMAGES_INDEXES[index][0]: value} | unseal(listing, cursor)
            more["ExclusiveStartKey"] = {name: {"S": text} for name, text in position.items()}
        found = self._query(index, value, **more)
        if len(found) <= limit:
            return Page(self._standing(found, stands), None)
        last = {name: found[limit - 1][name]["S"] for name in ("created_at", IMAGES_KEY)}
        return Page(self._standing(found[:limit], stands), seal(listing, last))

    def with_content(self, owner: str, sha256: str) -> tuple[Image, ...]:
        """Return an owner's records of this content: an index knows which, the table what."""
        content = _content(owner, sha256)
        found = self._query("by_content", content, Limit=BATCH, ScanIndexForward=True)
        return self._standing(found, lambda one: not one.is_hidden and one.sha256 == sha256)

    def scan(self, after: str | None = None, *, consistent: bool = True) -> Iterator[Image]:
        """Yield every record, in the order of the table's partitions."""
        start = {"ExclusiveStartKey": {IMAGES_KEY: {"S": after}}} if after else {}
        for answer in self._images.pages("scan", ConsistentRead=consistent, **start):
            yield from _readable(answer["Items"])

    def counts(self, owner: str | None) -> Counts:
        """Count an owner's records, or everyone's, without reading any of them."""
        return self._counters.counts(owner)

    def _put(self, image: Image, condition: Mapping[str, Any]) -> Image:
        self._images.call("put_item", Item=item_of(image), **condition)
        return image

    def _move(self, image: Image, condition: Mapping[str, Any]) -> Image:
        """Store a record and count the change of its state, both or neither."""
        before = image.counted or Counted()
        counter = counter_of(image.owner, image.image_id)
        counted = before.moved(image.counts_as, self._counters.epoch(counter))
        moved = replace(image, counted=counted)
        put = {"TableName": self._images.name, "Item": item_of(moved), **condition}
        update = self._counters.moving(counter, before.state, image.counts_as)
        transaction = [{"Put": put}, {"Update": update}]
        try:
            answered(self._client, "transact_write_items", TransactItems=transaction)
        except Cancelled as cancelled:
            raise self._refusal(cancelled, counter) from cancelled
        return moved

    def _refusal(self, cancelled: Cancelled, counter: str) -> Exception:
        if cancelled.is_refused(0):
            return RevisionConflict("the record changed meanwhile")
        if cancelled.is_refused(1):
            self._counters.learn(counter, cancelled.reasons[1]["Item"])
            return Passing()
        if cancelled.is_passing:
            return Passing()
        return CatalogueUnavailable("the catalogue refused a transaction")

    def _counted(self, image_id: str) -> Counted:
        held = self.get(image_id)
        return (held and held.counted) or Counted()

    def _query(self, index: str, value: str, **more: Any) -> Sequence[Any]:
        answer = self._images.call(
            "query",
            IndexName=index,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": IMAGES_INDEXES[index][0]},
            ExpressionAttributeValues={":key": {"S": value}},
            **{"ScanIndexForward": False, **more},
        )
        found: Sequence[Any] = answer["Items"]
        return found

    def _standing(
        self, entries: Iterable[Any], stands: Callable[[Image], bool]
    ) -> tuple[Image, ...]:
        """Return the records of an index's entries, but those that have left it meanwhile."""
        ids = [entry[IMAGES_KEY]["S"] for entry in entries]
        records = self.get_many(ids)
        return tuple(filter(stands, (records[name] for name in ids if name in records)))


def _readable(items: Iterable[Mapping[str, Any]]) -> Iterator[Image]:
    """Yield the records that items hold; one that holds none must not stop all others."""
    for item in items:
        try:
            yield image_of(item)
        except ValueError as error:
            _logger.error("item %s holds %s", item[IMAGES_KEY]["S"], error)


def item_of(image: Image) -> dict[str, Any]:
    """Return the item that stores ``image``; empty fields are left out."""
    plain = _plain(replace(image, counted=None))
    if image.is_hidden:
        # Without `owner` it leaves the owner's listing, yet says whose it was.
        plain["tombstone_owner"] = plain.pop("owner")
    if image.trashed_at:
        # The trash is a listing of its own, in the order of the indexes' sort key.
        plain |= {
            "entered_at": plain["created_at"],
            "created_at": plain["trashed_at"],
            "owner_state": _in_state(image.owner, _TRASH),
            "listing_state": _in_state(_EVERYONE, _TRASH),
        }
    elif not image.is_hidden:
        plain |= {
            "listing": _EVERYONE,
            "owner_state": _in_state(image.owner, image.state),
            "listing_state": _in_state(_EVERYONE, image.state),
        }
        if image.sha256:
            plain["owner_content"] = _content(image.owner, image.sha256)
    if image.counted and image.counted.epoch:
        plain |= {"epoch": image.counted.epoch, "at_epoch": image.counted.at_epoch or ""}
    return {name: _serialize(value) for name, value in plain.items()}


def image_of(item: Mapping[str, Any]) -> Image:
    """Return the record an item (or a stream's ``NewImage``) holds.

    Raises
    ------
    ValueError
        It is no record of the catalogue.
    """
    plain = {name: _value(value) for name, value in item.items()}
    told = {"created_at": plain["entered_at"]} if "entered_at" in plain else {}
    try:
        image = _validate({"owner": plain.get("tombstone_owner")} | plain | told)
    except ValidationError as error:
        # An error that is logged must not hold what a record says.
        wrong = {".".join(map(str, entry["loc"])) for entry in error.errors()}
        raise ValueError(f"no record, by its {', '.join(sorted(wrong))}") from None
    return replace(image, counted=counted_of(item))


def counted_of(item: Mapping[str, Any]) -> Counted:
    """Return how the counts have the record of an item."""
    state = State(item["state"]["S"])
    at_epoch = item.get("at_epoch", {}).get("S")
    return Counted(
        None if state is State.DELETED or "trashed_at" in item else state,
        int(item.get("epoch", {}).get("N", 0)),
        State(at_epoch) if at_epoch else None,
    )


def time_text(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC with microseconds, which sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: Any) -> Any:
    match value:
        case datetime(tzinfo=None):
            return value.isoformat()  # a camera's clock: no zone is known
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


def _is_in_trash(image: Image) -> bool:
    return image.trashed_at is not None


def _can_be_key(image_id: str) -> bool:
    return 0 < len(image_id.encode(errors="surrogatepass")) <= _KEY_BYTES


def _listing(owner: str | None, state: str | None) -> tuple[str, str]:
    """Return the index that lists in order of time, and its partition."""
    if owner is None:
        everyone = _EVERYONE
        return ("by_time_in_state", _in_state(everyone, state)) if state else ("by_time", everyone)
    return ("by_state", _in_state(owner, state)) if state else ("by_owner", owner)


def _content(owner: str, sha256: str) -> str:
    return f"{owner}#{sha256}"


def _in_state(whose: str, state: str) -> str:
    return f"{whose}#{state}"


def _condition(expected_rev: int) -> dict[str, Any]:
    if expected_rev == 0:
        return {"ConditionExpression": "attribute_not_exists(image_id)"}
    return {
        "ConditionExpression": "rev = :rev",
        "ExpressionAttributeValues": {":rev": {"N": str(expected_rev)}},
    }
