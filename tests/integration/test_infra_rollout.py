"""Canary deployments with roll-back: on the template as AWS's translator leaves it."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from infra.rollout import Rollout
from local.synthesis import synthesise

Template = dict[str, Any]


@pytest.fixture(scope="module")
def gradual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rollout")
    synthesise(folder / "cdk.out", folder / "log", "opensearch", {"rollout": "canary"})
    return folder / "cdk.out"


@pytest.fixture(scope="module")
def translated(gradual: Path) -> Template:
    template = json.loads((gradual / "ImageRepo.template.json").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        return dict(transform(copy.deepcopy(template), {}, SimpleNamespace(load=dict)))


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
        for kind in ("AWS::Lambda::Function",)
        for name in of_type(translated, kind)
        if not name.startswith(("SearchIndexer", "DeadLetters"))
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
    body = json.dumps(translated["Resources"]["RestAPI"]["Properties"]["Body"])
    assert '{"Ref": "APIHandlerAliaslive"}' in body
    assert '{"Ref": "TokenAliaslive"}' in body
    assert "Handler.Arn}" not in body and "Token.Arn}" not in body
    callers = of_type(translated, "AWS::Lambda::Permission")
    for name in ("APIHandler", "Token"):
        permission = callers[f"{name}InvokePermission"]["Properties"]
        assert permission["FunctionName"] == {"Ref": f"{name}Aliaslive"}
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
    (layer,) = of_type(template, "AWS::Lambda::LayerVersion").values()
    for name in ("APIHandler", "Token"):
        properties = template["Resources"][name]["Properties"]
        assert properties["AutoPublishAliasAllProperties"] is True
        assert layer["Properties"]["Content"]["S3Key"] in properties["Description"]


def test_the_linters_find_nothing(gradual: Path) -> None:
    report = json.loads((gradual / "validation-report.json").read_text())
    found = [(r["pluginName"], r["violations"]) for r in report["pluginReports"]]
    assert [one for one in found if one[1]] == []
    lint = Path(sys.executable).parent / "cfn-lint"
    ran = subprocess.run(
        [lint, gradual / "ImageRepo.template.json"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout
