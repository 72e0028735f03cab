"""Which stack is meant, and what a name may be."""

import pytest

from infra.preflight import misspelt
from infra.stage import MOST, Stage, main


def stage(name: str) -> Stage:
    return Stage.of({"stage": name}.get)


def test_without_a_stage_names_stay_as_they_are() -> None:
    assert (stage("").stack, stage("").named("image-repo")) == ("ImageRepo", "image-repo")
    assert str(Stage.of(dict[str, str]().get).outputs) == "build/outputs.json"


def test_a_stage_is_behind_every_name() -> None:
    staging = stage("staging")
    assert (staging.stack, staging.named("image-repo")) == (
        "ImageRepo-staging",
        "image-repo-staging",
    )
    assert str(staging.outputs) == "build/outputs-staging.json"


@pytest.mark.parametrize("name", ["pr-17", "7", "a" * MOST])
def test_a_name_of_letters_digits_and_hyphens_is_taken(name: str) -> None:
    assert stage(name).name == name
    assert len(stage(name).named("image-repo")) <= 28  # of a domain


@pytest.mark.parametrize(
    "name", ["Staging", "pr_17", "-a", "a-", "a--b", "a" * (MOST + 1), "ä", "a\n"]
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="it must be at most 17 lower-case letters"):
        stage(name)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ([], "build/outputs.json"),
        (["-c", "stage=staging", "--require-approval", "never"], "build/outputs-staging.json"),
        (["-c", "search=embedded", "--context=stage=pr-1"], "build/outputs-pr-1.json"),
    ],
)
def test_where_the_outputs_are_follows_the_cdks_arguments(
    capsys: pytest.CaptureFixture[str], arguments: list[str], path: str
) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{path}\n"


def test_what_is_wrong_is_told_before_anything_is_begun() -> None:
    assert misspelt({"search": "embedded", "stage": "staging"}) is None
    assert "stage=Staging" in (misspelt({"stage": "Staging"}) or "")
    assert "the nearest is alarmEmail" in (misspelt({"alarmemail": "me@x"}) or "")
