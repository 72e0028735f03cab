"""What a deployment to AWS needs, checked before it begins: ``python -m infra.preflight``.

``--deploy -c search=embedded -c captioners=20`` also holds what the stack would take of Lambda's
concurrency against the account's quota; further options of the CDK's command line are ignored.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.concurrency import Concurrency, Quota

SETTINGS = Path(__file__).resolve().parent.parent / "cdk.json"
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


def context_of(given: Sequence[str]) -> dict[str, str]:
    """Return what ``cdk.json`` says, and over it the NAME=VALUE of the command line."""
    context: dict[str, str] = json.loads(SETTINGS.read_text())["context"]
    return context | dict(entry.split("=", 1) for entry in given if "=" in entry)


def concurrency_lack(
    context: Mapping[str, str], quota: Callable[[], Quota], tell: Callable[[str], None]
) -> str | None:
    """Tell what a deployment takes of Lambda's quota; return what is missing of it, if anything.

    Whoever may deploy may still be forbidden to ask: that is told, and stops nothing.
    """
    try:
        size = Concurrency.of(context["search"], context.get)
        found = quota()
    except ValueError as wrong:
        return str(wrong)
    except (BotoCoreError, ClientError) as error:
        tell(f"• Lambda's quota is not known, which may be too small: {error}")
        return None
    tell(f"• {size.use(found)}")
    return size.lack(found)


def main() -> int:
    """Say what is missing; 0 where nothing is."""
    parser = argparse.ArgumentParser(prog="python -m infra.preflight")
    parser.add_argument("--deploy", action="store_true", help="check Lambda's quota, too")
    parser.add_argument("-c", "--context", action="append", default=[], metavar="NAME=VALUE")
    asked, _ = parser.parse_known_args()
    problems = [f"{lacking.name}: {lacking.remedy}" for lacking in missing(REQUIREMENTS)]
    if asked.deploy and not problems:
        context = context_of(asked.context)
        lack = concurrency_lack(context, lambda: Quota.of(boto3.client("lambda")), print)
        problems += [f"concurrency: {lack}"] if lack else []
    for problem in problems:
        print(f"✗ {problem}", file=sys.stderr)
    if problems:
        print("Nothing was deployed or removed.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
