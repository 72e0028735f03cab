"""Counts by owner and state, kept in a table of their own: docs/decisions/302.

A counter holds one owner's records of one part of ``PARTS``, by state. Whoever moves a record from
one state to another does so in one transaction with its counter, so that a write that is tried
again counts once. ``chalicelib.catalogue.recount`` mends counters; its number is their ``epoch``.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from chalicelib.catalogue.port import Counts
from chalicelib.catalogue.table import Table
from chalicelib.images import State
from chalicelib.names import COUNTS_KEY

# Transactions that meet in one item conflict, and a partition takes 1,000 write units a second:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html
PARTS = 16
COUNTED = tuple(state for state in State if state is not State.DELETED)
# Stands in the table once everything that was there before has been counted.
COMPLETE = "complete"


class Counters:
    """The counters of a table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._newest = 0
        self._epochs: dict[str, int] = {}

    def epoch(self, counter: str) -> int:
        """Return the last recount that a counter has begun, as far as is known here."""
        return self._epochs.setdefault(counter, self._newest)

    def learn(self, counter: str, met: Mapping[str, Any]) -> None:
        """Take the epoch from the item that refused a writer."""
        self._newest = self._epochs[counter] = epoch_of(met)

    def counts(self, owner: str | None) -> Counts:
        """Sum the counters of an owner, or all."""
        sums: Counter[State] = Counter()
        is_complete = False
        for item in self.all() if owner is None else self._of(owner):
            is_complete |= item[COUNTS_KEY]["S"] == COMPLETE
            sums.update(counted(item))
        # Below zero until what was there before has been counted.
        return Counts({state: max(0, sums[state]) for state in COUNTED}, is_complete)

    def all(self) -> Iterator[Mapping[str, Any]]:
        """Yield the items of all counters, and the one that says that they are complete."""
        for answer in self._table.pages("scan", ConsistentRead=True):
            yield from answer["Items"]

    def moving(self, counter: str, before: State | None, after: State | None) -> dict[str, Any]:
        """Return the update, as a part of a transaction, that moves one record.

        Its condition refuses a writer that does not know the counter's epoch.
        """
        steps = {after: "1", before: "-1"}
        moved = [state for state in (after, before) if state]
        return {
            "TableName": self._table.name,
            "Key": key_of(counter),
            "UpdateExpression": "SET #epoch = :epoch ADD "
            + ", ".join(f"#{state} :{state}" for state in moved),
            "ConditionExpression": "attribute_not_exists(#epoch) OR #epoch = :epoch",
            "ExpressionAttributeNames": {"#epoch": "epoch"} | {f"#{s}": s.value for s in moved},
            "ExpressionAttributeValues": {":epoch": number(self.epoch(counter))}
            | {f":{state}": {"N": steps[state]} for state in moved},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _of(self, owner: str) -> list[Mapping[str, Any]]:
        names = [*(_name(owner, part) for part in range(PARTS)), COMPLETE]
        return self._table.batch([key_of(name) for name in names], consistent=True)


def counter_of(owner: str, image_id: str) -> str:
    """Return the name of the counter that a record belongs to, for good."""
    return _name(owner, crc32(image_id.encode()) % PARTS)


def key_of(counter: str) -> dict[str, Any]:
    """Return the key of a counter's item."""
    return {COUNTS_KEY: {"S": counter}}


def counted(item: Mapping[str, Any], prefix: str = "") -> dict[State, int]:
    """Return the counts that a counter's item has under a prefix."""
    found = {state: item.get(f"{prefix}{state}") for state in COUNTED}
    return {state: int(value["N"]) for state, value in found.items() if value}


def epoch_of(item: Mapping[str, Any], name: str = "epoch") -> int:
    """Return the number of a recount that a counter's item has under a name, else 0."""
    return int(item[name]["N"]) if name in item else 0


def number(value: int) -> dict[str, str]:
    """Return a number as DynamoDB takes it."""
    return {"N": str(value)}


def _name(owner: str, part: int) -> str:
    return f"{part:02}#{owner}"
