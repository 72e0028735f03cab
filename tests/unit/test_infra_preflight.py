"""What ``make deploy`` asks for before it begins."""

import boto3

from infra.preflight import MACHINE, Requirement, missing, of_account


def test_only_what_is_missing_is_told_and_in_order() -> None:
    here = Requirement("here", lambda: True, "nothing")
    first = Requirement("first", lambda: False, "get it")
    second = Requirement("second", lambda: False, "get that")
    assert missing((first, here, second)) == [first, second]


def test_docker_node_credentials_and_the_bootstrap_are_asked_for() -> None:
    asked = (*MACHINE, *of_account(boto3.Session(region_name="eu-west-3")))
    assert [requirement.name for requirement in asked] == [
        "Docker",
        "Node with npx",
        "AWS credentials",
        "a bootstrapped account",
    ]
    assert all(requirement.remedy for requirement in asked)
