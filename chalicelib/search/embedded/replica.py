"""A copy of the published index in memory, which follows what is published."""

from collections.abc import Iterable

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded import delta
from chalicelib.search.embedded.entries import Entry
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.manifest import Manifest, Part
from chalicelib.search.embedded.snapshot import (
    DamagedIndex,
    MissingPart,
    SnapshotStore,
    verified,
)

TRIES = 3


class Replica:
    """Holds one published state at a time.

    What was published since the held state is loaded before any of it is taken in, and every
    state on the way is one that was published: whoever asks between two steps, or after a step
    that failed, is answered from such a state.

    Parameters
    ----------
    store
        Where the index is published.

    Attributes
    ----------
    index
        The copy; None where nothing was loaded yet.
    manifest
        What the copy was made from; None for what an earlier version published.
    tag
        Of the manifest; None where it is not known which is current.
    """

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self.index: EmbeddedIndex | None = None
        self.manifest: Manifest | None = None
        self.tag: str | None = None

    def follow(self) -> bool:
        """Bring the copy to what is published now; False where nothing was ever published.

        Raises
        ------
        OutdatedIndex
            Another version of this program published it.
        DamagedIndex
            It, or a part of it, is damaged or gone.
        SearchUnavailable
            The store does not answer; what is held stays.
        """
        for _ in range(TRIES):
            published = self._store.manifest()
            if published is None:
                return self._follow_legacy()
            manifest = Manifest.decoded(published.content)
            try:
                self._load(manifest)
            except MissingPart:
                # Removed because a newer manifest does without it, or lost.
                if self._store.tag() == published.tag:
                    raise
            else:
                self.manifest, self.tag = manifest, published.tag
                return True
        raise SearchUnavailable("the published search index changes faster than it can be loaded")

    def loaded(self, manifest: Manifest) -> EmbeddedIndex:
        """Return a copy of what a manifest names, whichever is current.

        Raises
        ------
        DamagedIndex
            A part of it is damaged or gone.
        """
        base = self._store.part(manifest.base.name)
        index = EmbeddedIndex.of(verified(base, manifest.base.sha256, manifest.base.name))
        for part, entries in self.entries(manifest.runs):
            self._take(index, part, entries)
        return index

    def become(self, index: EmbeddedIndex, manifest: Manifest, tag: str) -> None:
        """Hold what was just published from this very copy, or from another."""
        self.index, self.manifest, self.tag = index, manifest, tag

    def entries(self, parts: Iterable[Part]) -> list[tuple[Part, tuple[Entry, ...]]]:
        """Return the changes that parts hold, all of them verified."""
        return [(part, self._changes(part)) for part in parts]

    def _load(self, manifest: Manifest) -> None:
        index, parts = self.index, None
        if index is not None:
            parts = manifest.changes_since(index.lineage, index.generation)
        if index is None or parts is None:
            self.index = self.loaded(manifest)
            return
        for part, entries in self.entries(parts):
            self._take(index, part, entries)

    def _take(self, index: EmbeddedIndex, part: Part, entries: Iterable[Entry]) -> None:
        try:
            index.take(entries, part.upto)
        except SearchUnavailable as error:
            self.index = None
            raise DamagedIndex(f"{part.name} does not fit the published search index") from error

    def _changes(self, part: Part) -> tuple[Entry, ...]:
        content = verified(self._store.part(part.name), part.sha256, part.name)
        try:
            return delta.decoded(content)
        except ValueError as error:
            raise DamagedIndex(f"{part.name} of the published search index: {error}") from error

    def _follow_legacy(self) -> bool:
        """Hold what an earlier version published; its writer, the only one, is there no more."""
        if self.manifest is not None:
            raise DamagedIndex("the published search index is gone; rebuild it")
        whole = self._store.legacy() if self.index is None else None
        if whole is not None:
            self.index = EmbeddedIndex.of(whole)
        return self.index is not None
