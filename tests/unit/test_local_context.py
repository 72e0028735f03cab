"""The local stack is told what a deployment is told, until it is told something else."""

import json
from pathlib import Path

import pytest

from local.__main__ import command_line, stack_of
from local.layout import Layout
from local.stack import LocalStack
from local.synthesis import LOCAL, fingerprint

OIDC = {"auth": "oidc", "issuer": "http://127.0.0.1:9000", "audience": "gallery"}


def test_another_context_is_another_template() -> None:
    assert fingerprint(context=LOCAL) == fingerprint()
    assert fingerprint(context=OIDC) != fingerprint()
    assert fingerprint(context=OIDC) == fingerprint(context=dict(reversed(OIDC.items())))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ([], OIDC),
        (["-c", "auth=tokens"], {"auth": "tokens"}),
        (["-c", "a=b=c", "--context", "d=e"], {"a": "b=c", "d": "e"}),
    ],
)
def test_what_is_said_is_kept(
    said: list[str], kept: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "context.json").write_text(json.dumps(OIDC))
    monkeypatch.setenv("IMAGE_REPO_LOCAL", str(tmp_path))
    assert stack_of(command_line().parse_args([*said, "up"])).context == kept


def test_without_a_word_there_is_none(tmp_path: Path) -> None:
    assert LocalStack(Layout(tmp_path)).context == {}
