"""``report``: the page of curves, captions and tables; or the learning curve alone."""

import subprocess
from argparse import Namespace
from pathlib import Path

from captioner.vision.bundle import DEFAULT_BUNDLE
from training.dataset import Split
from training.errors import TrainingError
from training.evaluating import evaluate
from training.everyday import read_captions
from training.report import plots
from training.report.ink import alone
from training.report.logs import read_logs
from training.report.page import render
from training.steps.evaluate import request

ROOT = DEFAULT_BUNDLE.parents[1]


def run(options: Namespace) -> None:
    """Write the page and say where it is."""
    logs = read_logs(options.distilled, options.model, options.tuned, options.baseline)
    if options.curve:
        if not logs.distilled:
            raise TrainingError(f"no log of a distillation at {options.distilled}")
        _write(options.curve, alone(plots.learning_curve(logs.distilled)))
        return
    out: Path = options.out or options.work / "report.html"
    _refuse_where_git_would_see(out)
    asked = request(options)
    before = _before(options.before, asked.split) if options.before else {}
    _write(out, render(evaluate(asked), logs, before))


def _before(file: Path, split: Split) -> dict[str, list[str]]:
    found = read_captions(file)
    if not any(path.name in found for path in split.photographs):
        raise TrainingError(f"--before: {file} has no caption of a photograph of {split.name}")
    return found


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
