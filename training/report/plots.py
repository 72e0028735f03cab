"""The report's curves, of what training noted down as it went."""

import html
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from training import confidence
from training.arrays import F64, Flags
from training.logs import Entry, read_log
from training.report.ink import BAND, FAINT, SERIES, TEXT, figure, inline, titled

HELD_OUT = {
    "explained": "teacher's map explained",
    "pooled": "its mean explained",
    "same_class": "same class",
    "word_map": "word mAP",
}
LOSSES = ("map, unexplained", "its mean, unexplained", "classes, nats")
"""As `training.student.WEIGHTS` has them, but for the words', which are of another size."""


@dataclass(frozen=True)
class Logs:
    """Entries in order; empty where there is no such log."""

    distilled: list[Entry] = field(default_factory=list)
    decoder: list[Entry] = field(default_factory=list)
    critical: list[Entry] = field(default_factory=list)
    joint: list[Entry] = field(default_factory=list)
    tuned: list[Entry] = field(default_factory=list)
    baseline: list[Entry] = field(default_factory=list)


def read_logs(options: Namespace) -> Logs:
    """Read the logs of ``distil`` and ``tune``, and those in the folder that ``train`` left.

    Raises `TrainingError` for a log with a line that is not a JSON object.
    """
    files = {name: f"{name}.jsonl" for name in ("decoder", "critical", "joint")}
    files["baseline"] = "baseline.json"
    model = options.model
    trained = {name: read_log(model / file) if model else [] for name, file in files.items()}
    distilled, tuned = (
        _counted_on(read_log(log)) if log else [] for log in (options.distilled, options.tuned)
    )
    return Logs(distilled, tuned=tuned, **trained)


def _counted_on(entries: list[Entry]) -> list[Entry]:
    """Let photographs seen and minutes run on where a continued distillation counts anew."""
    before, last, counted = {"seen": 0.0, "minutes": 0.0}, {"seen": 0.0, "minutes": 0.0}, []
    for entry in (entry for entry in entries if "seen" in entry):
        if entry["seen"] < last["seen"]:
            before = {name: before[name] + last[name] for name in before}
        last = {name: float(entry.get(name, 0)) for name in before}
        counted.append(entry | {name: before[name] + last[name] for name in before})
    return counted


def learning_curve(entries: Sequence[Entry]) -> str:
    """Distillation, as SVG: what held-out photographs say, and what is left to learn."""
    drawn, (ahead, left) = figure(2)
    seen = [entry["seen"] for entry in entries]
    for (key, name), colour in zip(HELD_OUT.items(), SERIES, strict=True):
        values = [100 * entry.get(key, float("nan")) for entry in entries]
        ahead.plot(seen, values, color=colour, label=name, marker="o", markersize=3)
    _sizes(ahead, entries)
    titled(ahead, "Held-out photographs, per cent", "photographs seen")
    losses = [entry["train"] for entry in entries if "train" in entry]
    steps = [entry["seen"] for entry in entries if "train" in entry]
    for number, (name, colour) in enumerate(zip(LOSSES, SERIES, strict=False)):
        left.plot(steps, [loss[number] for loss in losses], color=colour, label=name)
    titled(left, "Left to learn of the teacher, training", "photographs seen")
    for ax in (ahead, left):
        ax.xaxis.set_major_formatter(FuncFormatter(_thousands))
        ax.set_xlim(0, max(seen) * 1.02)
        ax.set_ylim(0, 1.45 * ax.get_ylim()[1])  # the legend has no curve beneath it
    return inline(drawn, "learning", html.escape(_told(entries)))


def _sizes(ax: Axes, entries: Sequence[Entry]) -> None:
    """Shade every other run of entries of one input size, and name the size."""
    begin = 0.0
    for turn, (size, run) in enumerate(groupby(entries, lambda entry: entry.get("size"))):
        *_, last = run
        if turn % 2:
            ax.axvspan(begin, last["seen"], color=BAND, linewidth=0)
        if size is not None:
            place, top = (begin + last["seen"]) / 2, ax.get_xaxis_transform()
            label, small = f"{size} px", 7.5
            ax.text(place, 0.01, label, transform=top, ha="center", color=TEXT, fontsize=small)
        begin = last["seen"]


def _thousands(value: float, _: object) -> str:
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k"


