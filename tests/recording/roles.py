"""What the functions of a stack asked of IAM, and what the roles that it deployed grant them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chalicelib.names import STACK
from tests.deployed import DeployedStack
from tests.recording.authorization import Request, requests
from tests.templates import listed


class Granted(NamedTuple):
    """One action that a function's role allows on one resource."""

    function: str
    action: str
    resource: str


class Roles:
    """The functions of a stack, each by the name that the template gives it, and their roles."""

    def __init__(self, stack: DeployedStack) -> None:
        self._stack = stack
        self._names = {
            resource["PhysicalResourceId"]: re.sub(
                "[0-9A-F]{8}$", "", resource["LogicalResourceId"]
            )
            for resource in stack.aws("cloudformation").describe_stack_resources(StackName=STACK)[
                "StackResources"
            ]
        }
        self._statements = {
            self._names[function["FunctionName"]]: [*self._policies(function["Role"])]
            for function in stack.aws("lambda").list_functions()["Functions"]
        }

    @property
    def functions(self) -> set[str]:
        """Return the names of all functions."""
        return {*self._statements}

    def _policies(self, role_arn: str) -> Iterator[Mapping[str, Any]]:
        iam, role = self._stack.aws("iam"), role_arn.rsplit("/", 1)[-1]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=role, PolicyName=name)
            yield from policy["PolicyDocument"]["Statement"]

    def asked(self) -> set[tuple[str, Request]]:
        """Return what was recorded until now, by function."""
        return {
            (self._names[call["function"]], request)
            for file in self._stack.calls.glob("*.jsonl")
            for call in map(json.loads, file.read_text().splitlines())
            for request in requests(call)
        }

    def denied(self, asked: set[tuple[str, Request]]) -> list[tuple[str, Request]]:
        """Return what no role of the function allows."""
        return sorted(
            (function, request)
            for function, request in asked
            if not request.is_allowed(*self._statements[function])
        )

    def unused(self, asked: set[tuple[str, Request]]) -> set[Granted]:
        """Return what is granted and nobody asked for."""
        return {
            Granted(function, action, resource)
            for function, statements in self._statements.items()
            for statement in statements
            for action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
            if not any(
                request.is_allowed({**statement, "Action": action, "Resource": resource})
                for caller, request in asked
                if caller == function
            )
        }
