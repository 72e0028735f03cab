"""What the published index consists of, as one small object that is replaced whole.

The index is a *base*, an SQLite image, and *runs* of changes since, oldest first: a log-structured
merge tree (O'Neil and others, "The log-structured merge-tree", 1996) whose merged state every
reader holds in memory. Each batch adds a run; when there are many, the youngest become one; when
they make up a good part of the base, all become a new base. The youngest batches are also kept
apart (*recent*), so that a reader that saw the last but few loads only those.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.search.embedded.schema import VERSION, OutdatedIndex
from chalicelib.search.embedded.snapshot import DamagedIndex

FORMAT = 1  # of the manifest: to be raised whenever it or the parts' format changes
GRACE = timedelta(minutes=5)  # no request runs as long: nobody loads from an older manifest


@dataclass(frozen=True, slots=True)
class Policy:
    """When parts are merged.

    Attributes
    ----------
    runs
        How many there may be.
    recent
        How many of the youngest batches are kept apart.
    share, fewest
        Runs that hold more documents than this share of the base's, and than so many, become a
        new base. Every tenth document costs one writing of the base, and opening an index never
        takes in more than a tenth of it document by document.
    """

    runs: int = 16
    recent: int = 64
    share: float = 0.1
    fewest: int = 2_000


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
class Former:
    """An index that was exchanged, kept to go back to."""

    lineage: str
    base: Part
    runs: tuple[Part, ...]

    def as_manifest(self) -> "Manifest":
        """Return what loads it."""
        return Manifest(self.lineage, self.base, self.runs)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One published state of the index.

    Attributes
    ----------
    lineage
        The index whose generations these are; a rebuilt index has another.
    retired
        Names of parts that earlier manifests held, and until when (seconds since 1970).
    previous
        The index before the last exchange.
    """

    lineage: str
    base: Part
    runs: tuple[Part, ...] = ()
    recent: tuple[Part, ...] = ()
    retired: tuple[tuple[str, int], ...] = ()
    previous: Former | None = None

    @property
    def generation(self) -> int:
        """The generation a reader has once it has loaded everything."""
        return self.runs[-1].upto if self.runs else self.base.upto

    @property
    def names(self) -> frozenset[str]:
        """Names of all parts."""
        former = (self.previous.base, *self.previous.runs) if self.previous else ()
        return frozenset(part.name for part in (self.base, *self.runs, *self.recent, *former))

    def changes_since(self, lineage: str, generation: int) -> tuple[Part, ...] | None:
        """Return the changes that bring a copy up to date; None where it must begin anew."""
        if lineage != self.lineage or generation > self.generation:
            return None
        for parts in (self.recent, self.runs):
            first = parts[0].after if parts else self.generation
            if generation >= first:
                return tuple(part for part in parts if part.upto > generation)
        return None

    def is_heavy(self, policy: Policy) -> bool:
        """Whether the runs should become a new base."""
        changed = sum(run.documents for run in self.runs)
        return changed > max(policy.fewest, self.base.documents * policy.share)

    def scattered(self, policy: Policy) -> tuple[Part, ...]:
        """Return the youngest runs, where there are so many that they should become one.

        From the first that is smaller than all after it together: the sizes of the others then
        fall by half each time, and every document is merged a logarithmic number of times.
        """
        if len(self.runs) <= policy.runs:
            return ()
        after = sum(run.documents for run in self.runs)
        for at, run in enumerate(self.runs):
            after -= run.documents
            if run.documents < after:
                return self.runs[at:]
        return self.runs[-2:]

    def extended(self, batch: Part, policy: Policy) -> "Manifest":
        """Return the manifest with one more batch."""
        recent = (*self.recent, batch)[-policy.recent :]
        return replace(self, runs=(*self.runs, batch), recent=recent)

    def with_merged(self, run: Part) -> "Manifest":
        """Return the manifest with ``run`` in place of the runs it was merged from."""
        kept = tuple(part for part in self.runs if part.upto <= run.after)
        return replace(self, runs=(*kept, run))

    def with_base(self, base: Part) -> "Manifest":
        """Return the manifest with a base that holds all runs."""
        return replace(self, base=base, runs=())

    def instead_of(self, former: "Manifest") -> "Manifest":
        """Return the manifest of an exchanged index, with the former one to go back to."""
        return replace(self, previous=Former(former.lineage, former.base, former.runs))

    def after(self, old: "Manifest | None", now: datetime) -> "Manifest":
        """Return the manifest as the one that replaces ``old``: it remembers what that held."""
        if old is None:
            return self
        retired = [(name, at) for name, at in old.retired if not _past(at, now)]
        retired += [(name, int(now.timestamp())) for name in sorted(old.names - self.names)]
        return replace(self, retired=tuple(retired))

    def superfluous(self, stored: Iterable[tuple[str, datetime]], now: datetime) -> list[str]:
        """Return which stored parts nobody can load any more.

        Parameters
        ----------
        stored
            Names and when they were written. What no manifest holds may be a part whose manifest
            is yet to come, as long as it is young.
        now
            When *this* manifest was published, or later.
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
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}).encode()

    @classmethod
    def decoded(cls, content: bytes) -> "Manifest":
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
            written = (read.pop("format"), read.pop("version"))
            if written != (FORMAT, VERSION):
                raise OutdatedIndex.of(f"{written[1]}.{written[0]}")
            former = read["previous"]
            return cls(
                lineage=read["lineage"],
                base=Part(**read["base"]),
                runs=_parts(read["runs"]),
                recent=_parts(read["recent"]),
                retired=tuple((name, at) for name, at in read["retired"]),
                previous=former
                and Former(former["lineage"], Part(**former["base"]), _parts(former["runs"])),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedIndex("the manifest of the search index cannot be read") from error


def _parts(read: list[dict[str, Any]]) -> tuple[Part, ...]:
    return tuple(Part(**part) for part in read)


def _past(moment: int, now: datetime) -> bool:
    return now.timestamp() - moment > GRACE.total_seconds()
