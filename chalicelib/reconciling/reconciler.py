"""When a pass runs: what waits at every call, everything once a day or when asked."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from chalicelib.catalogue import Catalogue
from chalicelib.display_copies import DisplayCopies
from chalicelib.queue import Queue
from chalicelib.reconciling.counting import Counting
from chalicelib.reconciling.files import Files
from chalicelib.reconciling.index import IndexRepair
from chalicelib.reconciling.repairs import Repairs, Saving
from chalicelib.reconciling.report import MARGIN, Report, ReportStore
from chalicelib.reconciling.waiting import Waiting
from chalicelib.reconciling.walk import Walk, failure
from chalicelib.reindexing import Reindexing, Stage
from chalicelib.storage import Storage

BETWEEN_PASSES = timedelta(days=1)
# Longer than the function may run (`infra.api`): by then it was killed.
HELD = timedelta(seconds=330)
# Invocations in a row that failed without a page done: a tick is tried three times, twice an hour.
MOST_STUMBLES = 12


class Asked(BaseModel):
    """A pass that somebody asks for; see `Report`."""

    id: str
    margin: timedelta = MARGIN


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Compares and mends, an invocation at a time.

    ``executor`` makes a pool for so many calls at once.
    """

    catalogue: Catalogue
    storage: Storage
    queue: Queue
    index: IndexRepair
    counting: Counting
    reindexing: Reindexing
    clock: Callable[[], datetime]
    executor: Callable[[int], Executor] = ThreadPoolExecutor

    def run(self, is_late: Callable[[], bool], done: Repairs, asked: Asked | None = None) -> None:
        """Do what waits, then go on with the pass through everything, adding to ``done``.

        A pass that is under way goes on whoever asks for another.

        Raises
        ------
        Unavailable
            Something did not answer; the next call goes on.
        """
        Waiting(self.catalogue, self.storage, self.queue, self.clock, self.executor).settle(
            is_late, done
        )
        store = ReportStore(self.storage)
        report = self._taken(store.newest(), asked)
        if report is None:
            return
        store.tell(report)
        walk = self._walk(store, report, done)
        try:
            walk.go_on(is_late)
        except Exception as error:
            walk.report = _stumbled(walk.report, error)
            raise
        finally:
            walk.report = replace(walk.report, held_until=None)
            walk.keep()

    def _taken(self, newest: Report | None, asked: Asked | None) -> Report | None:
        """Return the pass that is to be worked on, held from others; None where there is none."""
        now = self.clock()
        if newest is None or newest.stage is not Stage.RUNNING:
            if asked is None and newest and now - newest.started_at < BETWEEN_PASSES:
                return None
            wanted = asked or Asked(id=str(uuid4()))
            newest = Report(wanted.id, now, now, margin=wanted.margin)
        elif newest.held_until and newest.held_until > now:
            return None
        return replace(newest, held_until=now + HELD, updated_at=now)

    def _walk(self, store: ReportStore, report: Report, done: Repairs) -> Walk:
        resumption = store.resumption(report)
        held = replace(resumption.report, held_until=report.held_until, stumbles=report.stumbles)
        saving = Saving(self.catalogue, done)
        copies = DisplayCopies(self.catalogue, self.storage)
        files = Files(
            self.storage,
            self.queue,
            copies,
            saving,
            done,
            held.unmoved_since,
            self.clock,
            self.executor,
        )
        return Walk(
            replace(resumption, report=held),
            catalogue=self.catalogue,
            storage=self.storage,
            index=self.index,
            files=files,
            counting=self.counting,
            reindexing=self.reindexing,
            store=store,
            done=done,
            clock=self.clock,
        )


def asked_of(detail: Mapping[str, Any]) -> Asked | None:
    """Return what the detail of a function's event asks for; a schedule's asks for nothing."""
    wanted = detail.get("reconcile")
    return None if wanted is None else Asked.model_validate(wanted)


def _stumbled(report: Report, error: Exception) -> Report:
    stumbles = report.stumbles + 1
    stage = Stage.FAILED if stumbles >= MOST_STUMBLES else report.stage
    return replace(report, stage=stage, stumbles=stumbles, reason=failure(error))
