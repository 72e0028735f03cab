"""What a writer does to the store: add parts, replace the manifest, remove what nobody needs."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from chalicelib.search.embedded import delta
from chalicelib.search.embedded.entries import Entry
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.manifest import Manifest, Part
from chalicelib.search.embedded.replica import Replica
from chalicelib.search.embedded.snapshot import SnapshotStore, digest


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Publisher:
    """Publishes from a replica, the writer's own.

    A part's name says its generation and content, and ends in what was never used before: a part
    that is being removed is never one that is about to be published again.

    Parameters
    ----------
    store
        Where the index is published.
    now
        The time, for keeping parts that may still be loaded.
    """

    def __init__(
        self, store: SnapshotStore, replica: Replica, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._store = store
        self._replica = replica
        self._now = now

    def base(self, index: EmbeddedIndex) -> Part:
        """Add a whole index."""
        upto = index.generation
        return self._added("base", index.image(), after=0, upto=upto, documents=index.size)

    def changes(self, entries: Sequence[Entry], after: int, upto: int) -> Part:
        """Add what changed after one generation up to another."""
        content = delta.encoded(entries)
        return self._added("run", content, after=after, upto=upto, documents=len(entries))

    def replace(
        self, index: EmbeddedIndex, old: Manifest | None, new: Manifest, tag: str | None
    ) -> None:
        """Publish a manifest in the place of another; the replica is then what it says.

        Parameters
        ----------
        old, tag
            The manifest that is replaced, where it can be read, and its tag.

        Raises
        ------
        SnapshotConflict
            It is no longer the current one; nothing was published.
        """
        self._replica.tag = None  # until it is known which manifest is current
        new = new.after(old, self._now())
        tag = self._store.publish(new.encoded(), replacing=tag)
        self._replica.become(index, new, tag)

    def sweep(self) -> None:
        """Remove what no reader can load any more, straight after a manifest was published.

        A part that another writer added before that, for a manifest of its own, is worthless: its
        manifest would replace one that is no longer current.
        """
        manifest = self._replica.manifest
        if manifest is not None:
            names = manifest.superfluous(self._store.parts(), self._now())
            if names:
                self._store.remove(names)

    def _added(self, kind: str, content: bytes, *, after: int, upto: int, documents: int) -> Part:
        sha256 = digest(content)
        name = f"{kind}-{upto}-{sha256[:12]}-{uuid4().hex[:8]}"
        self._store.add(name, content)
        return Part(name, sha256, len(content), after, upto, documents)
