"""How much of the account's Lambda concurrency the stack takes, and whether there is as much.

``-c captioners=20`` lets that many photographs be captioned at once (10 photographs a batch);
``-c reserveIndexer=no`` leaves the embedded engine's indexer without a reservation, which an
account of a small quota cannot give.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from chalicelib.names import EMBEDDED
from infra.choices import Context, number, yes_or_no

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# Half of the ten that new accounts have been given: "New AWS accounts have reduced concurrency and
# memory quotas" (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
CAPTIONERS = 5
# Of an SQS event source (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html).
LEAST_CAPTIONERS, MOST_CAPTIONERS = 2, 1000
# API, authorizer, encoder, indexer and the reader of dead letters, once each.
OTHERS = 5
# "You can reserve up to the Unreserved account concurrency value that is shown, minus 100"
# (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html).
LEAST_UNRESERVED = 100
# "Concurrent executions" in Service Quotas.
RAISE = (
    "ask for more: aws service-quotas request-service-quota-increase --service-code lambda "
    "--quota-code L-B99A9384 --desired-value 1000"
)


@dataclass(frozen=True, slots=True)
class Quota:
    """Executions at once that an account may run in a region, and those not reserved by others."""

    executions: int
    unreserved: int

    @classmethod
    def of(cls, client: "LambdaClient", indexer: str) -> Self:
        """Ask Lambda, which knows the quota in force and the reservations.

        What a former deployment reserved for the function ``indexer`` is counted as free.

        See https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html.
        """
        limit = client.get_account_settings()["AccountLimit"]
        unreserved = limit["UnreservedConcurrentExecutions"] + _reserved_already(client, indexer)
        return cls(limit["ConcurrentExecutions"], unreserved)


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Executions at once: at most ``captioners``; ``reserved`` for the indexer, None for none."""

    captioners: int
    reserved: int | None

    @classmethod
    def of(cls, engine: str, context: Context) -> Self:
        """Read what the command line says.

        Raises
        ------
        ValueError
            It is out of its range.
        """
        allowed = range(LEAST_CAPTIONERS, MOST_CAPTIONERS + 1)
        captioners = number(context, "captioners", CAPTIONERS, allowed)
        reserves = yes_or_no(context, "reserveIndexer", default=True)
        # The published index has one writer; OpenSearch takes writes while it is re-indexed.
        return cls(captioners, 1 if engine == EMBEDDED and reserves else None)

    def use(self, quota: Quota) -> str:
        """Say what the stack takes of a quota."""
        reserved = f", {self.reserved} is reserved for the indexer" if self.reserved else ""
        return (
            f"Lambda runs {quota.executions} executions at once in this account and region. "
            f"Of the {quota.unreserved} that no other function reserves, captioning takes up to "
            f"{self.captioners}{reserved}; API, encoder and the like share {self._left(quota)}"
        )

    def lack(self, quota: Quota) -> str | None:
        """Say what is missing of a quota and what to do; None where it is enough."""
        if self.reserved and quota.unreserved - self.reserved < LEAST_UNRESERVED:
            return (
                f"the embedded engine reserves {self.reserved} of {quota.unreserved} executions "
                f"for its indexer, and Lambda wants {LEAST_UNRESERVED} unreserved besides: "
                f'deploy without (ARGS="-c reserveIndexer=no"), or {RAISE}'
            )
        if self._left(quota) >= OTHERS:
            return None
        fewer = quota.unreserved - (self.reserved or 0) - OTHERS
        smaller = f'caption fewer at once (ARGS="-c captioners={fewer}"), or '
        return (
            f"captioning takes up to {self.captioners} of {quota.unreserved} executions at once, "
            f"and {OTHERS} must be left to API, encoder and the like: "
            f"{smaller if fewer >= LEAST_CAPTIONERS else ''}{RAISE}"
        )

    def _left(self, quota: Quota) -> int:
        return quota.unreserved - self.captioners - (self.reserved or 0)


def _reserved_already(client: "LambdaClient", indexer: str) -> int:
    try:
        found = client.get_function_concurrency(FunctionName=indexer)
    except client.exceptions.ResourceNotFoundException:
        return 0
    return found.get("ReservedConcurrentExecutions", 0)
