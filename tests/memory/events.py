"""An event bus in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.errors import Unavailable
from indexer.announcing import Announcement


@dataclass(slots=True)
class MemoryEvents:
    """Adapter of the port ``EventPublisher``: keeps what was published; raises while ``down``."""

    published: list[Announcement] = field(default_factory=list)
    down: bool = False

    def publish(self, announcements: Sequence[Announcement]) -> None:
        """Keep all of them."""
        if self.down:
            raise Unavailable("the event bus does not answer")
        self.published.extend(announcements)
