"""What a deployment to AWS needs, checked before it begins: ``python -m infra.preflight``."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"


class Requirement(NamedTuple):
    """One thing that must be there, and what to do where it is not."""

    name: str
    met: Callable[[], bool]
    remedy: str


def missing(requirements: tuple[Requirement, ...]) -> list[Requirement]:
    """Return what is not there, in order."""
    return [requirement for requirement in requirements if not requirement.met()]


def _docker_runs() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    asked = subprocess.run([docker, "info"], capture_output=True, check=False)  # noqa: S603
    return asked.returncode == 0


def _aws_answers(call: Callable[[], object]) -> bool:
    try:
        call()
    except (BotoCoreError, ClientError):
        return False
    return True


REQUIREMENTS = (
    Requirement(
        "Docker", _docker_runs, "the captioner is a container image: install Docker and start it"
    ),
    Requirement(
        "Node with npx",
        lambda: shutil.which("npx") is not None,
        "the CDK's command line runs on it: install Node 22 or newer",
    ),
    Requirement(
        "AWS credentials",
        lambda: _aws_answers(lambda: boto3.client("sts").get_caller_identity()),
        "set AWS_PROFILE or AWS_ACCESS_KEY_ID and its like, and a region (AWS_REGION)",
    ),
    Requirement(
        "a bootstrapped account",
        lambda: _aws_answers(lambda: boto3.client("ssm").get_parameter(Name=BOOTSTRAP_PARAMETER)),
        "once an account and region: npx aws-cdk@2 bootstrap",
    ),
)


def main() -> int:
    """Say what is missing; 0 where nothing is."""
    lacking = missing(REQUIREMENTS)
    for requirement in lacking:
        print(f"✗ {requirement.name}: {requirement.remedy}", file=sys.stderr)
    if lacking:
        print("Nothing was deployed or removed.", file=sys.stderr)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
