"""The figures a reader looks for first, beside what the project set out to reach on dev."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tile:
    """One figure; ``met`` is None where there is nothing to compare."""

    name: str
    value: str
    goal: str
    met: bool | None


NO_BREAK = "\u00a0"
_GOALS = (
    # name, figure, unit, goal, whether more is better
    ("CIDEr", "cider", "", 47.8, True),
    ("BLEU-1", "bleu1", "", 62, True),
    ("BLEU-4", "bleu4", "", 20, True),
    ("Text → image R@10", "text_to_image_r10", f"{NO_BREAK}%", 52, True),
    ("… median rank", "text_to_image_median_rank", "", 10, False),
    ("A photograph, p50", "ms_p50", f"{NO_BREAK}ms", 40, False),
    ("Load", "load_s", f"{NO_BREAK}s", 0.8, False),
    ("Memory, peak", "peak_mb", f"{NO_BREAK}MB", 350, False),
    ("Bundle", "bundle_mb", f"{NO_BREAK}MB", 20, False),
)
_TIMES = ("ms_p50", "load_s")


def tiles(figures: Mapping[str, Any]) -> list[Tile]:
    """Give the headline figures; a time that a busy machine took decides nothing."""
    busy = bool(figures.get("others_running"))
    return [
        _tile(figures.get(key), name, unit, goal, more, doubtful=busy and key in _TIMES)
        for name, key, unit, goal, more in _GOALS
    ]


def _tile(
    value: float | None, name: str, unit: str, goal: float, more: bool, *, doubtful: bool
) -> Tile:
    sign = "≥" if more else "≤"
    wanted = f"{sign}{NO_BREAK}{goal:g}{unit}"
    if value is None:
        return Tile(name, "–", wanted, None)
    met = value >= goal if more else value <= goal
    if doubtful and not met:
        return Tile(name, f"{value:g}{unit}", f"{wanted}, on an idle machine", None)
    return Tile(name, f"{value:g}{unit}", wanted, met)
