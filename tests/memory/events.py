"""An event bus in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import EndpointConnectionError


@dataclass(slots=True)
class MemoryEvents:
    """A client of EventBridge: keeps what was published; does not answer while ``down``."""

    published: list[dict[str, Any]] = field(default_factory=list)
    down: bool = False

    def put_events(self, *, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Keep all of them."""
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://events")
        self.published.extend(Entries)
        return {"FailedEntryCount": 0}
