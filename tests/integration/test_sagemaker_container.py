"""The training container on a plain directory tree: interrupted, started again, finished."""

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from captioner.vision import bundle
from infra.bundle import take
from tests.integration.test_training_pipeline import data_set
from tests.integration.test_training_sources import everyday, texts
from tests.teachers import left_in
from training.sagemaker.plan import METRICS

pytestmark = [pytest.mark.training, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
HYPERPARAMETERS = {
    "distil.minutes": "600",
    "distil.checkpoint-minutes": "0.05",
    "distil.batch": "8",
    "distil.sizes": "1:64",
    "train.side": "64",
    "train.views": "1",
    "train.text-epochs": "1",
    "train.epochs": "1",
    "train.critical-epochs": "1",
    "evaluate.beam": "2",
    "export.version": "7",
}
GRACE = 120
"""Seconds between SIGTERM and SIGKILL on SageMaker."""


def lay_out(root: Path) -> Path:
    """What SageMaker lays into a container: channels with a prefix's folder, and its files."""
    data = data_set(root / "made-up")
    channels = root / "input" / "data"
    for channel, folder in (("photographs", "Flicker8k_Dataset"), ("captions", "Flickr8k_text")):
        (channels / channel).mkdir(parents=True)
        (data / folder).rename(channels / channel / folder)
    left_in(channels / "teachers")
    everyday(channels / "captioned")
    texts(channels / "texts")
    config = root / "input" / "config"
    config.mkdir()
    (config / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS))
    (config / "resourceconfig.json").write_text('{"current_host": "algo-1", "hosts": ["algo-1"]}')
    return root


class Run:
    """One start of the container."""

    def __init__(self, root: Path) -> None:
        self.log = root / f"log-{time.monotonic_ns()}"
        command = [sys.executable, "-m", "training.sagemaker", "train", "--root", str(root)]
        environment = os.environ | {"TRAINING_JOB_NAME": "made-up-1"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def ends(self, within: float = 1500) -> int:
        try:
            return self.process.wait(within)
        finally:
            self.process.kill()
            self.process.wait()

    def reaches(self, file: Path, within: float = 900) -> None:
        """Wait for a file."""
        deadline = time.monotonic() + within
        while not file.exists():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.2)

    @property
    def said(self) -> str:
        return self.log.read_text()


@dataclass(frozen=True)
class Story:
    """A job that was interrupted while it distilled, and what its second start did."""

    root: Path
    code: int
    then: list[dict[str, Any]]
    left_then: list[Path]
    first: str
    code_again: int
    second: str

    @property
    def now(self) -> list[dict[str, Any]]:
        return figures(self.root)


def figures(root: Path) -> list[dict[str, Any]]:
    lines = (root / "checkpoints" / "encoder.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def nearly_over(root: Path) -> None:
    """Let the ten hours of distilling have been spent, but for two seconds."""
    file = root / "checkpoints" / "encoder.state.npz"
    with np.load(file) as kept:
        arrays = {name: kept[name] for name in kept.files}
    arrays["progress"][-1] = 600 * 60 - 2
    np.savez(file, **arrays)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    root = lay_out(tmp_path_factory.mktemp("opt-ml"))
    first = Run(root)
    first.reaches(root / "checkpoints" / "encoder.jsonl")
    first.process.send_signal(signal.SIGTERM)
    code = first.ends(GRACE)  # after which SageMaker kills it
    then, left_then = figures(root), [*root.glob("model/*"), *root.glob("output/*")]
    nearly_over(root)
    second = Run(root)
    code_again = second.ends()
    return Story(root, code, then, left_then, first.said, code_again, second.said)


def test_sigterm_ends_the_job_in_time_and_not_as_a_success(story: Story) -> None:
    assert story.code == 128 + signal.SIGTERM, story.first
    assert story.left_then == []


def test_the_next_start_finishes_the_job(story: Story) -> None:
    assert story.code_again == 0, story.second


def test_steps_that_were_done_are_not_done_again(story: Story) -> None:
    assert "prepare: begins" in story.first
    assert "prepare: done before" in story.second
    assert "distil: begins" in story.second


def test_photographs_seen_and_the_schedule_go_on(story: Story) -> None:
    before, after = story.then, story.now
    assert after[: len(before)] == before
    assert after[-1]["seen"] > before[-1]["seen"]
    assert before[-1]["minutes"] < 600 <= after[-1]["minutes"]


def test_the_model_folder_holds_a_bundle_that_captions(story: Story) -> None:
    model = bundle.load(story.root / "model")
    photograph = next((story.root / "input" / "data" / "photographs").rglob("*.jpg"))
    assert model.version == "7"
    assert model.describe(np.asarray(Image.open(photograph))).captions


def test_a_deployment_takes_the_jobs_archive(story: Story, tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(story.root / "model", arcname=".")
    assert take(str(archive), tmp_path / "taken").endswith(" 7")


def test_the_bundle_says_which_hyperparameters_made_it(story: Story) -> None:
    document = json.loads((story.root / "model" / "bundle.json").read_text())
    assert '"distil.minutes": "600"' in document["command"]


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_of_the_console_is_in_what_the_steps_print(story: Story, name: str) -> None:
    found = re.findall(METRICS[name], story.first + story.second)
    assert found
    assert all(np.isfinite(float(value)) for value in found)


def test_the_report_and_the_logs_of_every_step_are_kept_beside_the_model(story: Story) -> None:
    results = story.root / "output" / "data"
    assert (results / "report.html").is_file()
    assert (results / "encoder.jsonl").is_file()
    trained = {log.name for log in (results / "model").iterdir()}
    assert {"language.jsonl", "decoder.jsonl", "joint.jsonl", "critical.jsonl"} <= trained


def test_a_finished_job_started_again_leaves_the_same_model(story: Story) -> None:
    before = (story.root / "model" / "bundle.json").read_bytes()
    again = Run(story.root)
    assert again.ends() == 0, again.said
    assert "begins" not in again.said
    assert (story.root / "model" / "bundle.json").read_bytes() == before


def test_a_damaged_photograph_fails_the_job_by_its_name(tmp_path: Path) -> None:
    root = lay_out(tmp_path)
    photograph = root / "input" / "data" / "photographs" / "Flicker8k_Dataset" / "train3.jpg"
    photograph.write_bytes(photograph.read_bytes()[:400])
    run = Run(root)
    assert run.ends() == 1
    assert "train3.jpg" in (root / "output" / "failure").read_text().splitlines()[0]
    assert not (root / "model").exists()
