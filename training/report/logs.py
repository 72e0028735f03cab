"""What training noted down as it went, a line of JSON at a time."""

from dataclasses import dataclass, field
from pathlib import Path

from training.logs import Entry, read_log


@dataclass(frozen=True)
class Logs:
    """Entries in order; empty where there is no such log."""

    distilled: list[Entry] = field(default_factory=list)
    decoder: list[Entry] = field(default_factory=list)
    critical: list[Entry] = field(default_factory=list)
    joint: list[Entry] = field(default_factory=list)
    tuned: list[Entry] = field(default_factory=list)
    baseline: Entry | None = None


def read_logs(
    distilled: Path | None,
    parts: Path | None,
    tuned: Path | None = None,
    baseline: Path | None = None,
) -> Logs:
    """Read the log of a distillation, and what else training left.

    Parameters
    ----------
    parts : Path, optional
        The folder that ``train`` left.
    tuned : Path, optional
        The log of ``tune``.
    baseline : Path, optional
        The ``baseline.json`` of ``train --recipe baseline``; that among ``parts`` when
        not given.

    Raises
    ------
    TrainingError
        For a log with a line that is not a JSON object.
    """
    trained = {
        name: read_log(parts / f"{name}.jsonl") if parts else []
        for name in ("decoder", "critical", "joint")
    }
    beside = baseline or (parts / "baseline.json" if parts else None)
    return Logs(
        _counted_on(read_log(distilled) if distilled else []),
        **trained,
        tuned=_counted_on(read_log(tuned) if tuned else []),
        baseline=next(iter(read_log(beside)), None) if beside else None,
    )


def _counted_on(entries: list[Entry]) -> list[Entry]:
    """Let photographs seen and minutes run on where a continued distillation counts anew."""
    before, last, counted = {"seen": 0.0, "minutes": 0.0}, {"seen": 0.0, "minutes": 0.0}, []
    for entry in (entry for entry in entries if "seen" in entry):
        if entry["seen"] < last["seen"]:
            before = {name: before[name] + last[name] for name in before}
        last = {name: float(entry.get(name, 0)) for name in before}
        total = {name: before[name] + last[name] for name in before}
        counted.append(entry | total)
    return counted
