"""Whether a stack may be removed, and its tags."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from infra.protection import failed_before, is_protected, main, objection
from infra.stage import Stage
from infra.tags import tags_of

REGION = "eu-west-3"
TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield boto3.client("cloudformation")


@pytest.mark.parametrize(
    ("name", "arguments"), [("ImageRepo", []), ("ImageRepo-pr", ["-cstage=pr"])]
)
def test_a_protected_stack_is_not_removed_and_the_way_to_is_told(
    cloudformation: Any, capsys: pytest.CaptureFixture[str], name: str, arguments: list[str]
) -> None:
    cloudformation.create_stack(
        StackName=name, TemplateBody=TEMPLATE, EnableTerminationProtection=True
    )
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert f"--no-enable-termination-protection --stack-name {name}\n" in told


def test_an_unprotected_stack_may_go(cloudformation: Any) -> None:
    cloudformation.create_stack(StackName="ImageRepo", TemplateBody=TEMPLATE)
    assert main([]) == 0


def test_what_is_not_there_is_left_to_the_cdk_to_tell(cloudformation: Any) -> None:
    assert objection(cloudformation, "ImageRepo") is None


@pytest.mark.parametrize(
    ("status", "protected", "lifted_first"),
    [
        ("ROLLBACK_COMPLETE", True, True),
        ("ROLLBACK_COMPLETE", False, False),  # the CDK removes it by itself
        ("UPDATE_ROLLBACK_COMPLETE", True, False),
        ("CREATE_COMPLETE", True, False),
    ],
)
def test_where_the_first_deployment_failed_its_protection_must_go_before_the_next(
    cloudformation: Any, status: str, protected: bool, lifted_first: bool
) -> None:
    stack = {"StackName": "ImageRepo", "CreationTime": datetime.now(UTC), "StackStatus": status}
    with Stubber(cloudformation) as stubbed:
        told = {"Stacks": [{**stack, "EnableTerminationProtection": protected}]}
        stubbed.add_response("describe_stacks", told)
        lacks = failed_before(cloudformation, "ImageRepo")
    way = "--no-enable-termination-protection --stack-name ImageRepo"
    assert lacks is not None and lacks.endswith(way) if lifted_first else lacks is None


def test_a_stack_is_protected_unless_told_otherwise() -> None:
    assert is_protected(dict[str, str]().get)
    assert not is_protected({"protect": "no"}.get)
    with pytest.raises(ValueError, match="-c protect=false: it can be yes, no"):
        is_protected({"protect": "false"}.get)


def test_costs_divide_by_application_and_stage() -> None:
    assert tags_of(dict[str, str]().get, Stage()) == {
        "Application": "image-repo",
        "Stage": "default",
    }
    assert tags_of(dict[str, str]().get, Stage("staging"))["Stage"] == "staging"


def test_tags_are_added_and_stand_over_these() -> None:
    given = {"tags": "team=photos, cost centre=47:11,Application=pictures,empty="}
    assert tags_of(given.get, Stage()) == {
        "Application": "pictures",
        "Stage": "default",
        "team": "photos",
        "cost centre": "47:11",
        "empty": "",
    }


@pytest.mark.parametrize("wrong", ["team", "=photos", "aws:team=x", "team=a;b", "k" * 129 + "=v"])
def test_what_aws_takes_for_no_tag_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^-c tags="):
        tags_of({"tags": wrong}.get, Stage())
