"""Lines of figures that a step leaves and prints while it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["note"]


def note(log: Path, entry: Mapping[str, Any]) -> None:
    """Add a line of JSON to a log, whose folder need not be there, and print it."""
    line = json.dumps(entry)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as lines:
        lines.write(line + "\n")
    print(line, flush=True)
