"""A copy of the published index in memory, which follows what is published."""

from collections.abc import Iterable

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment
from chalicelib.search.replicated.manifest import Manifest, Part
from chalicelib.search.replicated.store import DamagedIndex, IndexStore, MissingPart, verified

TRIES = 3


class Replica:
    """Holds one published state at a time.

    What was published since the held state is loaded before any of it is taken in: whoever asks
    after a step that failed is answered from a state that was published.

    Parameters
    ----------
    store
        Where the index is published.

    Attributes
    ----------
    index
        The copy; None where nothing was loaded yet.
    manifest
        What the copy was made from.
    tag
        Of the manifest; None where it is not known which is current.
    """

    def __init__(self, store: IndexStore) -> None:
        self._store = store
        self.index: EmbeddedIndex | None = None
        self.manifest: Manifest | None = None
        self.tag: str | None = None

    def follow(self) -> bool:
        """Bring the copy to what is published now; False where nothing was ever published.

        Raises
        ------
        UnusableIndex
            Another version of this program published it, or a part of it is damaged or gone.
        SearchUnavailable
            The store does not answer; what is held stays.
        """
        for _ in range(TRIES):
            published = self._store.manifest()
            if published is None:
                return self._has_none()
            manifest = Manifest.decoded(published.content)
            try:
                index = self._brought_to(manifest)
            except MissingPart:
                # Removed because a newer manifest does without it, or lost.
                if self._store.tag() == published.tag:
                    raise
            else:
                self.become(index, manifest, published.tag)
                return True
        raise SearchUnavailable("the published search index changes faster than it can be loaded")

    def loaded(self, manifest: Manifest) -> EmbeddedIndex:
        """Return a copy of what a manifest names, whichever is current.

        Raises
        ------
        DamagedIndex
            A part of it is damaged or gone.
        """
        return EmbeddedIndex(self.segments((manifest.base, *manifest.pending)))

    def become(self, index: EmbeddedIndex, manifest: Manifest, tag: str) -> None:
        """Hold what was just published from this very copy, or from another."""
        self.index, self.manifest, self.tag = index, manifest, tag

    def segments(self, parts: Iterable[Part]) -> list[Segment]:
        """Return what parts hold, all of them verified."""
        return [self._segment(part) for part in parts]

    def _brought_to(self, manifest: Manifest) -> EmbeddedIndex:
        parts = None
        if self.manifest is not None:
            parts = manifest.changes_since(self.manifest.lineage, self.manifest.generation)
        if self.index is None or parts is None:
            return self.loaded(manifest)
        for segment in self.segments(parts):
            self.index.take(segment)
        return self.index

    def _segment(self, part: Part) -> Segment:
        content = verified(self._store.part(part.name), part.sha256, part.name)
        try:
            return Segment.decoded(content)
        except ValueError as error:
            raise DamagedIndex(f"{part.name} of the published search index: {error}") from error

    def _has_none(self) -> bool:
        if self.manifest is not None:
            raise DamagedIndex("the published search index is gone; rebuild it")
        return False
