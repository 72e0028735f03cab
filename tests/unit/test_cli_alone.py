"""The client stands alone: it imports what its wheel holds or asks for, and nothing else."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from chalicelib.attributes.kinds import TRAITS
from chalicelib.images import Source, State
from chalicelib.search.port import SEARCHABLE
from chalicelib.search.query import FACETS, Direction
from chalicelib.settings import Settings
from image_repo import filters, output, shrinking

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = set(PROJECT["tool"]["setuptools"]["packages"])
IMPORTED_AS = {"pillow": "PIL"}


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
    optional = PROJECT["project"]["optional-dependencies"].values()
    wanted = [*PROJECT["project"]["dependencies"], *chain.from_iterable(optional)]
    distributions = (re.split(r"[<>=]", one)[0] for one in wanted)
    declared = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in distributions}
    assert names - sys.stdlib_module_names - PACKAGES == declared


def test_the_formats_need_little_for_every_function_carries_them() -> None:
    names = set(imported("image_repo_formats"))
    needed = {"charset_normalizer", "defusedxml"}
    assert names - sys.stdlib_module_names == {"image_repo_formats", *needed}


def test_it_knows_the_kinds_of_words_that_the_repository_binds_to_a_subject() -> None:
    assert {kind.name: kind.plural for kind in TRAITS} == output.TRAITS
    assert set(output.FACETS) <= set(FACETS)


def test_its_filters_know_the_states_and_sources_that_the_api_filters_by() -> None:
    assert {*map(str, filters.State)} == {*map(str, State)} - {"deleted"}
    assert {*map(str, filters.UNSEARCHED)} == {*map(str, set(State) - SEARCHABLE)} - {"deleted"}
    assert {*map(str, filters.Source)} == {*map(str, Source)}
    assert {*map(str, filters.Order)} == {*map(str, Direction)}


def test_it_shrinks_images_to_what_a_deployment_takes_that_sets_no_other_limit() -> None:
    fields = Settings.model_fields
    assert fields["max_query_image_bytes"].default == shrinking.MAX_BYTES
