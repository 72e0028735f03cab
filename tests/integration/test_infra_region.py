"""What the Makefile runs against an account looks at one region."""

import os
import subprocess
import sys
from pathlib import Path

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


def test_a_command_is_not_run_without_a_region() -> None:
    ran = run(sys.executable, "-m", "infra.region", "echo", "ran")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "set AWS_REGION" in ran.stderr


def test_the_cdk_is_always_run_in_that_region() -> None:
    recipes = run("make", "--dry-run", "deploy", "destroy", "ARGS=--require-approval never").stdout
    calls = [line for line in recipes.splitlines() if "npx --yes aws-cdk" in line]
    assert len(calls) == 2
    assert all(line.startswith(".venv/bin/python -m infra.region npx") for line in calls)
    (checked,) = [line for line in recipes.splitlines() if "-m infra.preflight" in line]
    assert checked.endswith("--require-approval never")
