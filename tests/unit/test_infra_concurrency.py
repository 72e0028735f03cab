"""What the stack takes of an account's concurrency, told before anything is deployed."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.names import EMBEDDED, INDEXER, OPENSEARCH
from infra.concurrency import Concurrency, Quota

NEW_ACCOUNT = Quota(executions=10, unreserved=10)
USUAL_ACCOUNT = Quota(executions=1000, unreserved=1000)


def size(engine: str, **context: str) -> Concurrency:
    return Concurrency.of(engine, context.get)


@pytest.mark.fault(39, by="the template")
def test_the_default_deployment_fits_a_new_account_and_leaves_half_to_the_api() -> None:
    assert size(OPENSEARCH).lack(NEW_ACCOUNT) is None
    told = size(OPENSEARCH).use(NEW_ACCOUNT)
    assert "10 executions" in told and "captioning takes up to 5;" in told and "share 5" in told


def test_a_new_account_can_reserve_nothing_and_is_told_what_to_do() -> None:
    told = size(EMBEDDED).lack(NEW_ACCOUNT)
    assert told and "1 of 10" in told and "100 unreserved" in told
    assert "-c reserveIndexer=no" in told and "L-B99A9384" in told
    assert size(EMBEDDED, reserveIndexer="no").lack(NEW_ACCOUNT) is None


@pytest.mark.parametrize(("unreserved", "is_enough"), [(100, False), (101, True)])
def test_a_reservation_leaves_a_hundred(unreserved: int, is_enough: bool) -> None:
    assert (size(EMBEDDED).lack(Quota(1000, unreserved)) is None) is is_enough


def test_captioning_may_not_take_everything() -> None:
    told = size(OPENSEARCH, captioners="10").lack(NEW_ACCOUNT)
    assert told and "up to 10 of 10" in told and "-c captioners=5" in told
    assert size(OPENSEARCH, captioners="900").lack(USUAL_ACCOUNT) is None


def test_where_other_functions_reserve_nearly_all_only_more_helps() -> None:
    told = size(OPENSEARCH).lack(Quota(executions=10, unreserved=6))
    assert told and "captioners=" not in told and "L-B99A9384" in told


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("captioners", "1", "2 to 1000"),
        ("captioners", "1001", "2 to 1000"),
        ("captioners", "many", "2 to 1000"),
        ("reserveIndexer", "perhaps", "yes, no"),
    ],
)
def test_a_size_out_of_its_range_is_refused_by_name(name: str, value: str, allowed: str) -> None:
    with pytest.raises(ValueError, match=f"{name}={value}.*{allowed}"):
        size(EMBEDDED, **{name: value})


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client(
        "lambda", region_name="eu-central-1", aws_access_key_id="-", aws_secret_access_key="-"
    )
    with Stubber(client) as stubber:
        limit = {"ConcurrentExecutions": 101, "UnreservedConcurrentExecutions": 100}
        stubber.add_response("get_account_settings", {"AccountLimit": limit})
        yield client, stubber


def test_what_the_stack_reserved_before_is_its_own(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    stubber.add_response(
        "get_function_concurrency",
        {"ReservedConcurrentExecutions": 1},
        {"FunctionName": INDEXER},
    )
    assert Quota.of(client, INDEXER) == Quota(executions=101, unreserved=101)


def test_where_nothing_is_deployed_nothing_is_reserved(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    stubber.add_client_error("get_function_concurrency", "ResourceNotFoundException")
    assert Quota.of(client, INDEXER) == Quota(executions=101, unreserved=100)
