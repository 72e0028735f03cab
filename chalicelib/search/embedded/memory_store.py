"""Snapshots in memory, for tests of what publishes and reads them."""

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded.snapshot import Snapshot, SnapshotConflict, digest, verified


class MemorySnapshotStore:
    """Adapter of the port ``SnapshotStore``.

    Attributes
    ----------
    stored
        The object's bytes and its digest; a test damages or removes it here.
    down
        While true, nothing answers.
    """

    def __init__(self) -> None:
        self.stored: tuple[bytes, str] | None = None
        self.down = False
        self.writes = 0

    def tag(self) -> str | None:
        """Return the current snapshot's tag."""
        self._answer()
        return None if self.stored is None else f'"{digest(self.stored[0])[:32]}"'

    def read(self) -> Snapshot | None:
        """Return the current snapshot."""
        tag = self.tag()
        return None if self.stored is None or tag is None else verified(tag, *self.stored)

    def write(self, image: bytes, *, replacing: str | None) -> str:
        """Publish an index."""
        if self.tag() != replacing:
            raise SnapshotConflict
        self.writes += 1
        self.stored = (image, digest(image))
        return str(self.tag())

    def _answer(self) -> None:
        if self.down:
            raise SearchUnavailable("the snapshot store does not answer")
