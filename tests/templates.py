"""Synthesised templates, and what their roles grant."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from local.processes import alone
from local.synthesis import LOCAL, fingerprint, synthesise, synthesised

ROOT = Path(__file__).resolve().parent.parent


class Grant(NamedTuple):
    """One action that a role may do on one resource, written as in the template."""

    action: str
    resource: Any
    conditions: Mapping[str, Any]


def engine_assembly(engine: str) -> Path:
    """Return the cloud assembly of an engine, made anew only where something changed."""
    return _assembly("cdk.out" if engine == "embedded" else engine, engine, LOCAL)


def aws_assembly(engine: str, context: Mapping[str, str] | None = None, name: str = "") -> Path:
    """Return that of a deployment to AWS, told nothing, or what another name stands for."""
    return _assembly(f"aws-{name or engine}", engine, context or {})


def _assembly(name: str, engine: str, context: Mapping[str, str]) -> Path:
    folder = ROOT / "build" / "tests" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_suffix(".lock")):
        if not synthesised(folder, fingerprint(engine, context)):
            synthesise(folder, folder.parent / "synthesis.log", engine, context)
    return folder


def resources(template: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of a kind, by their names."""
    found = template["Resources"].items()
    return {name: r["Properties"] for name, r in found if r["Type"] == kind}


def grants(template: Mapping[str, Any], role: str) -> Iterator[Grant]:
    """Yield what the policies of a role allow, its own and those beside it."""
    for own in resources(template, "AWS::IAM::Role")[role].get("Policies", ()):
        for statement in own["PolicyDocument"]["Statement"]:
            yield from _grants(statement)
    for policy in resources(template, "AWS::IAM::Policy").values():
        if {"Ref": role} in policy["Roles"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield from _grants(statement)


def left_open(template: Mapping[str, Any]) -> list[Grant]:
    """Return the grants on any resource that AWS could hold to some, and those it could not.

    By the Service Authorization Reference, as cfn-lint's releases carry it:
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    reference = load_resource(AdditionalSpecs, "Policies.json")

    def is_wrong(grant: Grant) -> bool:
        service, _, action = grant.action.partition(":")
        knows_resources = "Resources" in reference[service]["Actions"][action.lower()]
        return bool(knows_resources is (grant.resource == "*"))

    roles = resources(template, "AWS::IAM::Role")
    return [grant for role in roles for grant in grants(template, role) if is_wrong(grant)]


def _grants(statement: Mapping[str, Any]) -> Iterator[Grant]:
    assert statement["Effect"] == "Allow"
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            yield Grant(action, resource, statement.get("Condition", {}))


def listed(value: Any) -> list[Any]:
    """Return a value that may stand alone as a list."""
    return value if isinstance(value, list) else [value]
