"""The page itself: everything evaluated, as one file of HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.confidence import MARKED_RIGHT, MARKED_WRONG, RIGHT_FROM, WITHHELD_WRONG
from training.evaluating import Evaluated
from training.report import plots
from training.report.cases import Case, case, extremes, spread
from training.report.logs import Logs
from training.report.published import CAPTIONING, RETRIEVAL


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


SHOWN, EXTREMES = 12, 6


@dataclass(frozen=True)
class _Gallery:
    """Rows of photographs under one heading; ``attended`` shows where the model looked."""

    heading: str
    note: str
    cases: Sequence[Case]
    attended: bool


def render(
    evaluated: Evaluated, logs: Logs, before: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Give the page as HTML that asks for nothing else.

    ``before`` has captions of another bundle by file name, to print beside.
    """
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    page = environment.get_template("page.html")
    described, figures = evaluated.described, evaluated.figures
    thresholds = evaluated.document["confidence"]
    return page.render(
        figures=figures,
        document=evaluated.document,
        tiles=tiles(figures),
        captioning=CAPTIONING,
        retrieval=RETRIEVAL,
        curves=_curves(logs),
        baseline=logs.baseline,
        reliability=Markup(
            plots.reliability(
                described.probabilities,
                described.right,
                thresholds["needs_review_below"],
                thresholds["withheld_below"],
            )
        ),
        galleries=_galleries(evaluated, before or {}),
        right_from=RIGHT_FROM,
        wanted={
            "wrong": 100 * MARKED_WRONG,
            "right": 100 * MARKED_RIGHT,
            "withheld": 100 * WITHHELD_WRONG,
        },
    )


def _curves(logs: Logs) -> dict[str, Markup]:
    drawn = {}
    if logs.distilled:
        drawn["distilled"] = Markup(plots.learning_curve(logs.distilled))
    if logs.decoder or logs.joint or logs.critical:
        drawn["epochs"] = Markup(plots.epochs(logs))
    if logs.tuned:
        drawn["tuned"] = Markup(plots.tuning(logs.tuned))
    return drawn


def _galleries(evaluated: Evaluated, before: Mapping[str, Sequence[str]]) -> list[_Gallery]:
    described = evaluated.described

    def shown(rows: Sequence[int]) -> list[Case]:
        return [case(described, row, before) for row in rows]

    best, worst = extremes(described, EXTREMES)
    even = "Evenly spread over the split, not chosen. Under each word: where the model looked."
    return [
        _Gallery("Photographs", even, shown(spread(described, SHOWN)), True),
        _Gallery("Best by CIDEr", "Beside what people wrote.", shown(best), False),
        _Gallery("Worst by CIDEr", "Beside what people wrote.", shown(worst), False),
    ]


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
