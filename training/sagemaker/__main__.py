"""What the training container runs: every step in order, each done once, however interrupted."""

import argparse
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from captioner.vision import manifest
from training.__main__ import run_step
from training.errors import CheckpointError, TrainingError
from training.interruption import Interrupted, Interruption
from training.sagemaker import plan
from training.sagemaker.container import ROOT, Container


def main(arguments: list[str] | None = None) -> int:
    """Run the job.

    Gives 0 with a bundle in the model folder, 1 with the reason in ``output/failure``, 143 where
    SIGTERM ended it: never 0 without a bundle.
    """
    parser = argparse.ArgumentParser(prog="python -m training.sagemaker", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["train"], default="train")
    about = "SageMaker's folder (default: %(default)s)"
    parser.add_argument("--root", type=Path, default=ROOT, help=about)
    container = Container(parser.parse_args(arguments).root, os.environ)
    try:
        with Interruption().noticed() as interruption:
            _run(container, interruption)
    except Interrupted:
        print("stopped by SIGTERM; started again, the job goes on", flush=True)
        return 128 + signal.SIGTERM
    except TrainingError as error:
        return _failed(container, str(error))
    except Exception as error:
        return _failed(container, f"{type(error).__name__}: {error}", traceback.format_exc())
    return 0


def _failed(container: Container, reason: str, detail: str = "") -> int:
    container.fail(reason, detail)
    print(f"failed: {reason}\n{detail}", file=sys.stderr, flush=True)
    return 1


def _run(container: Container, interruption: Interruption) -> None:
    container.refuse_several_hosts()
    given, ledger = container.hyperparameters(), container.checkpoints / "job.json"
    done = _done(ledger, given)
    for step in plan.steps(container, plan.arguments(given)):
        if step.name in done:
            print(f"{step.name}: done before", flush=True)
            continue
        print(f"{step.name}: begins", flush=True)
        run_step(plan.parsed(step.step, step.arguments), interruption)
        done.append(step.name)
        ledger.parent.mkdir(parents=True, exist_ok=True)
        partial = ledger.with_suffix(".partial")
        partial.write_text(json.dumps({"hyperparameters": given, "done": done}), encoding="utf-8")
        partial.replace(ledger)
        interruption.obey()
    with interruption.deferred():
        _publish(container)


def _done(ledger: Path, given: Mapping[str, str]) -> list[str]:
    if not ledger.is_file():
        return []
    kept = json.loads(ledger.read_text(encoding="utf-8"))
    before: dict[str, str] = kept["hyperparameters"]
    changed = sorted({name for name, _ in set(before.items()) ^ set(given.items())})
    if changed:
        raise CheckpointError(
            f"the checkpoints are of other hyperparameters ({', '.join(changed)}"
            " differ): give the job an empty place for checkpoints"
        )
    return list(kept["done"])


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


if __name__ == "__main__":
    sys.exit(main())
