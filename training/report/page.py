"""``report``: everything evaluated, as one page of HTML; or the learning curve alone."""

import base64
import io
import subprocess
from argparse import Namespace
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from captioner.vision.bundle import DEFAULT_BUNDLE
from captioner.vision.prediction import Word
from captioner.vision.text import F32
from training.confidence import MARKED_RIGHT, MARKED_WRONG, RIGHT_FROM, WITHHELD_WRONG
from training.errors import TrainingError
from training.evaluate import Described, Evaluated, evaluate
from training.photographs import read
from training.report import plots
from training.report.ink import alone
from training.report.plots import Logs, read_logs

ROOT = DEFAULT_BUNDLE.parents[1]
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
SHOWN, EXTREMES = 12, 6
THUMBNAIL = 224
FINE = 8  # pixels of a mask for each cell of the map
DARKEST = 0.78


def run(options: Namespace) -> None:
    """Write the page and say where it is."""
    logs = read_logs(options)
    if options.curve:
        if not logs.distilled:
            raise TrainingError(f"no log of a distillation at {options.distilled}")
        _write(options.curve, alone(plots.learning_curve(logs.distilled)))
        return
    out: Path = options.out or options.work / "report.html"
    _refuse_where_git_would_see(out)
    _write(out, render(evaluate(options), logs))


def _write(out: Path, text: str) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    print(f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB)")


def _refuse_where_git_would_see(out: Path) -> None:
    """The page holds photographs, which must not find their way into a commit."""
    place = out.resolve()
    if not place.is_relative_to(ROOT):
        return
    command = ["git", "-C", str(ROOT), "check-ignore", "--quiet", str(place)]
    try:
        ignored = subprocess.run(command, capture_output=True, check=False).returncode
    except FileNotFoundError:
        return  # without git there is nothing to commit with
    if ignored == 1:
        raise TrainingError(f"{out} is no place for photographs: git would see it; try .cache/")


@dataclass(frozen=True)
class Tile:
    """One figure; ``met`` is None where there is nothing to compare."""

    name: str
    value: str
    goal: str
    met: bool | None


def tiles(figures: Mapping[str, Any]) -> list[Tile]:
    """Give the headline figures; a time that a busy machine took decides nothing."""
    busy = bool(figures.get("others_running"))
    found = []
    for name, key, unit, goal, more in _GOALS:
        value, wanted = figures.get(key), f"{'≥' if more else '≤'}{NO_BREAK}{goal:g}{unit}"
        met = None if value is None else bool(value >= goal if more else value <= goal)
        if busy and key in _TIMES and met is False:
            met, wanted = None, f"{wanted}, on an idle machine"
        found.append(Tile(name, "–" if value is None else f"{value:g}{unit}", wanted, met))
    return found


def render(evaluated: Evaluated, logs: Logs) -> str:
    """Give the page as HTML that asks for nothing else."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    described, figures = evaluated.described, evaluated.figures
    confidence = evaluated.document["confidence"]
    thresholds = confidence["needs_review_below"], confidence["withheld_below"]
    reliability = plots.reliability(described.probabilities, described.right, *thresholds)
    return environment.get_template("page.html").render(
        figures=figures,
        document=evaluated.document,
        tiles=tiles(figures),
        curves=_curves(logs),
        baseline=next(iter(logs.baseline), None),
        reliability=Markup(reliability),
        galleries=_galleries(described),
        right_from=RIGHT_FROM,
        wanted={
            "wrong": 100 * MARKED_WRONG,
            "right": 100 * MARKED_RIGHT,
            "withheld": 100 * WITHHELD_WRONG,
        },
    )


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _curves(logs: Logs) -> dict[str, Markup]:
    drawn = {}
    if logs.distilled:
        drawn["distilled"] = Markup(plots.learning_curve(logs.distilled))
    if logs.decoder or logs.joint or logs.critical:
        drawn["epochs"] = Markup(plots.epochs(logs))
    if logs.tuned:
        drawn["tuned"] = Markup(plots.tuning(logs.tuned))
    return drawn


def _galleries(described: Described) -> list[dict[str, Any]]:
    """Rows of photographs under one heading; ``attended`` shows where the model looked."""
    best, worst = extremes(described, EXTREMES)
    even = "Evenly spread over the split, not chosen. Under each word: where the model looked."
    beside = "Beside what people wrote."
    rows = (
        ("Photographs", even, spread(described, SHOWN)),
        ("Best by CIDEr", beside, best),
        ("Worst by CIDEr", beside, worst),
    )
    return [
        {
            "heading": heading,
            "note": note,
            "cases": [_case(described, row) for row in chosen],
            "attended": note == even,
        }
        for heading, note, chosen in rows
    ]


def spread(described: Described, count: int) -> list[int]:
    """Rows of photographs spread evenly over the split, whatever came of them."""
    total = len(described.predictions)
    return [int(row) for row in np.linspace(0, total - 1, min(count, total))]


def extremes(described: Described, count: int) -> tuple[list[int], list[int]]:
    """Rows of the best and of the worst captions by CIDEr; the surer first among equals."""
    order = np.lexsort((described.probabilities, described.ciders))
    count = min(count, len(order) // 2)
    return [int(row) for row in order[::-1][:count]], [int(row) for row in order[:count]]


def _case(described: Described, row: int) -> dict[str, Any]:
    prediction, path = described.predictions[row], described.split.photographs[row]
    words = prediction.captions[0].words if prediction.captions else ()
    return {
        "name": path.name,
        "thumbnail": _thumbnail(path),
        "caption": described.texts[row],
        "cider": float(described.ciders[row]),
        "prediction": prediction,
        "references": described.split.captions[row],
        "words": _attended(words),
    }


def _attended(words: Iterable[Word]) -> list[dict[str, Any]]:
    """Words, their probabilities, and masks that darken what was not looked at (data URIs)."""
    return [
        {
            "word": word.text,
            "probability": float(np.exp(word.log_prob)),
            "mask": _mask(word.attention),
        }
        for word in words
    ]


def _thumbnail(path: Path) -> str:
    return _uri(read(path).resize((THUMBNAIL, THUMBNAIL)), "WEBP", quality=72)


def _mask(attention: F32) -> str:
    share = attention / max(float(attention.max()), 1e-9)
    # A root, or all but the brightest cell would be black.
    dark = np.rint(255 * DARKEST * (1 - np.sqrt(share))).astype(np.uint8)
    alpha = Image.fromarray(dark).resize(
        (FINE * dark.shape[1], FINE * dark.shape[0]), Image.Resampling.BICUBIC
    )
    mask = Image.merge("LA", (Image.new("L", alpha.size, 0), alpha))
    return _uri(mask, "PNG", optimize=True)


def _uri(image: Image.Image, kind: str, **options: object) -> str:
    content = io.BytesIO()
    image.save(content, kind, **options)
    encoded = base64.b64encode(content.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{encoded}"