def _told(entries: Sequence[Entry]) -> str:
    last = next((entry for entry in reversed(entries) if "explained" in entry), entries[-1])
    return (
        f"Learning curve of the distillation: after {last['seen']:,.0f} photographs seen,"
        f" {100 * last.get('explained', 0):.1f} per cent of the teacher's map explained,"
        f" its class given to {100 * last.get('same_class', 0):.1f} per cent,"
        f" word mAP {100 * last.get('word_map', 0):.1f} per cent, on held-out photographs."
    )


def epochs(logs: Logs) -> str:
    """Decoder and joint space over epochs, as SVG."""
    drawn, (loss, score, recall) = figure(3, width=3.4, height=2.8)
    _over_epochs(loss, logs.decoder, "loss", SERIES[0], "decoder")
    _over_epochs(loss, logs.joint, "loss", SERIES[2], "joint space")
    titled(loss, "Training loss", "epoch")
    _over_epochs(score, logs.decoder, "dev_cider", SERIES[0], "teacher forcing")
    after = len(logs.decoder)
    critical = [entry | {"epoch": after + n} for n, entry in enumerate(logs.critical, 1)]
    _over_epochs(score, critical, "dev_cider", SERIES[1], "on CIDEr itself")
    titled(score, "Dev CIDEr", "epoch")
    for key, colour in (("r1", SERIES[0]), ("r5", SERIES[2]), ("r10", SERIES[1])):
        _over_epochs(recall, logs.joint, key, colour, f"R@{key[1:]}")
    titled(recall, "Dev text → image, per cent", "epoch")
    best = max((entry.get("dev_cider", 0) for entry in logs.decoder + critical), default=0)
    says = f"Curves over epochs: the best decoder epoch reaches a dev CIDEr of {best:.1f}."
    return inline(drawn, "epochs", says)


def _over_epochs(ax: Axes, entries: Sequence[Entry], key: str, colour: str, label: str) -> None:
    points = [(entry["epoch"], entry[key]) for entry in entries if key in entry]
    if not points:
        return
    ax.plot(*zip(*points, strict=True), color=colour, label=label, marker="o", markersize=3)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def tuning(entries: Sequence[Entry]) -> str:
    """Give encoder and decoder trained on together, over photographs, as SVG."""
    drawn, (score,) = figure(1, width=5.6, height=2.8)
    seen = [entry["seen"] for entry in entries]
    scores = [entry["dev_cider"] for entry in entries]
    score.plot(seen, scores, color=SERIES[0], marker="o", markersize=3)
    score.xaxis.set_major_formatter(FuncFormatter(_thousands))
    titled(score, "Dev CIDEr, greedy", "photographs seen")
    says = f"While encoder and decoder are tuned together, dev CIDEr reaches {max(scores):.1f}."
    return inline(drawn, "tuning", says)


def reliability(probabilities: F64, right: Flags, review: float, withheld: float) -> str:
    """Share of right captions over their predicted probability, as SVG.

    Captions below ``review`` are marked, those below ``withheld`` not shown.
    """
    drawn, (share, count) = figure(2, width=4.6, height=3.2)
    bins = confidence.reliability(probabilities, right)
    share.plot([0, 100], [0, 100], color=FAINT, linewidth=1.2, linestyle="--")
    predicted = [100 * each.predicted for each in bins]
    share.plot(predicted, [100 * each.right for each in bins], color=SERIES[0], marker="o")
    share.set_ylim(0, 100)
    titled(share, "Right captions, per cent", "predicted, per cent")
    edges = np.linspace(0, 100, 21)
    for flags, name, colour in ((right, "right", SERIES[2]), (~right, "wrong", SERIES[1])):
        heights, _ = np.histogram(100 * probabilities[flags], edges)
        count.stairs(heights, edges, color=colour, label=name, linewidth=1.6)
    titled(count, "Captions", "predicted, per cent")
    for ax in (share, count):
        ax.set_xlim(0, 100)
        for threshold, style in ((review, ":"), (withheld, "-.")):
            ax.axvline(100 * threshold, color=SERIES[3], linewidth=1.2, linestyle=style)
    worst = max(bins, key=lambda each: abs(each.predicted - each.right))
    return inline(
        drawn,
        "reliability",
        f"Share of right captions over their predicted probability: the tenth furthest off was"
        f" given {100 * worst.predicted:.0f} per cent and {100 * worst.right:.0f} per cent of it"
        f" are right. Captions below {100 * review:.0f} per cent are marked, below"
        f" {100 * withheld:.0f} per cent withheld.",
    )
