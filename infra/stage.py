"""Which of several stacks of an account and region is meant: ``-c stage=staging``.

``python -m infra.stage ARGUMENTS…`` prints where the outputs of the stack are kept that the CDK,
given the same arguments, deploys.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chalicelib.names import DOMAIN, STACK
from infra.options import context_of, given_in

# Of all names with a stage in them a domain's may be the shortest, and it is of such letters:
# https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DomainInfo.html
MOST_OF_A_DOMAIN = 28
MOST = MOST_OF_A_DOMAIN - len(f"{DOMAIN}-")
_SYNTAX = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Stage:
    """One of several stacks; the one without a name has names without one."""

    name: str = ""

    @classmethod
    def of(cls, context: Callable[[str], object]) -> Self:
        """Return what the command line, or ``cdk.json``, says.

        Raises
        ------
        ValueError
            It cannot be a part of names.
        """
        name = str(context("stage") or "")
        if name and not (_SYNTAX.fullmatch(name) and len(name) <= MOST):
            raise ValueError(
                f"-c stage={name}: it must be at most {MOST} lower-case letters and digits, with "
                "single hyphens between them, such as staging"
            )
        return cls(name)

    def named(self, name: str) -> str:
        """Return a name that no other stage's stack has."""
        return f"{name}-{self.name}" if self.name else name

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.named(STACK)

    @property
    def outputs(self) -> Path:
        """Where a deployment writes the stack's outputs."""
        return Path("build") / f"{self.named('outputs')}.json"


def main(arguments: list[str]) -> int:
    """Print where the outputs are."""
    try:
        print(Stage.of(context_of(given_in(arguments)).get).outputs)
    except ValueError as problem:
        print(f"✗ {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
