"""What the Makefile runs against an account looks at one region."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    hidden = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=kept | files | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_meets_one_region_in_every_variable_and_in_boto3() -> None:
    told = (
        "import boto3; from os import environ;"
        "print(boto3.Session().region_name, environ['AWS_REGION'], environ['AWS_DEFAULT_REGION'])"
    )
    python = sys.executable
    ran = run(python, "-m", "infra.region", python, "-c", told, AWS_REGION="cn-north-1")
    assert ran.stdout.split() == ["cn-north-1"] * 3


@pytest.mark.fault(38, by="a process of its own")
def test_a_command_is_not_run_without_a_region() -> None:
    ran = run(sys.executable, "-m", "infra.region", "echo", "ran")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "set AWS_REGION" in ran.stderr


def recipe(*arguments: str, **environment: str) -> list[str]:
    """Return what make would run, but for what sets an environment up."""
    lines = run("make", "--dry-run", *arguments, **environment).stdout.splitlines()
    return [line for line in lines if "-m infra" in line]


def test_a_stage_is_meant_by_every_step_however_it_is_said() -> None:
    for said in ("STAGE=staging", "ARGS=-c stage=staging"):
        for target in ("deploy", "diff", "destroy"):
            steps = recipe(target, said)
            assert steps
            assert all("-c stage=staging" in step for step in steps), steps


def test_a_deployment_ends_with_a_first_token_and_a_test() -> None:
    *_, token, doctor = recipe("deploy", CI="")
    assert "-m infra.first_token" in token and "--no-token" not in token
    assert "-m infra.doctor" in doctor
    *_, token, _ = recipe("deploy", CI="true")
    assert token.endswith("--no-token")  # others read the log


def test_protection_is_looked_at_before_anything_is_removed() -> None:
    preflight, protection, destroy = recipe("destroy")
    assert "-m infra.preflight" in preflight
    assert "-m infra.protection" in protection
    assert "destroy" in destroy


def test_the_cdk_is_always_run_in_that_region() -> None:
    recipes = run("make", "--dry-run", "deploy", "destroy", "ARGS=--require-approval never").stdout
    calls = [line for line in recipes.splitlines() if "npx --yes aws-cdk" in line]
    assert len(calls) == 2
    assert all(line.startswith(".venv/bin/python -m infra.region npx") for line in calls)
    (checked,) = [line for line in recipes.splitlines() if "-m infra.preflight" in line]
    assert checked.endswith("--require-approval never")
