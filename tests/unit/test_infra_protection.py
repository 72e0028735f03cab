"""Whether a stack may be removed, and its tags."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.protection import is_protected, main, objection
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
