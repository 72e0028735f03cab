"""DynamoDB as far as the repository uses it: conditions, transactions, indexes and a stream."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import CodeType
from typing import Any
from zlib import crc32

from chalicelib.names import COUNTS_KEY, IMAGES_INDEXES, IMAGES_KEY, TOKENS_KEY
from tests.simulation.scheduler import Scheduler
from tests.simulation.services import PAGE, Service, refused

IMAGES, COUNTS, TOKENS = "images", "counts", "tokens"
_KEYS = {IMAGES: IMAGES_KEY, COUNTS: COUNTS_KEY, TOKENS: TOKENS_KEY}
_STALE_SECONDS = 1.0

Item = dict[str, Any]


@dataclass
class Table:
    """Items by their key, and what each was before its last write."""

    key: str
    items: dict[str, Item] = field(default_factory=dict)
    former: dict[str, tuple[float, Item | None]] = field(default_factory=dict)


class DynamoDB(Service):
    """Tables of images, counters and tokens.

    Parameters
    ----------
    changed
        Told of every change of an image: the item before and after.
    """

    name = "dynamodb"
    throttled = "ProvisionedThroughputExceededException"

    def __init__(self, scheduler: Scheduler, changed: Callable[[Item | None, Item], None]) -> None:
        self._scheduler = scheduler
        self._changed = changed
        self.tables = {name: Table(key) for name, key in _KEYS.items()}
        self._tokens: set[str] = set()

    def get_item(self, TableName: str, Key: Any, ConsistentRead: bool = False) -> Any:
        found = self._read(self.tables[TableName], Key, consistent=ConsistentRead)
        return {"Item": found} if found else {}

    def batch_get_item(self, RequestItems: Any) -> Any:
        ((name, asked),) = RequestItems.items()
        table, keys = self.tables[name], asked["Keys"]
        served = len(keys) // 2 if self._scheduler.happens("partial") else len(keys)
        read = (self._read(table, key, consistent=asked["ConsistentRead"]) for key in keys[:served])
        left = {name: {"Keys": keys[served:]}} if served < len(keys) else {}
        return {"Responses": {name: [item for item in read if item]}, "UnprocessedKeys": left}

    def put_item(self, TableName: str, Item: Item, **condition: Any) -> Any:
        self._check(TableName, Item, condition, "PutItem")
        self._store(TableName, Item)
        return {}

    def update_item(self, TableName: str, Key: Any, **update: Any) -> Any:
        self._check(TableName, Key, update, "UpdateItem")
        self._store(TableName, _updated(self._held(TableName, Key) or Key, update))
        return {}

    def transact_write_items(self, TransactItems: Any, ClientRequestToken: str = "") -> Any:
        """Do all or nothing, once for a token; an item that another holds is a conflict."""
        if ClientRequestToken and ClientRequestToken in self._tokens:
            return {}
        if self._scheduler.happens("partial"):
            raise _cancelled([{"Code": "TransactionConflict"} for _ in TransactItems])
        reasons: list[dict[str, Any]] = []
        for part in TransactItems:
            ((kind, write),) = part.items()
            key = write["Item"] if kind == "Put" else write["Key"]
            held = self._held(write["TableName"], key)
            if _holds(held, write):
                reasons.append({"Code": "None"})
            else:
                wants = "ReturnValuesOnConditionCheckFailure" in write
                more = {"Item": dict(held)} if wants and held else {}
                reasons.append({"Code": "ConditionalCheckFailed"} | more)
        if any(reason["Code"] != "None" for reason in reasons):
            raise _cancelled(reasons)
        self._tokens.add(ClientRequestToken)
        for part in TransactItems:
            ((kind, write),) = part.items()
            name = write["TableName"]
            if kind == "Put":
                self._store(name, write["Item"])
            else:
                self._store(name, _updated(self._held(name, write["Key"]) or write["Key"], write))
        return {}

    def scan(
        self, TableName: str, ExclusiveStartKey: Any = None, Limit: int = PAGE, **projected: Any
    ) -> Any:
        """Return a page in an order that has nothing to do with the keys' own."""
        table = self.tables[TableName]
        start = _place(ExclusiveStartKey[table.key]["S"]) if ExclusiveStartKey else (-1, "")
        ahead = sorted(key for key in map(_place, table.items) if key > start)
        page = ahead[:Limit]
        more = {"LastEvaluatedKey": {table.key: {"S": page[-1][1]}}} if len(ahead) > Limit else {}
        names = projected.get("ExpressionAttributeNames", {}).values()
        items = [dict(table.items[key]) for _, key in page]
        if names:
            items = [{name: item[name] for name in names if name in item} for item in items]
        return {"Items": items} | more

    def query(
        self,
        TableName: str,
        IndexName: str,
        ExpressionAttributeValues: Any,
        ScanIndexForward: bool,
        Limit: int,
        ExclusiveStartKey: Any = None,
        **_: Any,
    ) -> Any:
        """Return the keys of an index's partition, in the order of its sort key."""
        table = self.tables[TableName]
        partition, sort = IMAGES_INDEXES[IndexName]
        value = ExpressionAttributeValues[":key"]
        found = sorted(
            (item[sort]["S"], key)
            for key, item in table.items.items()
            if item.get(partition) == value and sort in item
        )
        if not ScanIndexForward:
            found.reverse()
        if ExclusiveStartKey:
            last = (ExclusiveStartKey[sort]["S"], ExclusiveStartKey[table.key]["S"])
            found = [one for one in found if (one > last) == ScanIndexForward and one != last]
        keys = (table.key, partition, sort)
        page = found[:Limit]
        items = [{name: table.items[key][name] for name in keys} for _, key in page]
        return {"Items": items} | ({"LastEvaluatedKey": items[-1]} if len(found) > Limit else {})

    def _held(self, name: str, key: Mapping[str, Any]) -> Item | None:
        table = self.tables[name]
        return table.items.get(key[table.key]["S"])

    def _read(self, table: Table, key: Any, *, consistent: bool) -> Item | None:
        name = key[table.key]["S"]
        written, former = table.former.get(name, (float("-inf"), None))
        is_old = self._scheduler.seconds - written < _STALE_SECONDS
        if not consistent and is_old and self._scheduler.happens("stale"):
            return former and dict(former)
        return dict(found) if (found := table.items.get(name)) else None

    def _check(self, name: str, key: Any, write: Any, operation: str) -> None:
        if not _holds(self._held(name, key), write):
            raise refused("ConditionalCheckFailedException", operation)

    def _store(self, name: str, item: Item) -> None:
        table = self.tables[name]
        key = item[table.key]["S"]
        before = table.items.get(key)
        table.former[key] = (self._scheduler.seconds, before)
        table.items[key] = dict(item)
        # A write that changes nothing leaves no stream record:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
        if name == IMAGES and before != item:
            self._changed(before, table.items[key])


