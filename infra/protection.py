"""What keeps a deployment from being removed by mistake: ``-c protect=no`` leaves it out.

The stack cannot be deleted before its termination protection is off
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html), nor
a table before its deletion protection is
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection).

A stack whose first deployment failed is protected, too, and the CDK, which would delete it before
it makes another, cannot:
https://github.com/aws/aws-cdk-cli/blob/main/packages/@aws-cdk/toolkit-lib/lib/api/deployments/deploy-stack.ts

``python -m infra.protection ARGUMENTS…`` tells, before ``make destroy`` begins, whether the stack
is protected that the CDK, given the same arguments, would delete.
"""

import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from infra.choices import Context, yes_or_no
from infra.options import context_of, given_in
from infra.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")


def is_protected(context: Context) -> bool:
    """Tell whether the command line, or ``cdk.json``, wants protection.

    Raises
    ------
    ValueError
        It says neither yes nor no.
    """
    return yes_or_no(context, "protect", default=True)


def objection(client: "CloudFormationClient", stack: str) -> str | None:
    """Say what has to be done before a stack can be deleted; None where nothing has to."""
    if not _protected(client, stack):
        return None
    return (
        f"stack {stack} is protected from being deleted. To remove it all the same:\n"
        f"{_lifting(stack)}\nand then 'make destroy' again"
    )


def failed_before(client: "CloudFormationClient", stack: str) -> str | None:
    """Say what has to be done before a stack whose making failed can be made; None for others."""
    found = _protected(client, stack)
    if found is None or found["StackStatus"] not in FAILED:
        return None
    return (
        f"stack {stack} could not be made when it was first deployed (its events say why), and is "
        f"protected. Let it be removed, and deploy again:\n{_lifting(stack)}"
    )


def _protected(client: "CloudFormationClient", stack: str) -> "StackTypeDef | None":
    try:
        (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError:  # it is not there, or may not be looked at: the CDK will tell
        return None
    return found if found.get("EnableTerminationProtection") else None


def _lifting(stack: str) -> str:
    return (
        "  aws cloudformation update-termination-protection --no-enable-termination-protection "
        f"--stack-name {stack}"
    )


def main(arguments: list[str]) -> int:
    """Print what has to be done first; 0 where nothing has to."""
    stack = Stage.of(context_of(given_in(arguments)).get).stack
    told = objection(boto3.client("cloudformation"), stack)
    if told:
        print(f"✗ {told}", file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
