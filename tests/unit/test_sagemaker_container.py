"""What the container makes of the files and variables that SageMaker gives it."""

import json
import shutil
from pathlib import Path

import pytest

from captioner.vision.bundle import DEFAULT_BUNDLE, FILES
from training.errors import DatasetError, TrainingError
from training.sagemaker import plan
from training.sagemaker.__main__ import main
from training.sagemaker.container import Container


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path, {})


def configured(root: Path, name: str, content: object) -> Path:
    config = root / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def channel(root: Path, name: str, *files: str) -> Path:
    folder = root / "input" / "data" / name
    folder.mkdir(parents=True)
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(file)
    return folder


def test_channels_and_results_lie_where_sagemaker_puts_them(container: Container) -> None:
    folder = channel(container.root, "photographs")
    assert container.channel("photographs") == folder
    assert container.channel("extra") is None
    assert container.model == container.root / "model"


def test_hyperparameters_are_read_and_the_sdks_own_left_out(container: Container) -> None:
    given = {"distil.minutes": "30", "sagemaker_program": "x"}
    configured(container.root, "hyperparameters.json", given)
    assert container.hyperparameters() == {"distil.minutes": "30"}


def test_a_job_without_hyperparameters_has_none(container: Container) -> None:
    assert container.hyperparameters() == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "not a JSON object"),
        ({"distil.minutes": 30}, "distil.minutes is no string: 30"),
    ],
)
def test_hyperparameters_that_break_the_contract_are_refused(
    container: Container, content: object, said: str
) -> None:
    configured(container.root, "hyperparameters.json", content)
    with pytest.raises(TrainingError, match=said):
        container.hyperparameters()


def test_several_instances_are_refused(container: Container) -> None:
    configured(container.root, "resourceconfig.json", {"hosts": ["algo-1", "algo-2"]})
    with pytest.raises(TrainingError, match="2 hosts"):
        container.refuse_several_hosts()


def test_each_hyperparameter_becomes_an_option_of_its_step() -> None:
    given = plan.arguments({"distil.minutes": "5", "train.critical-epochs": "0"})
    assert given["distil"] == ["--minutes=5"]
    assert given["train"] == ["--critical-epochs=0"]
    assert given["prepare"] == []


def test_distilling_lasts_an_hour_unless_told() -> None:
    assert plan.arguments({})["distil"] == ["--minutes=60"]


def test_true_and_false_are_for_options_without_a_value() -> None:
    given = plan.arguments({"evaluate.flag": "true", "evaluate.other": "false"})
    assert given["evaluate"] == ["--flag"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("minutes", "5", "minutes: expected STEP.OPTION"),
        ("destil.minutes", "5", "destil.minutes: expected STEP.OPTION"),
        ("distil.out", "/etc", "distil.out: the job sets it"),
        ("distil.ou", "/etc", "distil.ou: the job sets it"),
        ("train.texts", "/etc", "train.texts: the job sets it"),
        ("train.encoder", "vgg61", "hyperparameters of prepare: .*'vgg61'"),
        ("train.side", "100", "multiple of 32"),
        ("distil.nonsense", "1", "unrecognized arguments: --nonsense=1"),
        ("distil.minutes", "soon", "argument --minutes"),
        ("evaluate.split", "train", "argument --split"),
        ("tune.rate", "1", "required: --minutes"),
    ],
)
def test_what_the_job_would_refuse_is_refused_before_it_starts(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        plan.check({name: value})


def test_flickr8ks_layout_is_linked_together(container: Container) -> None:
    channel(container.root, "photographs", "Flicker8k_Dataset/1.jpg", "Flicker8k_Dataset/2.jpg")
    channel(container.root, "captions", "Flickr8k.token.txt", "Flickr_8k.trainImages.txt")
    data = container.data_folder()
    assert (data / "Flicker8k_Dataset" / "1.jpg").is_file()
    assert (data / "Flickr8k_text" / "Flickr8k.token.txt").is_file()


def test_a_described_folder_is_linked_together(container: Container) -> None:
    channel(container.root, "photographs", "1.jpg", "2.jpg")
    channel(container.root, "captions", "descriptions.txt")
    data = container.data_folder()
    assert {path.name for path in data.iterdir()} == {"1.jpg", "2.jpg", "descriptions.txt"}


def test_the_links_are_made_afresh_on_each_start(container: Container) -> None:
    photographs = channel(container.root, "photographs", "1.jpg", "2.jpg")
    channel(container.root, "captions", "descriptions.txt")
    container.data_folder()
    (photographs / "1.jpg").unlink()
    assert not (container.data_folder() / "1.jpg").is_symlink()
    assert (photographs / "2.jpg").is_file()


def test_captions_that_are_none_are_named(container: Container) -> None:
    channel(container.root, "photographs", "1.jpg")
    channel(container.root, "captions", "readme.txt")
    with pytest.raises(DatasetError, match="channel captions: neither"):
        container.data_folder()


@pytest.mark.parametrize("files", [(), ("a.npz", "b.npz")])
def test_weights_that_are_not_one_file_are_refused(
    container: Container, files: tuple[str, ...]
) -> None:
    channel(container.root, "init", *files)
    with pytest.raises(DatasetError, match=f"channel init: .* found {len(files)}"):
        container.only_file("init", ".npz")


def test_a_failure_is_left_where_sagemaker_looks_for_it(tmp_path: Path) -> None:
    assert main(["train", "--root", str(tmp_path)]) == 1
    reason = (tmp_path / "output" / "failure").read_text()
    assert reason.startswith("channel photographs: missing")
    assert not (tmp_path / "model").exists()


def test_a_fault_of_the_code_leaves_its_traceback_too(tmp_path: Path) -> None:
    channel(tmp_path, "photographs", "1.jpg")
    channel(tmp_path, "captions", "descriptions.txt")
    channel(tmp_path, "teachers", *plan.TEACHERS)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "job.json").write_text('{"hyperparameters": {}}')
    assert main(["--root", str(tmp_path)]) == 1
    reason, _, detail = (tmp_path / "output" / "failure").read_text().partition("\n")
    assert reason.startswith("KeyError")
    assert "Traceback" in detail


