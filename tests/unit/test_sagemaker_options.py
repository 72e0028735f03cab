"""``python -m training sagemaker`` refuses what is wrong before the SDK is asked for."""

from argparse import ArgumentParser

import pytest

from training.__main__ import main
from training.sagemaker.command import sagemaker

REQUIRED = {
    "--image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/image-repo-training:1",
    "--role": "training",
    "--out": "s3://models/training",
    "--photographs": "s3://models/photographs",
    "--captions": "s3://models/captions",
}


def launch(**changed: str) -> int:
    given = REQUIRED | {f"--{name}": value for name, value in changed.items()}
    return main(["sagemaker", *(part for pair in given.items() for part in pair)])


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("photographs", "/home/photographs"),
        ("captions", "models/captions"),
        ("out", "s3://"),
        ("out", "s3://Models/x"),
        ("name", "two words"),
        ("name", "x" * 42),
        ("set", "distil.minutes"),
        ("set", "minutes=5"),
        ("hours", "long"),
    ],
)
def test_an_option_that_is_wrong_is_named(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        launch(**{option: value})
    assert end.value.code == 2
    assert f"argument --{option}" in capsys.readouterr().err


def test_a_hyperparameter_that_the_job_would_refuse_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert launch(set="train.side=100") == 2
    assert "hyperparameters of train" in capsys.readouterr().err


def test_without_the_sdk_it_says_how_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch() == 2
    assert "make setup-sagemaker" in capsys.readouterr().err


@pytest.mark.parametrize(("said", "region"), [([], "eu-west-3"), (["--region", "x-1"], "x-1")])
def test_the_environments_aws_region_is_the_jobs_unless_another_is_said(
    said: list[str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    parser = ArgumentParser()
    sagemaker(parser)
    required = [part for pair in REQUIRED.items() for part in pair]
    assert parser.parse_args([*required, *said]).region == region
