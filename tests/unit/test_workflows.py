"""The workflows: pinned, with no more rights than they need, and kept from foreign code."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

FOLDER = Path(__file__).resolve().parents[2] / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
Workflow = dict[Any, Any]


def workflow(name: str) -> Workflow:
    return dict(yaml.safe_load((FOLDER / f"{name}.yml").read_text()))


def steps(loaded: Workflow) -> list[dict[str, Any]]:
    return [step for job in loaded["jobs"].values() for step in job["steps"]]


def only_job(loaded: Workflow) -> dict[str, Any]:
    (job,) = loaded["jobs"].values()
    return dict(job)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_workflow_names_its_rights_ends_in_time_and_keeps_no_credentials(file: Path) -> None:
    loaded = workflow(file.stem)
    assert loaded["permissions"]["contents"] == "read"
    assert set(loaded["permissions"]) <= {"contents", "id-token"}
    assert loaded["concurrency"]
    for job in loaded["jobs"].values():
        assert job["timeout-minutes"]
    checkouts = [s for s in steps(loaded) if s.get("uses", "").startswith("actions/checkout@")]
    assert [s["with"]["persist-credentials"] for s in checkouts] == [False]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_an_action_is_named_by_its_commit(file: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", file.read_text())
    assert used
    for action, remark in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", remark), remark


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_what_others_may_have_written_is_no_part_of_a_command(file: Path) -> None:
    for step in steps(workflow(file.stem)):
        assert "${{" not in step.get("run", "")


def test_a_pull_request_of_a_fork_gets_no_role() -> None:
    diff = workflow("diff")
    assert set(diff[True]) == {"pull_request"}  # YAML reads "on" as true
    condition = only_job(diff)["if"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in condition
    assert "vars.AWS_DIFF_ROLE != ''" in condition


def test_a_diff_needs_no_right_to_write() -> None:
    (command,) = [s["run"] for s in steps(workflow("diff")) if "make" in s.get("run", "")]
    assert "--method template" in command


def test_deployments_are_protected_and_one_at_a_time() -> None:
    deploy = workflow("deploy")
    environment = "${{ inputs.environment || 'production' }}"
    assert only_job(deploy)["environment"] == environment
    assert deploy["concurrency"] == {
        "group": f"deploy-{environment}",
        "cancel-in-progress": False,
    }
    assert deploy[True]["push"] == {"branches": ["main"]}


@pytest.mark.parametrize(
    ("name", "role"), [("diff", "AWS_DIFF_ROLE"), ("deploy", "AWS_DEPLOY_ROLE")]
)
def test_credentials_come_of_githubs_identity_and_no_secret(name: str, role: str) -> None:
    loaded = workflow(name)
    assert loaded["permissions"]["id-token"] == "write"
    (given,) = [
        s["with"] for s in steps(loaded) if "configure-aws-credentials" in s.get("uses", "")
    ]
    assert given == {
        "role-to-assume": f"${{{{ vars.{role} }}}}",
        "aws-region": "${{ vars.AWS_REGION }}",
    }
    assert "secrets." not in (FOLDER / f"{name}.yml").read_text()