def test_a_long_reason_keeps_its_beginning(container: Container) -> None:
    container.fail("x" * 5000)
    assert len((container.root / "output" / "failure").read_text().splitlines()[0]) == 1024


def all_done(root: Path) -> Container:
    """A job that was interrupted after its last step: only the results are to be laid out."""
    channel(root, "photographs", "1.jpg")
    channel(root, "captions", "descriptions.txt")
    channel(root, "teachers", *plan.TEACHERS)
    container = Container(root, {})
    kept = container.checkpoints
    shutil.copytree(DEFAULT_BUNDLE, kept / "bundle")
    for file in ("report.html", "encoder.jsonl", "model/decoder.jsonl", "tuned/decoder.jsonl"):
        (kept / file).parent.mkdir(exist_ok=True)
        (kept / file).write_text(file)
    names = ["prepare", "distil", "train", "export", "words", "evaluate", "report"]
    (kept / "job.json").write_text(json.dumps({"hyperparameters": {}, "done": names}))
    return container


def test_the_bundle_and_nothing_else_becomes_the_model(tmp_path: Path) -> None:
    container = all_done(tmp_path)
    container.model.mkdir()
    (container.model / "left-over.txt").touch()
    assert main(["--root", str(tmp_path)]) == 0
    assert {file.name for file in container.model.iterdir()} == {"bundle.json", *FILES, "words.npz"}


def test_the_results_are_the_report_and_every_log_where_it_lay(tmp_path: Path) -> None:
    container = all_done(tmp_path)
    assert main(["--root", str(tmp_path)]) == 0
    found = [path for path in container.results.rglob("*") if path.is_file()]
    assert {str(path.relative_to(container.results)) for path in found} == {
        *("report.html", "encoder.jsonl", "model/decoder.jsonl", "tuned/decoder.jsonl")
    }


def test_a_damaged_bundle_among_the_checkpoints_fails_the_job(tmp_path: Path) -> None:
    container = all_done(tmp_path)
    (container.checkpoints / "bundle" / "text.npz").write_bytes(b"")
    assert main(["--root", str(tmp_path)]) == 1
    assert "text.npz is damaged" in (tmp_path / "output" / "failure").read_text()


def test_checkpoints_of_other_hyperparameters_are_refused(tmp_path: Path) -> None:
    all_done(tmp_path)
    configured(tmp_path, "hyperparameters.json", {"train.epochs": "2"})
    assert main(["--root", str(tmp_path)]) == 1
    failure = (tmp_path / "output" / "failure").read_text()
    assert "other hyperparameters (train.epochs differ)" in failure
