"""Two stages' stacks beside each other: nothing of one has a name of the other's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.errors import LocalError
from local.synthesis import synthesise

Template = dict[str, Any]
STAGES = ("blue", "green")
# Names of a thing within its own stack: a metric's, an inline policy's, an API's stage.
WITHIN = {"MetricName", "PolicyName", "StageName"}
# What CodeDeploy brings, and the alias of each function.
SHARED = {
    ("AWS::CodeDeploy::DeploymentGroup", "CodeDeployDefault.LambdaCanary10Percent5Minutes"),
    ("AWS::Lambda::Alias", "live"),
}
# The repository's name where it names nothing in AWS: who sends events, the indexes of a domain,
# what people read, and what Chalice notes of itself.
UNNAMED = (
    "Image Repo",
    "image-repo/",
    "image-repo-*",
    "app=image-repo",
)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    folder = tmp_path_factory.mktemp("stages")
    found = {}
    for stage in STAGES:
        assembly = folder / stage
        synthesise(assembly, folder / "synthesis.log", "opensearch", {"stage": stage})
        found[stage] = json.loads((assembly / f"ImageRepo-{stage}.template.json").read_text())
    return found


def names(template: Template) -> set[tuple[str, str]]:
    """Return the kind and the name of everything that the template itself names."""
    return {
        (resource["Type"], value)
        for resource in template["Resources"].values()
        for key, value in resource.get("Properties", {}).items()
        if (key == "Name" or key.endswith("Name")) and key not in WITHIN and isinstance(value, str)
    } - SHARED


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a template, but for its resources' own keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def test_two_stages_share_no_name(templates: dict[str, Template]) -> None:
    blue, green = (names(templates[stage]) for stage in STAGES)
    assert {kind for kind, _ in blue} >= {
        "AWS::Events::EventBus",
        "AWS::Lambda::Function",
        "AWS::OpenSearchService::Domain",
    }
    assert blue & green == set()


def test_the_apis_have_names_of_their_own_and_alarms_watch_the_own_one(
    templates: dict[str, Template],
) -> None:
    for stage, template in templates.items():
        api = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["info"]["title"]
        watched = {
            dimension["Value"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::CloudWatch::Alarm"
            for dimension in resource["Properties"]["Dimensions"]
            if dimension["Name"] == "ApiName"
        }
        assert watched == {api} == {f"image-repo-{stage}"}


def test_metrics_are_written_where_alarms_read_them(templates: dict[str, Template]) -> None:
    for stage, template in templates.items():
        resources = template["Resources"].values()
        written = {
            variables["POWERTOOLS_METRICS_NAMESPACE"]
            for resource in resources
            if resource["Type"] in {"AWS::Lambda::Function", "AWS::Serverless::Function"}
            and "IMAGE_REPO_TABLE"
            in (variables := resource["Properties"].get("Environment", {}).get("Variables", {}))
        }
        read = {resource.get("Properties", {}).get("Namespace") for resource in resources}
        assert written == {f"ImageRepo-{stage}"}
        assert written <= read


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"alarmemail": "me@example.org"}, "the nearest is alarmEmail"),
        ({"stage": "Staging"}, "-c stage=Staging: it must be at most 17"),
        ({"rollout": "slowly"}, "it can be canary, all-at-once"),
        ({"tags": "team"}, "it must be KEY=VALUE"),
    ],
)
def test_what_is_mistyped_stops_the_synthesis(
    tmp_path: Path, given: dict[str, str], told: str
) -> None:
    with pytest.raises(LocalError, match=r"infra\.app' failed") as raised:
        synthesise(tmp_path / "cdk.out", tmp_path / "log", context=given)
    assert told in raised.value.happened


def test_no_name_of_the_repository_is_without_its_stage(templates: dict[str, Template]) -> None:
    for stage, template in templates.items():
        bare = {
            text
            for text in strings(template)
            if "image-repo" in text.lower() or "imagerepo" in text.lower()
            if stage not in text and not any(known in text for known in UNNAMED)
        }
        assert bare == set()
