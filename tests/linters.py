"""What linters find in templates as AWS's own translator leaves them to CloudFormation."""

import copy
import json
import os
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from cfnlint.api import lint_file
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parent.parent
CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"
ACCEPTED = ROOT / "infra" / "findings.toml"


class Finding(NamedTuple):
    """What a linter says of a resource, ``TYPE.NAME``, or of what is none, ``*``."""

    rule: str
    resource: str
    message: str


def translated(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template without SAM's resources, which the translator writes out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        managed_policies = SimpleNamespace(load=dict)
        return dict(transform(copy.deepcopy(dict(template)), {}, managed_policies))


def cfn_lint(file: Path) -> Iterator[Finding]:
    """Yield everything that cfn-lint says of a template."""
    types = {name: r["Type"] for name, r in json.loads(file.read_text())["Resources"].items()}
    for found in lint_file(file):
        name = next((str(part) for part in found.path[1:]), "")
        resource = f"{types[name]}.{name}" if name in types else "*"
        yield Finding(found.rule.id, resource, found.message)


def checkov(*files: Path) -> Iterator[Finding]:
    """Yield the checks of checkov that templates fail."""
    command = [str(CHECKOV), "--framework", "cloudformation", "--file", *map(str, files)]
    command += ["--output", "json", "--compact", "--quiet", "--skip-download"]
    environment = os.environ | {"LOG_LEVEL": "ERROR"}
    # Its status tells that something was found.
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.stdout.strip(), ran.stderr
    report = json.loads(ran.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 0
    for found in report["results"]["failed_checks"]:
        yield Finding(found["check_id"], found["resource"], found["check_name"])


def judge(found: Iterable[Finding], accepted: Mapping[str, Any]) -> list[str]:
    """Return what is found without a reason, and reasons for what is not found; in words."""
    everything = set(found)
    unexplained = {one for one in everything if not _explained(one, accepted)}
    unused = (
        f"{rule} on {pattern}: nothing is found there any more"
        for rule, entry in accepted.items()
        for pattern in entry["on"]
        if not any(one.rule == rule and fnmatchcase(one.resource, pattern) for one in everything)
    )
    return sorted({f"{one.rule} {one.resource}: {one.message}" for one in unexplained} | {*unused})


def _explained(one: Finding, accepted: Mapping[str, Any]) -> bool:
    entry = accepted.get(one.rule, {"on": ()})
    return any(fnmatchcase(one.resource, pattern) for pattern in entry["on"])


def accepted() -> dict[str, Any]:
    """Return the findings that stand."""
    return tomllib.loads(ACCEPTED.read_text("utf-8"))
