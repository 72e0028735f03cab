"""The client stands alone: it imports what its wheel holds or asks for, and nothing else."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from chalicelib.attributes.kinds import TRAITS
from chalicelib.search.query import FACETS
from image_repo import output

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = set(PROJECT["tool"]["setuptools"]["packages"])


def imported(package: str) -> Iterator[str]:
    for file in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.module
                yield node.module.partition(".")[0]


def test_it_imports_what_it_declares_and_declares_what_it_imports() -> None:
    names = {name for package in PACKAGES for name in imported(package)}
    wanted = (re.split(r"[<>=]", one)[0] for one in PROJECT["project"]["dependencies"])
    declared = {name.replace("-", "_") for name in wanted}
    assert names - sys.stdlib_module_names - PACKAGES == declared


def test_the_formats_need_little_for_every_function_carries_them() -> None:
    names = set(imported("image_repo_formats"))
    needed = {"charset_normalizer", "defusedxml"}
    assert names - sys.stdlib_module_names == {"image_repo_formats", *needed}


def test_it_knows_the_kinds_of_words_that_the_repository_binds_to_a_subject() -> None:
    assert {kind.name: kind.plural for kind in TRAITS} == output.TRAITS
    assert set(output.FACETS) <= set(FACETS)
