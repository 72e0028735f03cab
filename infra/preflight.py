"""What a deployment to AWS needs, checked before it begins: ``python -m infra.preflight``.

Its arguments are those that the CDK will be given, of which it reads ``-c`` and checks the names.
With ``--deploy`` it also holds what the stack would take of Lambda's concurrency against the
account's quota, and asks the identity provider what it says of itself.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import IdentityUnavailable
from chalicelib.names import INDEXER
from infra.bootstrap import DEFAULT_QUALIFIER, bootstrap_parameter, qualifier_of
from infra.concurrency import Concurrency, Quota
from infra.options import context_of, given_in, refuse_unknown
from infra.protection import failed_before
from infra.region import RegionError, here, profile_region, resolve
from infra.sign_in import provider_lack
from infra.stage import Stage

# The CDK's own, unless another is named:
# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html


class Requirement(NamedTuple):
    """One thing that must be there, and what to do where it is not."""

    name: str
    met: Callable[[], bool]
    remedy: str


def missing(asked: tuple[Requirement, ...]) -> list[Requirement]:
    """Return what is not there, in order."""
    return [requirement for requirement in asked if not requirement.met()]


def _docker_runs() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    asked = subprocess.run([docker, "info"], capture_output=True, check=False)  # noqa: S603
    return asked.returncode == 0


def _aws_answers(call: Callable[[], object]) -> bool:
    try:
        call()
    except (BotoCoreError, ClientError) as error:
        print(f"! AWS: {error}", file=sys.stderr)
        return False
    return True


def _one_profile(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Tell whether the CDK and boto3 will take the same profile.

    The CDK prefers AWS_PROFILE, boto3 the other.
    """
    named = {environment.get(name) for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")}
    return len(named - {None, ""}) < 2 and not any(
        argument.partition("=")[0] == "--profile" for argument in arguments
    )


DEPLOY = "--deploy"
NODE = Requirement(
    "Node with npx",
    lambda: shutil.which("npx") is not None,
    "the CDK's command line runs on it: install Node 22 or newer",
)
DOCKER = Requirement(
    "Docker", _docker_runs, "the captioner is a container image: install Docker and start it"
)


def of_machine(arguments: Sequence[str]) -> tuple[Requirement, ...]:
    """Return what this machine needs; an image is built for a deployment only."""
    return (NODE, DOCKER) if DEPLOY in arguments else (NODE,)


def of_account(
    session: boto3.Session, qualifier: str = DEFAULT_QUALIFIER
) -> tuple[Requirement, ...]:
    """Return what an account needs in the session's region."""
    named = "" if qualifier == DEFAULT_QUALIFIER else f" --qualifier {qualifier}"
    return (
        Requirement(
            "AWS credentials",
            lambda: _aws_answers(lambda: session.client("sts").get_caller_identity()),
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its like",
        ),
        Requirement(
            "a bootstrapped account",
            lambda: _aws_answers(
                lambda: session.client("ssm").get_parameter(Name=bootstrap_parameter(qualifier))
            ),
            f"once: npx aws-cdk@2 bootstrap aws://ACCOUNT/{session.region_name}{named}",
        ),
    )


def requirements(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> tuple[Requirement, ...]:
    """Return everything that is asked for; the account in the region that is meant, if one is."""
    machine = of_machine(arguments)
    one_profile = Requirement(
        "one profile",
        lambda: _one_profile(arguments, environment),
        "name it by AWS_PROFILE alone: every step follows that",
    )
    try:
        region = resolve(environment, profile_region)
    except RegionError as problem:
        return (*machine, one_profile, Requirement("a region", lambda: False, str(problem)))
    print(f"• Region {region}")
    qualifier = qualifier_of(context_of(given_in(arguments)).get)
    return (*machine, one_profile, *of_account(boto3.Session(region_name=region.name), qualifier))


def misspelt(context: Mapping[str, str]) -> str | None:
    """Return what is wrong with the names of context values, and with the stage among them."""
    try:
        refuse_unknown(context)
        Stage.of(context.get)
    except ValueError as wrong:
        return str(wrong)
    return None


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


def sign_in_lack(
    context: Mapping[str, str], ask: Callable[[Callable[[str], object]], str | None]
) -> str | None:
    """Return what is wrong with the identity provider that people are to sign in with, if any."""
    try:
        return ask(context.get)
    except ValueError as wrong:
        return str(wrong)
    except IdentityUnavailable as problem:
        return problem.detail


def _quota(stage: Stage) -> Quota:
    return Quota.of(_client("lambda"), stage.named(INDEXER))


def _client(service: Literal["lambda", "cloudformation"]) -> Any:
    return boto3.client(service, region_name=here())


def main(arguments: Sequence[str]) -> int:
    """Say what is missing; 0 where nothing is."""
    parser = argparse.ArgumentParser(prog="python -m infra.preflight")
    parser.add_argument(
        DEPLOY,
        action="store_true",
        help="check Docker, Lambda's quota and who signs in, too",
    )
    asked, others = parser.parse_known_args(arguments)
    context = context_of(given_in(others))
    if wrong := misspelt(context):
        print(f"✗ {wrong}", file=sys.stderr)
        return 1
    lacking = missing(requirements(arguments, os.environ))
    problems = [f"{requirement.name}: {requirement.remedy}" for requirement in lacking]
    if asked.deploy and not problems:
        lack = concurrency_lack(context, lambda: _quota(Stage.of(context.get)), print)
        problems += [f"concurrency: {lack}"] if lack else []
        failed = failed_before(_client("cloudformation"), Stage.of(context.get).stack)
        problems += [failed] if failed else []
        wrong = sign_in_lack(context, provider_lack)
        problems += [f"sign-in: {wrong}"] if wrong else []
    for problem in problems:
        print(f"✗ {problem}", file=sys.stderr)
    if problems:
        print("Nothing was deployed or removed.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
