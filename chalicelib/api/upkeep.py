"""Maintenance: rebuild the catalogue, re-index, reconcile, caption again, import."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import uuid4

from chalicelib.access import Caller
from chalicelib.api.answers import ImportAnswer, RebuildAnswer, ReconcileAnswer, ReindexAnswer
from chalicelib.api.requests import (
    ImportRequest,
    RebuildRequest,
    RecaptionRequest,
    ReconcileRequest,
    ReindexRequest,
)
from chalicelib.errors import InvalidField, NotFound
from chalicelib.images import State
from chalicelib.imports import Imports
from chalicelib.rebuild import Rebuild
from chalicelib.reconciling.reconciler import Asked
from chalicelib.reconciling.report import ReportStore
from chalicelib.reconciling.starting import Reconciling
from chalicelib.recounting import Recounting
from chalicelib.reindexing import Reindexing, RunStateStore, Stage


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Requests of maintenance.

    What takes no caller is about every owner's photographs: its routes are an administrator's.
    """

    rebuilding: Rebuild
    reindexing: Reindexing
    recounting: Recounting
    runs: RunStateStore
    imports: Imports
    reconciling: Reconciling
    reports: ReportStore

    def rebuild(self, asked: RebuildRequest) -> RebuildAnswer:
        """Redrive the next page of the bucket."""
        page = self.rebuilding.page(asked.after, asked.limit, force=asked.force)
        return RebuildAnswer.model_validate(page)

    def reindex(self, asked: ReindexRequest) -> ReindexAnswer:
        """Have the search index rebuilt from the catalogue, or rolled back to the former one.

        With a rebuild the catalogue's counts are made anew, too.
        """
        run_id = str(uuid4())
        self.reindexing.start(run_id, roll_back=asked.roll_back)
        if not asked.roll_back:
            self.recounting.recount(run_id)
        return ReindexAnswer(id=run_id, roll_back=asked.roll_back, state="asked")

    def show_reindex(self) -> ReindexAnswer:
        """Return the state of the newest re-index; see `RunStateStore.known`."""
        run = self.runs.known()
        told = {**asdict(run), "id": run.run_id, "state": run.stage.value}
        return ReindexAnswer.model_validate(told)

    def reconcile(self, asked: ReconcileRequest) -> ReconcileAnswer:
        """Have everything compared and mended; a pass that is under way is continued."""
        newest = self.reports.newest()
        is_running = newest is not None and newest.stage is Stage.RUNNING
        run_id = newest.run_id if newest and is_running else str(uuid4())
        self.reconciling.start(Asked(id=run_id, margin=timedelta(minutes=asked.margin_minutes)))
        return ReconcileAnswer(id=run_id, state="asked")

    def show_reconcile(self) -> ReconcileAnswer:
        """Return the report of the newest pass."""
        report = self.reports.newest()
        if report is None:
            raise NotFound("nothing was ever reconciled")
        told = {**asdict(report), "id": report.run_id, "state": report.stage.value}
        return ReconcileAnswer.model_validate(told)

    def recaption(self, caller: Caller, asked: RecaptionRequest) -> RebuildAnswer:
        """Caption chosen photographs, or a page of those in a state, again."""
        owner = caller.visible_owner(None)
        if asked.state is None:
            queued = self.rebuilding.recaption(owner, asked.ids or ())
            return RebuildAnswer(examined=queued, queued=queued, skipped=0, cursor=None)
        if asked.state is State.DELETED:
            raise InvalidField("state", "deleted photographs cannot be captioned")
        page = self.rebuilding.recaption_page(owner, asked.state, asked.cursor)
        return RebuildAnswer.model_validate(page)

    def start_import(self, caller: Caller, asked: ImportRequest) -> ImportAnswer:
        """Start to import a folder's captions."""
        owner = caller.visible_owner(None)
        report = self.imports.start(owner, asked.prefix, asked.file, asked.encoding)
        return ImportAnswer.model_validate(report)

    def show_import(self, caller: Caller, import_id: str) -> ImportAnswer:
        """Return the state of an import."""
        report = self.imports.report(caller.visible_owner(None), import_id)
        return ImportAnswer.model_validate(report)
