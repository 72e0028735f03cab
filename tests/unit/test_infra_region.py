"""Which region a deployment means, whoever is asked."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra.bootstrap import QUALIFIER, bootstrap_parameter
from infra.preflight import missing, of_machine, requirements
from infra.region import RegionError, profile_region, resolve

PARIS, OREGON, CAPE_TOWN = "eu-west-3", "us-west-2", "af-south-1"


@pytest.fixture(autouse=True)
def of_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("REGION", "DEFAULT_REGION", "PROFILE", "DEFAULT_PROFILE", "ENDPOINT_URL"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    path = tmp_path / "config"
    path.write_text(f"[default]\nregion = {CAPE_TOWN}\n[profile plain]\noutput = json\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return path


@pytest.mark.parametrize(
    ("environment", "region"),
    [
        ({"AWS_REGION": PARIS, "AWS_DEFAULT_REGION": OREGON}, PARIS),
        ({"AWS_REGION": PARIS}, PARIS),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": OREGON}, OREGON),
        ({}, CAPE_TOWN),
    ],
)
def test_the_first_that_names_a_region_is_followed(
    environment: dict[str, str], region: str
) -> None:
    assert resolve(environment, profile_region).name == region


def test_what_is_overridden_is_said() -> None:
    both = {"AWS_REGION": PARIS, "AWS_DEFAULT_REGION": OREGON}
    assert str(resolve(both, lambda: PARIS)) == (
        "eu-west-3, as AWS_REGION says; AWS_DEFAULT_REGION says us-west-2"
    )
    assert str(resolve({}, lambda: PARIS)) == "eu-west-3, as the profile says"


def test_no_region_is_never_taken_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "plain")
    with pytest.raises(RegionError, match="set AWS_REGION"):
        resolve({}, profile_region)


def test_a_profile_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "none")
    with pytest.raises(RegionError, match=r"profile \(none\)"):
        resolve({"AWS_REGION": PARIS}, profile_region)


@pytest.fixture
def bootstrapped() -> Iterator[str]:
    with mock_aws():
        client = boto3.client("ssm", PARIS)
        client.put_parameter(Name=bootstrap_parameter(), Value="30", Type="String")
        yield PARIS


def lacking(environment: dict[str, str], *arguments: str) -> dict[str, str]:
    asked = requirements(arguments, environment)[len(of_machine(arguments)) :]
    return {requirement.name: requirement.remedy for requirement in missing(asked)}


def test_preflight_asks_the_account_in_the_region_of_aws_region(bootstrapped: str) -> None:
    assert lacking({"AWS_REGION": bootstrapped}) == {}
    assert lacking({"AWS_REGION": bootstrapped, "AWS_DEFAULT_REGION": OREGON}) == {}


def test_preflight_says_which_region_is_to_be_bootstrapped_and_what_aws_said(
    bootstrapped: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = lacking({"AWS_REGION": OREGON, "AWS_DEFAULT_REGION": bootstrapped})
    assert told == {
        "a bootstrapped account": "once: npx aws-cdk@2 bootstrap aws://ACCOUNT/us-west-2"
    }
    said = capsys.readouterr()
    assert "• Region us-west-2, as AWS_REGION says; AWS_DEFAULT_REGION says eu-west-3" in said.out
    assert "ParameterNotFound" in said.err


def test_preflight_asks_no_account_without_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "plain")
    assert set(lacking({})) == {"a region"}


@pytest.mark.parametrize(
    ("environment", "arguments"),
    [
        ({}, ("--profile", "other")),
        ({}, ("--profile=other",)),
        ({"AWS_PROFILE": "one", "AWS_DEFAULT_PROFILE": "other"}, ()),
    ],
)
def test_preflight_refuses_a_profile_that_only_some_steps_would_follow(
    bootstrapped: str, environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    assert set(lacking({"AWS_REGION": bootstrapped, **environment}, *arguments)) == {"one profile"}


def test_a_bootstrap_of_another_qualifier_is_asked_for_by_that(bootstrapped: str) -> None:
    told = lacking({"AWS_REGION": bootstrapped}, "-c", f"{QUALIFIER}=team")
    assert told["a bootstrapped account"].endswith(f"aws://ACCOUNT/{PARIS} --qualifier team")
    client = boto3.client("ssm", PARIS)
    client.put_parameter(Name="/cdk-bootstrap/team/version", Value="30", Type="String")
    assert lacking({"AWS_REGION": bootstrapped}, "-c", f"{QUALIFIER}=team") == {}
