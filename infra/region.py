"""The one region of a deployment, for the CDK and boto3 alike.

``AWS_REGION``, else ``AWS_DEFAULT_REGION``, else the profile's: the order of the AWS CLI and the
CDK. boto3 alone would ignore the first, and the CDK alone would take us-east-1 for none:
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
https://github.com/aws/aws-cdk-cli/blob/main/packages/@aws-cdk/toolkit-lib/lib/api/aws-auth/awscli-compatible.ts

``python -m infra.region COMMAND…`` runs a command there.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

import botocore.session
from botocore.exceptions import ProfileNotFound

VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


class RegionError(Exception):
    """Nothing names a region, or there is no such profile."""


class Region(NamedTuple):
    """A region's name, where it stands, and what else was named without effect."""

    name: str
    source: str
    overridden: Mapping[str, str]

    def __str__(self) -> str:
        """Say it in one line, conflicts included."""
        others = [f"; {source} says {name}" for source, name in self.overridden.items()]
        return f"{self.name}, as {self.source} says{''.join(others)}"


def resolve(environment: Mapping[str, str], of_profile: Callable[[], str | None]) -> Region:
    """Return the region of an environment and of the profile that it chooses.

    Raises
    ------
    RegionError
        Neither names one.
    """
    said = {name: environment.get(name) for name in VARIABLES} | {"the profile": of_profile()}
    named = [(source, region) for source, region in said.items() if region]
    if not named:
        raise RegionError("set AWS_REGION, or the profile's by 'aws configure set region'")
    (source, name), *others = named
    return Region(name, source, {by: other for by, other in others if other != name})


def profile_region() -> str | None:
    """Return what the files of the AWS CLI say of the environment's profile.

    Raises
    ------
    RegionError
        They know no such profile.
    """
    try:
        region: str | None = botocore.session.get_session().get_scoped_config().get("region")
    except ProfileNotFound as error:
        raise RegionError(str(error)) from error
    return region


def here() -> str:
    """Return the name of the region that the environment and its profile mean.

    Raises
    ------
    RegionError
        They name none, or there is no such profile.
    """
    return resolve(os.environ, profile_region).name


def main(command: list[str]) -> None:
    """Become a command for which all variables name the region."""
    try:
        region = resolve(os.environ, profile_region)
    except RegionError as problem:
        sys.exit(f"✗ a region: {problem}")
    there = os.environ | dict.fromkeys(VARIABLES, region.name)
    os.execvpe(command[0], command, there)  # noqa: S606  the Makefile's own command


if __name__ == "__main__":
    main(sys.argv[1:])
