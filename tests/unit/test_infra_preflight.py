"""What ``make deploy`` asks for before it begins."""

import boto3
from botocore.exceptions import ClientError

from infra.concurrency import Quota
from infra.preflight import (
    DEPLOY,
    Requirement,
    concurrency_lack,
    missing,
    of_account,
    of_machine,
)

NEW_ACCOUNT = Quota(executions=10, unreserved=10)


def test_only_what_is_missing_is_told_and_in_order() -> None:
    here = Requirement("here", lambda: True, "nothing")
    first = Requirement("first", lambda: False, "get it")
    second = Requirement("second", lambda: False, "get that")
    assert missing((first, here, second)) == [first, second]


def test_docker_node_credentials_and_the_bootstrap_are_asked_for() -> None:
    asked = (*of_machine([DEPLOY]), *of_account(boto3.Session(region_name="eu-west-3")))
    assert [requirement.name for requirement in asked] == [
        "Node with npx",
        "Docker",
        "AWS credentials",
        "a bootstrapped account",
    ]
    assert all(requirement.remedy for requirement in asked)


def test_only_a_deployment_builds_an_image_and_wants_docker() -> None:
    assert [requirement.name for requirement in of_machine(["-c", "stage=x"])] == ["Node with npx"]


def test_what_a_deployment_takes_is_told_and_what_is_missing_stops_it() -> None:
    told: list[str] = []
    assert concurrency_lack({"search": "opensearch"}, lambda: NEW_ACCOUNT, told.append) is None
    assert "captioning takes up to 5" in told[0]
    lack = concurrency_lack({"search": "embedded"}, lambda: NEW_ACCOUNT, told.append)
    assert lack and "reserveIndexer=no" in lack
    context = {"search": "opensearch", "captioners": "1"}
    wrong = concurrency_lack(context, lambda: NEW_ACCOUNT, told.append)
    assert wrong and "captioners=1" in wrong


def test_whoever_may_not_ask_for_the_quota_may_deploy() -> None:
    def forbidden() -> Quota:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetAccountSettings")

    told: list[str] = []
    assert concurrency_lack({"search": "embedded"}, forbidden, told.append) is None
    assert "not known" in told[0] and "AccessDenied" in told[0]
