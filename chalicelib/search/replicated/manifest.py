"""What the published index consists of, as one small object that is replaced whole.

The index is a *base*, one segment of all documents, and *runs* of changes since, oldest first: a
log-structured merge tree (O'Neil and others, "The log-structured merge-tree", 1996) whose merged
state every reader holds in memory. Each batch adds a run; when there are many, the youngest become
one; when they make up a good part of the base, all become a new base. Taking a document in twice
changes nothing, so that runs may overlap what a reader has.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from pydantic import TypeAdapter

from chalicelib.search.replicated.store import DamagedIndex, OutdatedIndex

FORMAT = 2  # to be raised where older readers or writers could not read what is published
VERSION = 4  # to be raised where columns are added: what lacks them is read, and built anew
GRACE = timedelta(minutes=5)  # no request runs as long: nobody loads from an older manifest


@dataclass(frozen=True, slots=True)
class Policy:
    """When parts are merged.

    Attributes
    ----------
    runs
        How many there may be since the base.
    share, fewest
        Runs that hold more documents than this share of the base's, and than so many, become a
        new base: every tenth document costs one writing of it.
    kept
        Documents of the youngest runs that a new base leaves in the manifest, for readers that
        have seen all but those.
    """

    runs: int = 16
    share: float = 0.1
    fewest: int = 2_000
    kept: int = 1_000


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Part:
    """An immutable object: a base, or the changes after one generation up to another.

    Attributes
    ----------
    documents
        How many it holds; of a base, all.
    """

    name: str
    sha256: str
    size: int
    after: int
    upto: int
    documents: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One published state of the index.

    Attributes
    ----------
    lineage
        The index whose generations these are; a rebuilt index has another.
    runs
        Those that a base has taken in are kept for readers of a generation before it.
    version
        Of the columns.
    catalogue
        The name of the table that is indexed. Revisions of another, such as the one that this was
        restored from, may be higher, and are not to be compared with its own.
    retired
        Names of parts that earlier manifests held, and until when (seconds since 1970).
    previous
        The index before the last exchange.
    """

    lineage: str
    base: Part
    runs: tuple[Part, ...] = ()
    version: int = VERSION
    catalogue: str = ""
    retired: tuple[tuple[str, int], ...] = ()
    previous: "Manifest | None" = None

    @property
    def generation(self) -> int:
        """The generation a reader has once it has loaded everything."""
        return max(part.upto for part in (self.base, *self.runs))

    def is_current(self, catalogue: str) -> bool:
        """Whether it has the columns of this version, or of a later one, and is of a catalogue."""
        return self.version >= VERSION and self.catalogue == catalogue

    @property
    def pending(self) -> tuple[Part, ...]:
        """The runs that the base has not taken in."""
        return tuple(run for run in self.runs if run.upto > self.base.upto)

    @property
    def names(self) -> frozenset[str]:
        """Names of all parts."""
        former = (self.previous.base, *self.previous.runs) if self.previous else ()
        return frozenset(part.name for part in (self.base, *self.runs, *former))

    def changes_since(self, held: "Manifest | None") -> tuple[Part, ...] | None:
        """Return the changes that bring a copy up to date; None where it must begin anew."""
        first = min((run.after for run in self.runs), default=self.generation)
        if held is None or held.lineage != self.lineage:
            return None
        if not first <= held.generation <= self.generation:
            return None
        return tuple(run for run in self.runs if run.upto > held.generation)

    def is_heavy(self, policy: Policy) -> bool:
        """Whether the runs should become a new base."""
        changed = sum(run.documents for run in self.pending)
        return changed > max(policy.fewest, self.base.documents * policy.share)

    def scattered(self, policy: Policy) -> tuple[Part, ...]:
        """Return the youngest runs, where there are so many that they should become one.

        From the first that is smaller than all after it together: the sizes of the others then
        fall by half each time, and every document is merged a logarithmic number of times.
        """
        runs = self.pending
        if len(runs) <= policy.runs:
            return ()
        after = sum(run.documents for run in runs)
        for at, run in enumerate(runs):
            after -= run.documents
            if run.documents < after:
                return runs[at:]
        return runs[-2:]

    def with_merged(self, run: Part) -> "Manifest":
        """Return the manifest with ``run`` in place of the runs it was merged from."""
        kept = tuple(part for part in self.runs if part.upto <= run.after)
        return replace(self, runs=(*kept, run))

    def with_base(self, base: Part, policy: Policy) -> "Manifest":
        """Return the manifest with a base that holds all runs."""
        counts = accumulate(run.documents for run in reversed(self.runs))
        kept = sum(count <= policy.kept for count in counts)
        return replace(self, base=base, runs=self.runs[len(self.runs) - kept :])

    def after(self, old: "Manifest | None", now: datetime) -> "Manifest":
        """Return the manifest as the one that replaces ``old``: it remembers what that held.

        What this release writes into an index of a later one has its own columns alone: the later
        one, when it is back, is to build it anew.
        """
        if old is None:
            return self
        retired = [(name, at) for name, at in old.retired if not _past(at, now)]
        retired += [(name, int(now.timestamp())) for name in sorted(old.names - self.names)]
        return replace(self, retired=tuple(retired), version=min(self.version, VERSION))

    def superfluous(self, stored: Iterable[tuple[str, datetime]], now: datetime) -> list[str]:
        """Return which stored parts nobody can load any more, once this manifest is published.

        What no manifest holds may be a part whose manifest is yet to come, as long as it is young.
        """
        retired = dict(self.retired)
        return [
            name
            for name, written in stored
            if name not in self.names
            and now - written > GRACE
            and (name not in retired or _past(retired[name], now))
        ]

    def encoded(self) -> bytes:
        """Return the manifest as `decoded` reads it."""
        return json.dumps({"format": FORMAT, **asdict(self)}).encode()

    @staticmethod
    def decoded(content: bytes) -> "Manifest":
        """Read a manifest.

        Raises
        ------
        OutdatedIndex
            Another version of this program wrote it.
        DamagedIndex
            It is none.
        """
        try:
            read: dict[str, Any] = json.loads(content)
            if (written := read.pop("format")) != FORMAT:
                raise OutdatedIndex(f"the search index has format {written}, not {FORMAT}")
            return _MANIFEST.validate_python(read)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedIndex("the manifest of the search index cannot be read") from error


_MANIFEST = TypeAdapter(Manifest)


def _past(moment: int, now: datetime) -> bool:
    return now.timestamp() - moment > GRACE.total_seconds()
