"""Numbers that were chosen by measurement: ``python -m benchmarks.retrieval --choose --write``.

They belong to a model, and are chosen anew with another: docs/decisions/405.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.search.query import Weights

FILE = Path(__file__).with_name("tuned.json")


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Where matches stop being relevant: at ``share`` of the best score, at ``floor`` at least."""

    share: float
    floor: float


def _read() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(FILE.read_text())
    return told


_told = _read()
MODEL: str = _told["model"]
WEIGHTS = Weights(**_told["weights"])
CUTOFFS = {kind: Cutoff(**told) for kind, told in _told["cutoffs"].items()}
# Visual cosines at or above which two photographs are the same picture, and look alike.
NEAR_DUPLICATE: float = _told["near_duplicate"]
ALIKE: float = _told["alike"]
