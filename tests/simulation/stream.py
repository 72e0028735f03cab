"""The stream of the table of images, and how Lambda hands it to the indexer."""

from collections import Counter, deque
from itertools import count
from typing import Any
from zlib import crc32

from infra.deliveries import STREAM_HOURS, STREAM_RETRIES
from tests.simulation.dynamodb import Item
from tests.simulation.functions import Function, in_event
from tests.simulation.scheduler import Scheduler

SHARDS = 2
_PAUSE = 30.0  # seconds before a batch that failed is tried again


class Stream:
    """Shards whose records are delivered in order, a batch at a time, until they are done.

    A batch that failed is tried again from its first record that did, as often and as long as the
    template says. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html

    Attributes
    ----------
    given_up
        How many records never were taken in.
    """

    def __init__(self, scheduler: Scheduler, indexer: Function) -> None:
        self._scheduler = scheduler
        self._indexer = indexer
        self._shards: list[deque[tuple[int, float, Any]]] = [deque() for _ in range(SHARDS)]
        self._is_taken = [False] * SHARDS
        self._failures: Counter[int] = Counter()
        self._numbers = count(1)
        self.given_up = 0

    def put(self, image_id: str, before: Item | None, after: Item) -> None:
        """Take a change."""
        shard, number = crc32(image_id.encode()) % SHARDS, next(self._numbers)
        record = _record(number, before, after)
        self._shards[shard].append((number, self._scheduler.seconds, record))
        self._scheduler.after(1, lambda: self._poll(shard))

    def _poll(self, shard: int) -> None:
        self._give_up(shard)
        waiting = self._shards[shard]
        if self._is_taken[shard] or not waiting:
            return
        if self._indexer.is_busy:
            self._scheduler.after(2, lambda: self._poll(shard))
            return
        batch = list(waiting)[: self._scheduler.random.randint(1, 6)]
        self._is_taken[shard] = True

        def ended(told: Any, error: BaseException | None) -> None:
            self._ended(shard, [number for number, _, _ in batch], told, error)

        self._indexer.begin({"Records": [record for _, _, record in batch]}, ended)

    def _ended(
        self, shard: int, numbers: list[int], told: Any, error: BaseException | None
    ) -> None:
        named = told["batchItemFailures"] if told else []
        failed = [int(one["itemIdentifier"]) for one in named]
        first = numbers[0] if error else min(failed, default=numbers[-1] + 1)
        waiting = self._shards[shard]
        while waiting and waiting[0][0] < first:
            waiting.popleft()
        is_done = first > numbers[-1]
        self._failures[first] += not is_done
        self._is_taken[shard] = False
        self._scheduler.after(1 if is_done else _PAUSE, lambda: self._poll(shard))

    def _give_up(self, shard: int) -> None:
        waiting = self._shards[shard]
        while waiting and not self._is_taken[shard] and self._is_hopeless(*waiting[0][:2]):
            waiting.popleft()
            self.given_up += 1

    def _is_hopeless(self, number: int, since: float) -> bool:
        is_old = self._scheduler.seconds - since > STREAM_HOURS * 3_600
        return is_old or 0 <= STREAM_RETRIES < self._failures[number]


def _record(number: int, before: Item | None, after: Item) -> dict[str, Any]:
    told = {"SequenceNumber": str(number), "NewImage": in_event(after)}
    return {"dynamodb": told | ({"OldImage": in_event(before)} if before else {})}
