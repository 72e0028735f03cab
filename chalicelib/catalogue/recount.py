"""Counting all records anew while they change, and mending the counters: docs/decisions/302.

A recount has a number, its epoch. Each counter begins it by keeping its counts of that moment as
its *base*; from then on whoever moves a record notes in it the state that it stood in when the
epoch began. So a reading of the table, however long it takes, tells how many stood in each state
when the counter began; the difference to the base is what the counter is wrong by, now as then.
Two recounts of one epoch find the same, and a counter is corrected once in each.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.catalogue.counts import (
    COMPLETE,
    COUNTED,
    Counters,
    counted,
    counter_of,
    epoch_of,
    key_of,
    number,
)
from chalicelib.catalogue.dynamodb import counted_of
from chalicelib.catalogue.progress import Progress, RecountProgress, Stage
from chalicelib.catalogue.table import Table
from chalicelib.errors import RevisionConflict
from chalicelib.images import State
from chalicelib.names import COUNTS_KEY, IMAGES_KEY

# A reading sees the items of a transaction one by one as they are committed:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
SETTLING_SECONDS = 5.0
_READ = (IMAGES_KEY, "state", "owner", "tombstone_owner", "trashed_at", "epoch", "at_epoch")
_NAME = re.compile(r"#\w+")


@dataclass(frozen=True, slots=True)
class Recounted:
    """How many records were read, and how many counters were wrong."""

    records: int
    corrected: int


class Recount:
    """Counts the records of a table anew; what was interrupted resumes where it was.

    Parameters
    ----------
    images, counts
        The table of records and that of their counters.
    clock
        Seconds since 1970.
    """

    def __init__(
        self,
        images: Table,
        counts: Table,
        progress: RecountProgress,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._images = images
        self._counts = counts
        self._progress = progress
        self._sleep = sleep
        self._clock = clock

    def run(self, run_id: str, *, unless_running: bool = False) -> Recounted:
        """Count all records and correct the counters.

        Raises
        ------
        RevisionConflict
            A later recount began meanwhile, which corrects them; or another is under way, and
            ``unless_running`` was asked.
        """
        if unless_running and self._progress.is_running(other_than=run_id):
            raise RevisionConflict("another recount is running")
        progress = self._resumed(run_id) or self._begun(run_id)
        if progress.stage is Stage.ALL:
            progress = self._whole(progress, self._counters(progress, late=False))
        # Another run of this epoch, which was thought dead, may let counters begin at any time.
        while late := self._late(progress):
            progress = self._whole(late, {*late.late})
        corrected = self._correct(progress)
        is_first = "attribute_not_exists(#epoch) OR #epoch <= :epoch"
        epoch = {":epoch": number(progress.epoch)}
        self._update(COMPLETE, "SET #epoch = :epoch", is_first, epoch)
        self._progress.end(progress, corrected)
        return Recounted(progress.records, corrected)

    def _resumed(self, run_id: str) -> Progress | None:
        """Return the progress of the newest recount of this table, where that is not finished."""
        held = self._progress.read()
        epochs = {_name(item): epoch_of(item) for item in self._all()}
        if held is None or held.table != self._images.name:
            return None
        is_open = epochs.get(COMPLETE, 0) < held.epoch == max(epochs.values(), default=0)
        return replace(held, run_id=run_id) if is_open else None

    def _begun(self, run_id: str) -> Progress:
        counters = {_name(item): epoch_of(item) for item in self._all()}
        # Milliseconds: records may come from a stack whose counters are gone, with its numbers.
        epoch = max(int(self._clock() * 1_000), max(counters.values(), default=0) + 1)
        for name in counters.keys() - {COMPLETE}:
            self._begin(name, epoch, late=False)
        if counters:
            self._sleep(SETTLING_SECONDS)
        return self._progress.begun(run_id, epoch, self._images.name)

    def _begin(self, counter: str, epoch: int, *, late: bool) -> bool:
        """Let a counter keep its counts as its base; return False where it has begun."""
        bases = [f"#base_{state} = if_not_exists(#{state}, :zero)" for state in COUNTED]
        return self._update(
            counter,
            f"SET #epoch = :epoch, #late = :late, {', '.join(bases)}",
            "attribute_not_exists(#epoch) OR #epoch < :epoch",
            {":epoch": number(epoch), ":late": number(epoch if late else 0), ":zero": number(0)},
        )

    def _counters(self, progress: Progress, *, late: bool) -> set[str]:
        """Return the counters that began the epoch with it, or late."""
        begun = (item for item in self._all() if epoch_of(item) == progress.epoch)
        return {_name(item) for item in begun if late == (epoch_of(item, "late") > 0)}

    def _read(self, progress: Progress, counters: set[str]) -> Progress:
        """Read the table on to its end; count the records of some counters."""
        late = self._counters(progress, late=True) - counters
        for items in self._pages(progress.after):
            states = [*_states_at(items, progress.epoch)]
            if progress.stage is Stage.ALL:
                self._meet({name for name, _ in states} - counters - late, progress, counters, late)
                progress = replace(progress, records=progress.records + len(items))
            for name, state in states:
                if name in counters and state:
                    of_counter = progress.found.setdefault(name, {})
                    of_counter[state] = of_counter.get(state, 0) + 1
            after = items[-1][IMAGES_KEY]["S"] if items else progress.after
            progress = self._progress.note(replace(progress, after=after))
        return progress

    def _meet(
        self, names: set[str], progress: Progress, counters: set[str], late: set[str]
    ) -> None:
        """Let counters that are met for the first time begin late.

        One that a writer made in this epoch has begun: had any of its records been there before,
        that would have been met.
        """
        begun = {name for name in names if not self._begin(name, progress.epoch, late=True)}
        late |= names - begun
        if begun:  # by a writer, or late by another run
            late |= begun & self._counters(progress, late=True)
            counters |= begun - late

    def _whole(self, progress: Progress, counters: set[str]) -> Progress:
        """Read the rest of the table, so that what is known may be corrected."""
        read = self._read(progress, counters)
        return self._progress.write(replace(read, stage=Stage.CORRECTING, after=None))

    def _late(self, progress: Progress) -> Progress | None:
        """Begin to read for counters that began late, or go on; None where all are read."""
        if progress.stage is Stage.LATE:
            return progress
        late = self._counters(progress, late=True)
        if late <= {*progress.late}:
            return None
        self._sleep(SETTLING_SECONDS)
        found = {name: states for name, states in progress.found.items() if name not in late}
        late_stage = replace(progress, stage=Stage.LATE, after=None, late=sorted(late), found=found)
        return self._progress.write(late_stage)

    def _correct(self, progress: Progress) -> int:
        """Add to each counter what it lacked when it began; return how many lacked any."""
        items = [item for item in self._all() if epoch_of(item) >= progress.epoch]
        if any(epoch_of(item) > progress.epoch for item in items):
            raise RevisionConflict("a later recount has begun")
        # What began since is nobody's to correct who has not read its records.
        return sum(
            self._correct_one(item, progress)
            for item in items
            if not epoch_of(item, "late") or _name(item) in progress.late
        )

    def _correct_one(self, item: Mapping[str, Any], progress: Progress) -> bool:
        found, base = progress.found.get(_name(item), {}), counted(item, "base_")
        lacks = {state: found.get(state, 0) - base.get(state, 0) for state in COUNTED}
        wrong = {state: lack for state, lack in lacks.items() if lack}
        if not wrong:
            return False
        return self._update(
            _name(item),
            f"SET #corrected = :epoch ADD {', '.join(f'#{state} :{state}' for state in wrong)}",
            "#epoch = :epoch AND (attribute_not_exists(#corrected) OR #corrected < :epoch)",
            {":epoch": number(progress.epoch)} | {f":{s}": number(n) for s, n in wrong.items()},
        )

    def _all(self) -> Iterator[Mapping[str, Any]]:
        return Counters(self._counts).all()

    def _pages(self, after: str | None) -> Iterator[list[Mapping[str, Any]]]:
        start = {"ExclusiveStartKey": {IMAGES_KEY: {"S": after}}} if after else {}
        for answer in self._images.pages(
            "scan",
            ConsistentRead=True,
            ProjectionExpression=", ".join(f"#{name}" for name in _READ),
            ExpressionAttributeNames={f"#{name}": name for name in _READ},
            **start,
        ):
            yield answer["Items"]

    def _update(self, counter: str, change: str, condition: str, values: dict[str, Any]) -> bool:
        """Update a counter, attributes written as ``#name``; return whether the condition held."""
        names = {name: name[1:] for name in _NAME.findall(f"{change} {condition}")}
        update = {
            "Key": key_of(counter),
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        try:
            self._counts.tried(lambda: self._counts.call("update_item", **update))
        except RevisionConflict:
            return False
        return True


def _name(item: Mapping[str, Any]) -> str:
    name: str = item[COUNTS_KEY]["S"]
    return name


def _states_at(
    items: Iterable[Mapping[str, Any]], epoch: int
) -> Iterator[tuple[str, State | None]]:
    """Yield for each record its counter and the state it stood in when an epoch began."""
    for item in items:
        owner = (item.get("owner") or item["tombstone_owner"])["S"]
        name = counter_of(owner, item[IMAGES_KEY]["S"])
        yield name, counted_of(item).when_began(epoch)
