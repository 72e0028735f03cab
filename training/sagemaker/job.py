"""One training job: every step in order, each done once, however often it is interrupted."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from captioner.vision import manifest
from training.__main__ import run_step
from training.errors import CheckpointError
from training.interruption import Interruption
from training.sagemaker import hyperparameters, plan
from training.sagemaker.container import Container


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
    for step in plan.steps(container, hyperparameters.arguments(given)):
        if step.name in ledger.done:
            print(f"{step.name}: done before", flush=True)
            continue
        print(f"{step.name}: begins", flush=True)
        run_step(hyperparameters.parsed(step.step, step.arguments), interruption)
        ledger.note(step.name)
        interruption.obey()
    with interruption.deferred():
        _publish(container)


@dataclass
class _Ledger:
    file: Path
    given: Mapping[str, str]
    done: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path, given: Mapping[str, str]) -> Self:
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


def _publish(container: Container) -> None:
    container.model.mkdir(parents=True, exist_ok=True)
    for left in container.model.iterdir():
        left.unlink()
    kept = container.checkpoints
    shutil.copytree(kept / plan.BUNDLE, container.model, dirs_exist_ok=True)
    manifest.read(container.model)
    for log in (kept / plan.REPORT, *kept.rglob("*.jsonl")):
        to = container.results / log.relative_to(kept)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(log, to)
    print(f"the bundle is in {container.model}", flush=True)
