"""The context values: one list of them, in the code and in the documentation."""

import ast
from pathlib import Path

import pytest

from chalicelib.settings import LIMITS, variable
from infra.options import OPTIONS, context_of, given_in, reader, refuse_unknown, table

ROOT = Path(__file__).resolve().parents[2]


def literals(folder: str) -> set[str]:
    """Return every string in the code of a folder but in the list itself."""
    return {
        node.value
        for file in (ROOT / folder).rglob("*.py")
        if file.name != "options.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_documentation_has_the_one_table() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text()
    assert f"\n{table()}\n" in text, f"docs/deploy.md must hold this table:\n{table()}"
    assert text.count("| context value |") == 1


def test_every_value_of_the_list_is_read() -> None:
    unread = set(OPTIONS) - literals("infra") - {variable(field) for field in LIMITS}
    assert unread == set()


def test_a_value_that_is_not_in_the_list_cannot_be_read() -> None:
    read = reader({"stage": "staging", "colour": "red"}.get)
    assert read("stage") == "staging"
    with pytest.raises(KeyError, match="colour is not in"):
        read("colour")


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("alarmemail", "alarmEmail"),
        ("alarm_email", "alarmEmail"),
        ("captioner", "captioners"),
        ("IMAGE_REPO_MAX_PIXEL", "IMAGE_REPO_MAX_PIXELS"),
    ],
)
def test_a_mistyped_name_is_refused_with_the_nearest(wrong: str, nearest: str) -> None:
    with pytest.raises(ValueError, match=f"-c {wrong}=…: .* the nearest is {nearest};"):
        refuse_unknown(["search", wrong])


def test_a_name_like_no_other_is_refused_without() -> None:
    with pytest.raises(ValueError, match="-c zzz=…: there is no such value; see"):
        refuse_unknown(["zzz"])


def test_the_cdks_own_values_are_left_alone() -> None:
    refuse_unknown(
        [
            "@aws-cdk/aws-iam:minimizePolicies",
            "aws:cdk:enable-path-metadata",
            "availability-zones:account=1:region=eu-west-1",
            "acknowledged-issue-numbers",
            *OPTIONS,
        ]
    )


def test_the_command_line_stands_over_the_settings_file() -> None:
    assert context_of([])["search"] == "opensearch"
    context = context_of(["search=embedded", "captioners=20", "no-value"])
    assert (context["search"], context["captioners"]) == ("embedded", "20")


def test_values_are_read_in_every_form_that_the_cdk_takes() -> None:
    forms = ["-c", "stage=one", "--context", "a=1", "--context=b=2", "-cc=3", "--profile", "x"]
    assert given_in(forms) == ["stage=one", "a=1", "b=2", "c=3"]


def test_the_settings_file_holds_only_values_of_the_list() -> None:
    refuse_unknown(context_of([]))
