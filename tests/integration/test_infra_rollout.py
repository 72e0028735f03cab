"""Canary deployments with roll-back: on the template as AWS's translator leaves it."""

import copy
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from infra.rollout import Rollout
from tests.templates import aws_assembly, engine_assembly

Template = dict[str, Any]
# Functions of the API, and API Gateway's right to call each.
CALLERS = {
    "APIHandler": "APIHandlerInvokePermission",
    "Token": "TokenInvokePermission",
    "ApiTokenRoutesHandler": "ApiTokenRoutesPermission",
}


@pytest.fixture(scope="module")
def gradual() -> Path:
    return aws_assembly("opensearch")


@pytest.fixture(scope="module")
def translated(gradual: Path) -> Template:
    template = json.loads((gradual / "ImageRepo.template.json").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        return dict(transform(copy.deepcopy(template), {}, SimpleNamespace(load=dict)))


def unhashed(name: str) -> str:
    """Return a resource's name without what the CDK puts behind it."""
    return re.sub(r"[0-9A-F]{8}$", "", name)


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: r for name, r in template["Resources"].items() if r["Type"] == kind}


def test_it_is_the_way_unless_told_otherwise() -> None:
    assert Rollout.of(dict[str, str]().get).gradual
    assert not Rollout.of({"rollout": "all-at-once"}.get).gradual
    with pytest.raises(ValueError, match="rollout=slowly: it can be canary, all-at-once"):
        Rollout.of({"rollout": "slowly"}.get)


def test_every_function_that_somebody_waits_for_has_an_alias_that_codedeploy_moves(
    translated: Template,
) -> None:
    aliases = of_type(translated, "AWS::Lambda::Alias")
    assert {alias["Properties"]["FunctionName"]["Ref"] for alias in aliases.values()} == {
        name
        for name in of_type(translated, "AWS::Lambda::Function")
        if not name.startswith(("SearchIndexer", "Reconciler", "CustomCDK"))
    }
    groups = of_type(translated, "AWS::CodeDeploy::DeploymentGroup")
    for alias in aliases.values():
        assert alias["Properties"]["Name"] == "live"
        move = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert move["DeploymentGroupName"]["Ref"] in groups
        assert (
            move["ApplicationName"]
            == groups[move["DeploymentGroupName"]["Ref"]]["Properties"]["ApplicationName"]
        )


@pytest.mark.fault(35, by="the template")
def test_a_tenth_of_the_calls_meets_new_code_first_and_an_alarm_turns_it_back(
    translated: Template,
) -> None:
    alarms = of_type(translated, "AWS::CloudWatch::Alarm")
    for group in of_type(translated, "AWS::CodeDeploy::DeploymentGroup").values():
        properties = group["Properties"]
        assert "Canary10Percent5Minutes" in json.dumps(properties["DeploymentConfigName"])
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
        watched = properties["AlarmConfiguration"]
        assert watched["Enabled"] is True
        assert {alarm["Name"]["Ref"] for alarm in watched["Alarms"]} <= {*alarms}


def test_api_gateway_the_queue_and_the_api_call_the_aliases(translated: Template) -> None:
    body = translated["Resources"]["RestAPI"]["Properties"]["Body"]
    called = set(re.findall(r'"Ref": "(\w+)Aliaslive"', json.dumps(body)))
    assert sorted(map(unhashed, called)) == sorted(CALLERS)
    assert ".Arn}" not in json.dumps(body)
    callers = of_type(translated, "AWS::Lambda::Permission")
    for name, caller in CALLERS.items():
        (permission,) = (p for n, p in callers.items() if unhashed(n) == caller)
        alias = permission["Properties"]["FunctionName"]["Ref"]
        assert unhashed(alias.removesuffix("Aliaslive")) == name
    mappings = of_type(translated, "AWS::Lambda::EventSourceMapping").values()
    (queue,) = (m["Properties"] for m in mappings if "ScalingConfig" in m["Properties"])
    assert json.dumps(queue["FunctionName"]).endswith('":live"]]}')
    functions = of_type(translated, "AWS::Lambda::Function")
    variables = functions["APIHandler"]["Properties"]["Environment"]["Variables"]
    assert variables["IMAGE_REPO_ENCODER_FUNCTION"] == "image-repo-encoder:live"


def test_the_api_may_invoke_the_encoder_by_its_alias(translated: Template) -> None:
    (alias,) = (
        name
        for name, one in of_type(translated, "AWS::Lambda::Alias").items()
        if "Encoder" in one["Properties"]["FunctionName"]["Ref"]
    )
    allowed = [
        statement["Resource"]
        for policy in of_type(translated, "AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "lambda:InvokeFunction"
    ]
    assert any({"Ref": alias} in resources for resources in allowed if isinstance(resources, list))


def test_another_layer_or_limit_is_a_new_version_of_the_api(gradual: Path) -> None:
    template = json.loads((gradual / "ImageRepo.template.json").read_text())
    layers = of_type(template, "AWS::Lambda::LayerVersion").items()
    (layer,) = (layer for name, layer in layers if unhashed(name) == "Dependencies")
    for name in CALLERS:
        functions = of_type(template, "AWS::Serverless::Function").items()
        (properties,) = (f["Properties"] for n, f in functions if unhashed(n) == name)
        assert properties["AutoPublishAliasAllProperties"] is True
        assert layer["Properties"]["Content"]["S3Key"] in properties["Description"]


@pytest.mark.fault(35, by="the template")
def test_a_version_goes_with_its_release_so_that_the_release_can_come_again(
    translated: Template,
) -> None:
    for version in of_type(translated, "AWS::Lambda::Version").values():
        assert version.get("DeletionPolicy", "Delete") == "Delete"


def test_another_roll_out_changes_the_mapping_of_the_queue_and_makes_no_second_one(
    gradual: Path,
) -> None:
    folders = (gradual, engine_assembly("opensearch"))
    templates = (json.loads((each / "ImageRepo.template.json").read_text()) for each in folders)
    canary, all_at_once = (of_type(each, "AWS::Lambda::EventSourceMapping") for each in templates)
    assert canary.keys() == all_at_once.keys()
    assert canary != all_at_once
