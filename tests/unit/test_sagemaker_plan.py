"""Which steps a job runs, and what each is told of channels and hyperparameters."""

from pathlib import Path

import pytest

from tests.unit.test_sagemaker_container import channel, configured
from training.errors import DatasetError
from training.sagemaker import plan
from training.sagemaker.container import Container


def laid_out(root: Path, *more: str) -> Container:
    channel(root, "photographs", "1.jpg")
    channel(root, "captions", "descriptions.txt")
    for name in more:
        files = plan.TEACHERS if name == "teachers" else ["1", "2"]
        files = ["weights.npz"] if name in ("weights", "init") else files
        channel(root, name, *(f"prefix/{file}" for file in files))
    return Container(root, {"TRAINING_JOB_NAME": "job-1", "IMAGE_REPO_COMMIT": "abc"})


def inside(root: Path, name: str) -> str:
    return str(root / "input" / "data" / name / "prefix")


def planned(container: Container, given: dict[str, str]) -> list[plan.Step]:
    found = plan.steps(container, plan.arguments(given))
    for step in found:
        plan.parsed(step.step, step.arguments)
    return found


def test_a_job_distils_trains_exports_and_scores(tmp_path: Path) -> None:
    steps = planned(laid_out(tmp_path, "teachers"), {})
    names = [step.name for step in steps]
    assert names == ["prepare", "distil", "train", "export", "words", "evaluate", "report"]


def test_a_job_that_tunes_trains_again_and_exports_that(tmp_path: Path) -> None:
    steps = planned(laid_out(tmp_path, "teachers"), {"tune.minutes": "30"})
    assert [step.step for step in steps][2:6] == ["train", "tune", "train", "export"]
    assert len({step.name for step in steps}) == len(steps)
    trained = steps[4].arguments[steps[4].arguments.index("--out") + 1]
    assert trained in steps[5].arguments


def test_with_a_ready_made_encoder_nothing_is_distilled(tmp_path: Path) -> None:
    steps = planned(laid_out(tmp_path, "weights"), {"train.encoder": "vgg16"})
    assert [step.step for step in steps][:2] == ["prepare", "train"]
    assert "--encoder=vgg16" in steps[0].arguments
    assert inside(tmp_path, "weights") + "/weights.npz" in steps[1].arguments


def test_a_teacher_can_be_the_encoder_itself(tmp_path: Path) -> None:
    steps = planned(laid_out(tmp_path, "teachers"), {"train.encoder": "efficientnet-lite2"})
    assert [step.step for step in steps][:2] == ["prepare", "train"]
    options = plan.parsed("train", steps[1].arguments)
    assert options.weights == Path(inside(tmp_path, "teachers")) / "efficientnet-lite2.npz"
    assert options.encoder == "efficientnet-lite2"


def test_each_step_is_given_the_further_channels_that_it_learns_from(tmp_path: Path) -> None:
    container = laid_out(tmp_path, "teachers", "captioned", "texts", "extra", "sentences")
    steps = planned(container, {"tune.minutes": "30"})
    options = [plan.parsed(step.step, step.arguments) for step in steps]

    def told(name: str) -> list[str]:
        return [one.step for one in options if getattr(one, name, None)]

    further = ["prepare", "distil", "train", "tune", "train", "export", "words", "evaluate"]
    assert told("captioned") == further
    assert [step.name for step in steps][-3:] == ["evaluate", "evaluate everyday", "report"]
    assert told("extra") == ["distil", "tune"]
    assert told("texts") == told("text_teacher") == ["train", "train"]
    assert options[1].teachers == Path(inside(tmp_path, "teachers"))
    assert options[2].text_teacher == Path(inside(tmp_path, "sentences"))


def test_distilling_goes_on_from_the_weights_of_the_init_channel(tmp_path: Path) -> None:
    steps = planned(laid_out(tmp_path, "teachers", "init"), {})
    assert inside(tmp_path, "init") + "/weights.npz" in steps[1].arguments


def test_the_bundle_names_its_job_its_commit_and_its_hyperparameters(tmp_path: Path) -> None:
    container = laid_out(tmp_path, "teachers")
    configured(tmp_path, "hyperparameters.json", {"train.epochs": "3"})
    (export,) = (s for s in planned(container, {"train.epochs": "3"}) if s.step == "export")
    options = plan.parsed("export", export.arguments)
    assert (options.version, options.commit) == ("job-1", "abc")
    assert '{"train.epochs": "3"}' in options.note


def test_a_job_that_distils_wants_both_teachers(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="channel teachers: missing"):
        planned(laid_out(tmp_path), {})
    channel(tmp_path, "teachers", "vgg19.npz")
    with pytest.raises(DatasetError, match=r"channel teachers: no efficientnet-lite2\.npz"):
        planned(Container(tmp_path, {}), {})
