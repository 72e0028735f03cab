"""One training job: every step in order, each done once, however often it is interrupted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from captioner.vision import manifest
from training.__main__ import run_step
from training.errors import CheckpointError, DatasetError
from training.interruption import Interruption
from training.sagemaker import hyperparameters, layout
from training.sagemaker.container import Container

__all__ = ["run"]

Steps = dict[str, list[str]]
ENCODER, LOG, REPORT = "encoder.npz", "encoder.jsonl", "report.html"


def run(container: Container, interruption: Interruption) -> None:
    """Run what is left to do, and leave the bundle as the job's model.

    Raises
    ------
    TrainingError
        If a hyperparameter, a channel or a checkpoint is at fault.
    Interrupted
        On SIGTERM; started again on the same checkpoints, the job goes on.
    """
    container.refuse_several_hosts()
    given = container.hyperparameters()
    ledger = _Ledger.read(container.checkpoints / "job.json", given)
    for step, arguments in _steps(container, hyperparameters.arguments(given)).items():
        if step in ledger.done:
            print(f"{step}: done before", flush=True)
            continue
        print(f"{step}: begins", flush=True)
        run_step(hyperparameters.parsed(step, arguments), interruption)
        ledger.note(step)
        interruption.obey()
    with interruption.deferred():
        _publish(container)


@dataclass
class _Ledger:
    """Which steps are done, and by which hyperparameters."""

    file: Path
    given: Mapping[str, str]
    done: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path, given: Mapping[str, str]) -> _Ledger:
        if not file.is_file():
            return cls(file, given)
        kept = json.loads(file.read_text(encoding="utf-8"))
        before: dict[str, str] = kept["hyperparameters"]
        changed = sorted(name for name, _ in set(before.items()) ^ set(given.items()))
        if changed:
            raise CheckpointError(
                f"the checkpoints are of other hyperparameters ({', '.join(dict.fromkeys(changed))}"
                " differ): give the job an empty place for checkpoints"
            )
        return cls(file, given, kept["done"])

    def note(self, step: str) -> None:
        self.done.append(step)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".partial")
        document = {"hyperparameters": dict(self.given), "done": self.done}
        partial.write_text(json.dumps(document), encoding="utf-8")
        partial.replace(self.file)


def _steps(container: Container, given: Steps) -> Steps:
    """Give every step with all its arguments, in order."""
    kept = container.checkpoints
    shared = ["--data", str(layout.data_folder(container)), "--work", str(kept / "work")]
    ready_made = [name for name in given["train"] if name.startswith("--encoder=")]
    steps = _ready_made(container, ready_made) if ready_made else _distilled(container)
    steps["train"] += ["--out", str(kept / "model")]
    steps["export"] = ["--model", str(kept / "model"), "--out", str(kept / "bundle")]
    steps["export"] += _origin(container, given["export"])
    scored = ["--bundle", str(kept / "bundle"), "--model", str(kept / "model")]
    steps["evaluate"] = [*scored, "--json"]
    steps["report"] = [*scored, f"--distilled={kept / LOG}", f"--out={kept / REPORT}"]
    return {step: [*shared, *own, *given[step]] for step, own in steps.items()}


def _distilled(container: Container) -> Steps:
    """Make the encoder here."""
    teacher = layout.only_file(container, "teacher", ".npz")
    if teacher is None:
        raise DatasetError("channel teacher: missing; distilling wants a teacher's weights")
    taught = ["--teacher", str(teacher)]
    if extra := layout.optional_folder(container, "extra"):
        taught += ["--extra", str(extra)]
    encoder = container.checkpoints / ENCODER
    distil = [*taught, "--out", str(encoder), "--resume"]
    if init := layout.only_file(container, "init", ".npz"):
        distil += ["--init", str(init)]
    return {"prepare": taught, "distil": distil, "train": ["--encoder", str(encoder)]}


def _ready_made(container: Container, encoder: list[str]) -> Steps:
    """Take an encoder that is trained already, as ImageNet's VGG16."""
    weights = layout.only_file(container, "weights", "")
    return {"prepare": encoder, "train": ["--weights", str(weights)] if weights else []}


def _origin(container: Container, given: list[str]) -> list[str]:
    environment = container.environment
    origin = [
        f"--version={environment.get('TRAINING_JOB_NAME', '0')}",
        f"--commit={environment.get('IMAGE_REPO_COMMIT', '')}",
        f"--note=SageMaker training job; {json.dumps(container.hyperparameters(), sort_keys=True)}",
    ]
    said = {argument.partition("=")[0] for argument in given}
    return [argument for argument in origin if argument.partition("=")[0] not in said]


def _publish(container: Container) -> None:
    """Copy the bundle whole, and what the steps noted."""
    container.model.mkdir(parents=True, exist_ok=True)
    for left in container.model.iterdir():
        left.unlink()
    shutil.copytree(container.checkpoints / "bundle", container.model, dirs_exist_ok=True)
    manifest.read(container.model)
    container.results.mkdir(parents=True, exist_ok=True)
    for log in (container.checkpoints / REPORT, *container.checkpoints.rglob("*.jsonl")):
        shutil.copy2(log, container.results / log.name)
    print(f"the bundle is in {container.model}", flush=True)
