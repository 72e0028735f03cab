"""A published index in memory, for tests of what publishes and reads it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from chalicelib.errors import SearchUnavailable
from chalicelib.search.replicated.store import (
    ManifestConflict,
    MissingPart,
    Published,
    digest,
    verified,
)


class MemoryIndexStore:
    """Adapter of the port ``IndexStore``.

    Attributes
    ----------
    held
        The manifest's bytes and their digest; a test damages or removes it here.
    stored
        The parts by name, and when they were written.
    down
        While true, nothing answers.
    now
        When parts are written.
    writes, loaded
        How often a manifest was published, and which parts were read.
    """

    def __init__(self) -> None:
        self.held: tuple[bytes, str] | None = None
        self.stored: dict[str, tuple[bytes, datetime]] = {}
        self.down = False
        self.now = datetime.now(UTC)
        self.writes = 0
        self.loaded: list[str] = []

    def tag(self) -> str | None:
        """Return the current manifest's tag."""
        self._answer()
        return None if self.held is None else f'"{digest(self.held[0])[:32]}"'

    def manifest(self) -> Published | None:
        """Return the current manifest."""
        tag = self.tag()
        if self.held is None or tag is None:
            return None
        return Published(tag, verified(*self.held, "the manifest"))

    def publish(self, manifest: bytes, *, replacing: str | None) -> str:
        """Replace the manifest."""
        if self.tag() != replacing:
            raise ManifestConflict
        self.writes += 1
        self.held = (manifest, digest(manifest))
        return str(self.tag())

    def add(self, name: str, content: bytes) -> None:
        """Write a part."""
        self._answer()
        self.stored[name] = (content, self.now)

    def part(self, name: str) -> bytes:
        """Return a part."""
        self._answer()
        self.loaded.append(name)
        if name not in self.stored:
            raise MissingPart(f"part {name} of the published search index is gone; rebuild it")
        return self.stored[name][0]

    def parts(self) -> Iterable[tuple[str, datetime]]:
        """Yield names and times."""
        self._answer()
        return [(name, written) for name, (_, written) in self.stored.items()]

    def remove(self, names: Sequence[str]) -> None:
        """Remove parts."""
        self._answer()
        for name in names:
            self.stored.pop(name, None)

    def _answer(self) -> None:
        if self.down:
            raise SearchUnavailable("the index store does not answer")