def _place(key: str) -> tuple[int, str]:
    return crc32(key.encode()), key


def _cancelled(reasons: list[dict[str, Any]]) -> Exception:
    return refused(
        "TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons
    )


class _Missing:
    """An attribute that is not there: every comparison with it is false."""

    def _false(self, other: object) -> bool:
        return False

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _false
    __hash__ = object.__hash__


_TOKENS = re.compile(r"attribute_(not_)?exists\(([#:\w]+)\)|([#:]?\w+)|(<>|<=|>=|[=<>])|[()\s]+")
_WORDS = {"AND": "and", "OR": "or", "NOT": "not"}
_SIGNS = {"=": "==", "<>": "!="}


@cache
def _compiled(condition: str) -> CodeType:
    """Return a condition expression as Python code that asks ``has`` and ``get``."""

    def python(found: re.Match[str]) -> str:
        absent, attribute, word, sign = found.groups()
        if attribute:
            return f"{'not ' if absent else ''}has({attribute!r})"
        if word:
            return _WORDS.get(word) or f"get({word!r})"
        return _SIGNS.get(sign, sign) if sign else found[0]

    return compile(_TOKENS.sub(python, condition), condition, "eval")


def _holds(held: Item | None, write: Mapping[str, Any]) -> bool:
    condition = write.get("ConditionExpression")
    if condition is None:
        return True
    names = write.get("ExpressionAttributeNames", {})
    values = write.get("ExpressionAttributeValues", {})
    item = held or {}

    def get(name: str) -> Any:
        found = values[name] if name.startswith(":") else item.get(names.get(name, name))
        return _Missing() if found is None else _plain(found)

    def has(name: str) -> bool:
        return names.get(name, name) in item

    return bool(eval(_compiled(condition), {"get": get, "has": has, "__builtins__": {}}))


def _plain(value: Any) -> Any:
    ((kind, held),) = value.items()
    return int(held) if kind == "N" else held


def _updated(item: Item, update: Mapping[str, Any]) -> Item:
    """Return an item after an update expression of ``SET`` and ``ADD``."""
    names = update.get("ExpressionAttributeNames", {})
    values, after = update["ExpressionAttributeValues"], dict(item)

    def value_of(written: str) -> Any:
        if found := re.fullmatch(r"if_not_exists\((\S+), (\S+)\)", written):
            name, otherwise = found.groups()
            return item.get(names.get(name, name), values[otherwise])
        return values[written]

    _, *parts = re.split(r"\b(SET|ADD)\s+", update["UpdateExpression"])
    for clause, text in zip(parts[::2], parts[1::2], strict=True):
        for change in re.findall(r"[#:]?\w+ (?:= )?(?:if_not_exists\([^)]*\)|[#:]\w+)", text):
            name, _, written = change.partition(" = " if clause == "SET" else " ")
            name = names.get(name, name)
            if clause == "SET":
                after[name] = value_of(written)
            else:
                held = int(after.get(name, {"N": "0"})["N"])
                after[name] = {"N": str(held + int(values[written]["N"]))}
    return after
