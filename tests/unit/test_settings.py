"""What the environment says, and what becomes of a wrong word in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.settings import LIMITS, Settings, variable
from infra.stack import limits_of, position_of

REQUIRED = ("BUCKET", "TABLE", "TOKENS_TABLE")
DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


@pytest.fixture
def environment() -> Iterator[pytest.MonkeyPatch]:
    """Yield an environment with the least that there must be."""
    with pytest.MonkeyPatch.context() as patch:
        for field in Settings.model_fields:
            patch.delenv(variable(field), raising=False)
        for name in REQUIRED:
            patch.setenv(f"IMAGE_REPO_{name}", name.lower())
        yield patch


def test_the_least_environment_is_enough(environment: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment()
    assert (settings.bucket, settings.table, settings.tokens_table) == (
        "bucket",
        "table",
        "tokens_table",
    )
    assert settings.search == "embedded"


@pytest.mark.parametrize("field", LIMITS)
def test_every_limit_can_be_set(environment: pytest.MonkeyPatch, field: str) -> None:
    environment.setenv(f"IMAGE_REPO_{field.upper()}", "1234")
    assert getattr(Settings.from_environment(), field) == 1234
    assert getattr(Settings.from_environment(**{field: 77}), field) == 77


@pytest.mark.parametrize("value", ["0", "-1", "lots", "", "1.5"])
@pytest.mark.parametrize("field", LIMITS)
def test_a_limit_that_cannot_be_is_named(
    environment: pytest.MonkeyPatch, field: str, value: str
) -> None:
    environment.setenv(variable(field), value)
    with pytest.raises(ValueError, match=f"^{variable(field)} is {value!r}: "):
        Settings.from_environment()


def test_an_image_that_no_lambda_invocation_takes_is_no_limit(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("IMAGE_REPO_MAX_QUERY_IMAGE_BYTES", "5000000")
    with pytest.raises(ValueError, match=r"MAX_QUERY_IMAGE_BYTES.*4500000"):
        Settings.from_environment()


def test_all_that_is_missing_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("IMAGE_REPO_BUCKET")
    environment.setenv("IMAGE_REPO_TOKENS_TABLE", "")
    with pytest.raises(ValueError) as raised:
        Settings.from_environment()
    assert str(raised.value) == "environment lacks IMAGE_REPO_BUCKET, IMAGE_REPO_TOKENS_TABLE"


def test_an_engine_that_there_is_not_is_named_with_those_that_there_are(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("IMAGE_REPO_SEARCH", "solr")
    with pytest.raises(ValueError, match=r"SEARCH is 'solr'.*'embedded' or 'opensearch'"):
        Settings.from_environment()


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(IMAGE_REPO_\w+)` \| ([^|]*?) \|", DOCUMENTATION.read_text(), re.M)
    documented = {name: default.replace(",", "") for name, default in rows}
    assert documented == {
        variable(name): "required" if field.is_required() else str(field.default) or "none"
        for name, field in Settings.model_fields.items()
    }


def test_a_deployment_may_set_limits_and_is_told_of_wrong_ones() -> None:
    said: dict[str, object] = {"IMAGE_REPO_MAX_PIXELS": 80_000_000}
    nothing: dict[str, object] = {}
    wrong: dict[str, object] = {"IMAGE_REPO_MAX_PIXELS": "0"}
    assert limits_of(said.get) == {"IMAGE_REPO_MAX_PIXELS": "80000000"}
    assert limits_of(nothing.get) == {}
    with pytest.raises(ValueError, match="IMAGE_REPO_MAX_PIXELS is '0'"):
        limits_of(wrong.get)


def test_positions_are_kept_only_where_a_deployment_says_so() -> None:
    said: dict[str, object] = {"keepPosition": "yes"}
    nothing: dict[str, object] = {}
    assert position_of(nothing.get) == {}
    kept = position_of(said.get)
    assert kept == {"IMAGE_REPO_KEEP_POSITION": "yes"}
    named = dict.fromkeys(("bucket", "table", "tokens_table"), "-")
    assert not Settings.from_environment(**named).keep_position
    assert Settings.from_environment(**named, keep_position=kept.popitem()[1]).keep_position
