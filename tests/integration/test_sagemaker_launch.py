"""``python -m training sagemaker``, with the real SDK, against an emulator of AWS."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import validate_parameters
from moto.server import ThreadedMotoServer

from training.sagemaker.plan import METRICS

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-sagemaker" / "bin" / "python"
REGION = "eu-central-1"
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/image-repo-training:1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
REQUIRED = {
    "--image": IMAGE,
    "--role": "training",
    "--out": "s3://models/training",
    "--photographs": "s3://models/flickr8k/Flicker8k_Dataset",
    "--captions": "s3://models/flickr8k/Flickr8k_text",
    "--teachers": "s3://models/teachers",
    "--region": REGION,
}

pytestmark = pytest.mark.slow

if not PYTHON.exists():
    pytest.skip("needs .venv-sagemaker (make setup-sagemaker)", allow_module_level=True)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An emulator with the job's role."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    address = f"http://127.0.0.1:{port}"
    client(address, "iam").create_role(
        RoleName="training", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    yield address
    server.stop()


def client(endpoint: str, service: Any) -> Any:
    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing")
    return session.client(service, REGION, endpoint_url=endpoint)


def sagemaker(endpoint: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [str(PYTHON), "-m", "training", "sagemaker"]
    command += [part for pair in REQUIRED.items() for part in pair]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_VALIDATE_ROLE": "false",  # the emulator does not simulate policies
    }
    return subprocess.run(
        [*command, *more], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def request(endpoint: str, *more: str) -> dict[str, Any]:
    done = sagemaker(endpoint, "--dry-run", *more)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def spot(endpoint: str) -> dict[str, Any]:
    settings = ("--set", "distil.minutes=600", "--set", "train.epochs=8")
    more = ("--extra", "s3://m-x/e", "--captioned", "s3://m-x/c", "--texts", "s3://m-x/t")
    return request(endpoint, *settings, *more, "--hours", "12", "--patience", "6")


def test_the_request_is_one_that_the_service_knows(spot: dict[str, Any]) -> None:
    service = botocore.session.get_session().get_service_model("sagemaker")
    shape = service.operation_model("CreateTrainingJob").input_shape
    assert shape is not None
    validate_parameters(spot, shape)
    assert set(shape.required_members) <= set(spot)


def test_it_is_a_spot_job_that_keeps_its_checkpoints(spot: dict[str, Any]) -> None:
    assert spot["EnableManagedSpotTraining"] is True
    assert spot["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 12 * 3600,
        "MaxWaitTimeInSeconds": 18 * 3600,
    }
    assert spot["CheckpointConfig"]["LocalPath"] == "/opt/ml/checkpoints"
    assert spot["CheckpointConfig"]["S3Uri"].startswith("s3://models/training/checkpoints/")


def test_each_channel_is_a_prefix(spot: dict[str, Any]) -> None:
    prefixes = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in spot["InputDataConfig"]
    }
    assert prefixes == {
        "photographs": REQUIRED["--photographs"],
        "captions": REQUIRED["--captions"],
        "teachers": REQUIRED["--teachers"],
        "extra": "s3://m-x/e",
        "captioned": "s3://m-x/c",
        "texts": "s3://m-x/t",
    }


def test_hyperparameters_are_strings_named_by_step_and_option(spot: dict[str, Any]) -> None:
    assert spot["HyperParameters"] == {"distil.minutes": "600", "train.epochs": "8"}


def test_the_console_is_told_its_metrics(spot: dict[str, Any]) -> None:
    told = spot["AlgorithmSpecification"]["MetricDefinitions"]
    assert {metric["Name"]: metric["Regex"] for metric in told} == METRICS
    assert len(told) <= 40


def test_the_image_keeps_its_own_entry_point(spot: dict[str, Any]) -> None:
    algorithm = spot["AlgorithmSpecification"]
    assert algorithm["TrainingImage"] == IMAGE
    assert "ContainerEntrypoint" not in algorithm


def test_on_demand_waits_for_nothing(endpoint: str) -> None:
    found = request(endpoint, "--on-demand")
    assert found["EnableManagedSpotTraining"] is False
    assert "MaxWaitTimeInSeconds" not in found["StoppingCondition"]


def test_a_dry_run_starts_no_job(endpoint: str, spot: dict[str, Any]) -> None:
    jobs = client(endpoint, "sagemaker").list_training_jobs()["TrainingJobSummaries"]
    assert spot["TrainingJobName"] not in {job["TrainingJobName"] for job in jobs}


@pytest.fixture(scope="module")
def started(endpoint: str) -> subprocess.CompletedProcess[str]:
    return sagemaker(endpoint, "--name", "made-up", "--wait")


def test_a_job_is_started_with_the_role_by_its_name_and_waited_for(
    endpoint: str, started: subprocess.CompletedProcess[str]
) -> None:
    assert started.returncode == 0, started.stderr
    jobs = client(endpoint, "sagemaker").list_training_jobs()["TrainingJobSummaries"]
    (name,) = (j["TrainingJobName"] for j in jobs if j["TrainingJobName"].startswith("made-up-"))
    job = client(endpoint, "sagemaker").describe_training_job(TrainingJobName=name)
    assert job["RoleArn"].endswith(":role/training")
    assert job["EnableManagedSpotTraining"]
    assert f"make deploy BUNDLE=s3://models/training/{name}/output/model.tar.gz" in started.stdout


def test_a_role_that_does_not_exist_is_named(endpoint: str) -> None:
    done = sagemaker(endpoint, "--role", "nobody")
    assert done.returncode == 2
    assert "nobody" in done.stderr
    assert "Traceback" not in done.stderr
