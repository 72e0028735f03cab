"""One pass through everything, in parts: what is there, the records, what no record names.

Listings of the bucket and of the index are cheap, a thousand entries a request, but come in another
order than the records. So each is gone through once before the records, of which its entries are
remembered as digests, and once after them. Only what seems to differ is looked at by itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from chalicelib.catalogue import Catalogue
from chalicelib.errors import Unavailable
from chalicelib.images import DESCRIBED, Image, State
from chalicelib.names import DERIVED, UPLOADS
from chalicelib.reconciling.counting import Counting
from chalicelib.reconciling.files import Files, file_of, texts_of
from chalicelib.reconciling.index import IndexRepair
from chalicelib.reconciling.repairs import Repair, Repairs
from chalicelib.reconciling.report import Digests, Part, Report, ReportStore, Resumption
from chalicelib.reindexing import Reindexing, Stage, batches
from chalicelib.storage import Storage

# What was done is kept at least so often, and at once where anything was repaired.
KEPT_EVERY = timedelta(seconds=10)
# Photographs that the indexer is asked to mend at once: it answers in seconds.
MENDED_AT_ONCE = 500

# A page was done: up to where, and how many records were compared.
Step = tuple[str | None, int]


class Walk:
    """Goes on with a pass until it is over, or it is late.

    Parameters
    ----------
    done
        Takes what is repaired.
    """

    def __init__(
        self,
        resumption: Resumption,
        *,
        catalogue: Catalogue,
        storage: Storage,
        index: IndexRepair,
        files: Files,
        counting: Counting,
        reindexing: Reindexing,
        store: ReportStore,
        done: Repairs,
        clock: Callable[[], datetime],
    ) -> None:
        self.report: Report = resumption.report
        self._after = resumption.after
        self._is_ahead = resumption.is_ahead
        self._seen = {name: Digests(content) for name, content in resumption.seen.items()}
        self._catalogue = catalogue
        self._storage = storage
        self._index = index
        self._files = files
        self._counting = counting
        self._reindexing = reindexing
        self._store = store
        self._done = done
        self._clock = clock
        self._told: dict[str, int] = {}
        self._kept_at = clock()

    def go_on(self, is_late: Callable[[], bool]) -> None:
        """Do parts, or as many pages of one as there is time for; `keep` belongs after it.

        Raises
        ------
        Unavailable
            Something did not answer.
        """
        while self.report.stage is Stage.RUNNING:
            for after, examined in self._part():
                self._note(after, examined)
                if is_late():
                    return
            self._finish_part()

    def keep(self) -> None:
        """Keep how far it is, and what of it was repaired."""
        new = {name: count - self._told.get(name, 0) for name, count in self._done.items()}
        repaired = Repairs(self.report.repaired) + Repairs(new)
        self.report = replace(self.report, repaired=dict(repaired), updated_at=self._clock())
        seen = {name: digests.encoded() for name, digests in self._seen.items()}
        self._store.keep(Resumption(self.report, self._after, seen, self._is_ahead))
        self._told, self._kept_at = dict(self._done), self._clock()

    def _part(self) -> Iterator[Step]:
        parts: dict[Part, Callable[[], Iterator[Step]]] = {
            Part.FILES: self._list_files,
            Part.COPIES: self._list_copies,
            Part.INDEX: self._list_index,
            Part.RECORDS: self._compare_records,
            Part.STRAY_FILES: self._find_stray_files,
            Part.STRAY_COPIES: self._find_stray_copies,
            Part.STRAY_DOCUMENTS: self._find_stray_documents,
            Part.COUNTS: self._count,
        }
        return parts[self.report.part]()

    def _note(self, after: str | None, examined: int) -> None:
        self._after = after
        examined += self.report.examined
        self.report = replace(self.report, examined=examined, stumbles=0, reason=None)
        if dict(self._done) != self._told or self._clock() - self._kept_at >= KEPT_EVERY:
            self.keep()

    def _finish_part(self) -> None:
        order = [*Part]
        at = order.index(self.report.part) + 1
        self._after = None
        if at < len(order):
            self.report = replace(self.report, part=order[at])
        else:
            self.report = replace(self.report, stage=Stage.FINISHED)
            self._seen = {}

    def _digests(self, name: str) -> Digests:
        return self._seen.setdefault(name, Digests())

    # ---- What is there --------------------------------------------------------------------------

    def _list_files(self) -> Iterator[Step]:
        for page in batches(self._storage.newest_versions(UPLOADS, after=self._after)):
            self._digests("files").add(text for file in page for text in texts_of(file))
            yield page[-1].key, 0

    def _list_copies(self) -> Iterator[Step]:
        for page in batches(self._storage.objects(DERIVED, after=self._after)):
            self._digests("copies").add(copy.key for copy in page)
            yield page[-1].key, 0

    def _list_index(self) -> Iterator[Step]:
        while page := self._index.held(self._after):
            self._digests("indexed").add(f"{held.image_id}\n{held.rev}" for held in page)
            yield page[-1].image_id, 0

    # ---- The records ----------------------------------------------------------------------------

    def _compare_records(self) -> Iterator[Step]:
        # What is saved rests on the revision, so that half the price is enough.
        for page in batches(self._catalogue.scan(self._after, consistent=False)):
            lost = self._compare([r for r in page if r.updated_at < self.report.unmoved_since])
            self._files.purge(page)
            left = [r for r in page if r.state is not State.DELETED and r.image_id not in lost]
            self._digests("ids").add(record.image_id for record in page)
            # A file that came after all, late, is looked at by itself.
            self._digests("keys").add(r.key for r in left if r.state is not State.EXPIRED)
            self._digests("named").add(key for record in left for key in record.copies)
            yield page[-1].image_id, len(page)
        for name in ("files", "copies", "indexed"):
            self._seen.pop(name, None)

    def _compare(self, records: Sequence[Image]) -> set[str]:
        """Mend what differs of records that nobody is at work on; return whose file is gone."""
        seen = self._digests("files")
        lost = self._files.missing([r for r in records if (f := file_of(r)) and seen.lack(f)])
        left = [record for record in records if record.image_id not in lost]
        self._files.without_copies([r for r in left if r.state in DESCRIBED and self._lacks(r)])
        indexed = self._digests("indexed")
        self._mend([r.image_id for r in left if indexed.lack(f"{r.image_id}\n{r.rev}")])
        return lost

    def _lacks(self, record: Image) -> bool:
        return any(map(self._digests("copies").lack, record.copies))

    def _mend(self, image_ids: Sequence[str]) -> None:
        for start in range(0, len(image_ids), MENDED_AT_ONCE):
            mended = self._index.mend(image_ids[start : start + MENDED_AT_ONCE])
            self._done[Repair.INDEXED] += mended.indexed
            self._done[Repair.UNINDEXED] += mended.removed
            self._done[Repair.PASSED_OVER] += mended.passed_over
            self._is_ahead |= mended.ahead > 0

    # ---- What no record names -------------------------------------------------------------------

    def _find_stray_files(self) -> Iterator[Step]:
        known = self._digests("keys")
        for page in batches(self._storage.newest_versions(UPLOADS, after=self._after)):
            self._files.stray(file for file in page if known.lack(file.key))
            yield page[-1].key, 0

    def _find_stray_copies(self) -> Iterator[Step]:
        named = self._digests("named")
        for page in batches(self._storage.objects(DERIVED, after=self._after)):
            self._files.stray_copies(copy for copy in page if named.lack(copy.key))
            yield page[-1].key, 0

    def _find_stray_documents(self) -> Iterator[Step]:
        known = self._digests("ids")
        while page := self._index.held(self._after):
            self._mend([h.image_id for h in page if not h.deleted and known.lack(h.image_id)])
            yield page[-1].image_id, 0
        if self._is_ahead:
            self._reindexing.start(self.report.run_id, unless_running=True)
            self._done[Repair.REINDEXED] += 1
            self._is_ahead = False

    # ---- The counts -----------------------------------------------------------------------------

    def _count(self) -> Iterator[Step]:
        count = partial(self._counting.corrected, self.report.run_id)
        while (corrected := count(self._after)) is None:
            self._after = self._after or self._counting.start(self.report.run_id)
            yield self._after, 0
        self._done[Repair.RECOUNTED] += corrected


def failure(error: Exception) -> str:
    """Return why something failed, as is told."""
    return error.detail if isinstance(error, Unavailable) else type(error).__name__
