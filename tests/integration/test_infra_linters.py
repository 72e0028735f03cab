"""cfn-lint and checkov on every template that a deployment may be made of."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.linters import CHECKOV, Finding, accepted, cfn_lint, checkov, judge, translated
from tests.templates import aws_assembly

pytestmark = pytest.mark.slow

STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/restored/stream/2026-11-29T10:00:00.000"
ADOPTED = {"bucket": "kept", "table": "restored", "tableStream": STREAM, "tokensTable": "tokens"}
ASKED_FOR = {
    "alarmEmail": "me@example.org",
    "dashboard": "yes",
    "searchNodes": "2",
    "waf": "yes",
    "cors": "https://app.example.org",
    "auth": "oidc",
    "issuer": "https://sign-in.example.org",
    "audience": "image-repo",
    "tags": "team=photos",
}
TEMPLATES: dict[str, dict[str, str]] = {
    "opensearch": {},
    "embedded": {},
    "everything": {**ADOPTED, **ASKED_FOR},
}


@pytest.fixture(scope="module")
def templates() -> list[Path]:
    """Return the translated templates; whatever synthesises, cdk-nag let pass."""
    return [_translated(name, context) for name, context in TEMPLATES.items()]


def _translated(name: str, context: dict[str, str]) -> Path:
    engine = "embedded" if name == "embedded" else "opensearch"
    assembly = aws_assembly(engine, context, name)
    file = assembly / f"{name}.translated.json"
    template = json.loads((assembly / "ImageRepo.template.json").read_text())
    file.write_text(json.dumps(translated(template), indent=1))
    return file


@pytest.mark.skipif(not CHECKOV.exists(), reason="run: make setup-checkov")
def test_every_finding_is_mended_or_explained(templates: list[Path]) -> None:
    found = [one for file in templates for one in cfn_lint(file)]
    assert judge([*found, *checkov(*templates)], accepted()) == []


def test_every_acceptance_says_why() -> None:
    for rule, entry in accepted().items():
        assert set(entry) == {"on", "why"}, rule
        assert len(entry["why"]) > 40, rule


def test_a_finding_without_a_reason_is_told_and_so_is_a_reason_without_a_finding() -> None:
    bucket = Finding("CKV_1", "AWS::S3::Bucket.Open", "is open")
    reasons: dict[str, Any] = {"CKV_1": {"on": ["AWS::S3::Bucket.Closed*"], "why": "…"}}
    assert judge([bucket], reasons) == [
        "CKV_1 AWS::S3::Bucket.Open: is open",
        "CKV_1 on AWS::S3::Bucket.Closed*: nothing is found there any more",
    ]
    reasons["CKV_1"]["on"] = ["AWS::S3::Bucket.*"]
    assert judge([bucket], reasons) == []


@pytest.mark.skipif(not CHECKOV.exists(), reason="run: make setup-checkov")
def test_both_linters_see_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "careless.template.json"
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketNames": "misspelt"}}
    file.write_text(json.dumps({"Resources": {"Careless": bucket}}))
    assert "E3002" in {one.rule for one in cfn_lint(file)}
    assert Finding(
        "CKV_AWS_18",
        "AWS::S3::Bucket.Careless",
        "Ensure the S3 bucket has access logging enabled",
    ) in {*checkov(file)}
