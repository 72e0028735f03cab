"""What is told of a pass through everything, and what is kept to resume it, in the bucket.

Each page of a pass is done before its end is kept, so that whoever is killed does one page again.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from chalicelib.names import RECONCILING
from chalicelib.reindexing import Stage
from chalicelib.storage import Storage

REPORT = f"{RECONCILING}.json"
RESUMPTION = f"{RECONCILING}-pass.json"
# What changed less than this before the beginning of a pass is work under way: an event takes a
# minute or longer, its five attempts half an hour.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
MARGIN = timedelta(hours=1)
_MAX_BYTES = 1_000_000_000
_DIGEST_BYTES = 8


class Part(StrEnum):
    """What is gone through: first what is there, then the records, then what no record names."""

    FILES = "files"
    COPIES = "copies"
    INDEX = "index"
    RECORDS = "records"
    STRAY_FILES = "stray files"
    STRAY_COPIES = "stray copies"
    STRAY_DOCUMENTS = "stray documents"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class Report:
    """One pass through everything.

    Attributes
    ----------
    run_id
        Chosen by whoever asked for it.
    stage
        Whether it is over, and how it ended.
    part, examined
        Where it is, and how many records it has compared.
    repaired
        How many there were of each `Repair`.
    reason
        Why it failed, or what it stumbled over last.
    margin
        What changed less than so long before its beginning is left alone.
    held_until
        Until when whoever works on it keeps others from it; None where nobody does.
    stumbles
        How many invocations in a row failed without having done a page.
    """

    run_id: str
    started_at: datetime
    updated_at: datetime
    stage: Stage = Stage.RUNNING
    part: Part = Part.FILES
    examined: int = 0
    repaired: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    margin: timedelta = MARGIN
    held_until: datetime | None = None
    stumbles: int = 0

    @property
    def unmoved_since(self) -> datetime:
        """What changed after it is left alone."""
        return self.started_at - self.margin


class Digests:
    """A set of texts, of which eight bytes each are kept: 8 MB for a million.

    Of a million texts, one that is not in it is taken for one that is with a chance of 1 in 18
    million million.
    """

    def __init__(self, content: str = "") -> None:
        self._sorted: npt.NDArray[np.uint64] = np.frombuffer(b64decode(content), np.uint64)
        self._added: list[npt.NDArray[np.uint64]] = []

    def add(self, texts: Iterable[str]) -> None:
        """Take texts in."""
        self._added.append(_digests(texts))

    def lack(self, text: str) -> bool:
        """Tell whether a text is not in it."""
        (digest,) = _digests([text])
        known = self._whole()
        at = int(np.searchsorted(known, digest))
        return at == len(known) or bool(known[at] != digest)

    def encoded(self) -> str:
        """Return it as `Digests` takes it."""
        return b64encode(self._whole().tobytes()).decode()

    def _whole(self) -> npt.NDArray[np.uint64]:
        if self._added:
            self._sorted = np.unique(np.concatenate((self._sorted, *self._added)))
            self._added = []
        return self._sorted


def _digests(texts: Iterable[str]) -> npt.NDArray[np.uint64]:
    found = (blake2b(t.encode("utf-8", "replace"), digest_size=_DIGEST_BYTES) for t in texts)
    return np.frombuffer(b"".join(digest.digest() for digest in found), np.uint64)


@dataclass(frozen=True, slots=True)
class Resumption:
    """What a pass needs to go on.

    Attributes
    ----------
    after
        Where it is in its part; None at the beginning.
    seen
        `Digests` by their names.
    is_ahead
        Whether the index holds later revisions than the catalogue.
    """

    report: Report
    after: str | None = None
    seen: Mapping[str, str] = field(default_factory=dict)
    is_ahead: bool = False


_REPORT = TypeAdapter(Report)
_RESUMPTION = TypeAdapter(Resumption)


@dataclass(frozen=True, slots=True)
class ReportStore:
    """The newest pass: the reconciler writes it and the API reads it."""

    storage: Storage

    def newest(self) -> Report | None:
        """Return what is told of it, None where there never was one."""
        text = self.storage.read(REPORT, limit=_MAX_BYTES)
        return None if text is None else _REPORT.validate_json(text)

    def tell(self, report: Report) -> None:
        """Tell of it."""
        text = _REPORT.dump_json(report)
        self.storage.write(REPORT, text, content_type="application/json")

    def resumption(self, report: Report) -> Resumption:
        """Return what the pass of a report needs to go on: nothing, where it has done no page."""
        text = self.storage.read(RESUMPTION, limit=_MAX_BYTES)
        held = None if text is None else _RESUMPTION.validate_json(text)
        if held is None or held.report.run_id != report.run_id:
            return Resumption(report)
        return held

    def keep(self, resumption: Resumption) -> None:
        """Keep what a pass needs to go on, and tell of it."""
        text = _RESUMPTION.dump_json(resumption)
        self.storage.write(RESUMPTION, text, content_type="application/json")
        self.tell(resumption.report)
