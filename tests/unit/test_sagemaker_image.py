"""The image of a training job, as far as it can be held to something without Docker."""

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "training" / "sagemaker"
LOCK = ROOT / "requirements" / "training-image.lock"
DISTRIBUTIONS = {"PIL": "pillow", "pi_heif": "pi-heif"}
# What runs on the machine that starts a job alone.
LAUNCHING = {FOLDER / "launch.py"}


def instructions(name: str) -> list[str]:
    text = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")
    found = (line.partition(" ") for line in text.splitlines())
    return [rest for instruction, _, rest in found if instruction == name]


def copied() -> list[str]:
    return [source for line in instructions("COPY") for source in line.split()[:-1]]


def held() -> set[Path]:
    """The code that is in the image."""
    sources = [ROOT / source for source in copied()]
    return {f for s in sources for f in ([s] if s.suffix == ".py" else s.rglob("*.py"))}


def imported(file: Path) -> Iterator[str]:
    """Modules by their whole names, and names out of them."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_file(name: str) -> Path | None:
    """A module of this project's."""
    place = ROOT.joinpath(*name.split("."))
    return next((f for f in (place.with_suffix(".py"), place / "__init__.py") if f.is_file()), None)


def test_it_holds_every_package_that_its_code_imports() -> None:
    files = held() - LAUNCHING
    names = {name.partition(".")[0] for file in files for name in imported(file)}
    wanted = {name for name in names - sys.stdlib_module_names if not (ROOT / name).is_dir()}
    wanted -= {"__future__"}
    locked = set(re.findall(r"(?m)^([a-z0-9._-]+)(?:\[.*\])?==", LOCK.read_text()))
    assert {DISTRIBUTIONS.get(name, name) for name in wanted} <= locked
    assert "tensorflow" in wanted


@pytest.mark.parametrize("package", ["tensorflow", "numpy", "onnxruntime", "keras"])
def test_it_has_the_versions_that_are_tested(package: str) -> None:
    def version(lock: Path) -> str:
        (found,) = re.findall(rf"(?m)^{package}(?:-cpu)?==(\S+)", lock.read_text())
        return str(found)

    assert version(LOCK) == version(ROOT / "requirements" / "train.lock")


def test_what_it_copies_is_there_and_is_sent_to_docker() -> None:
    sent = re.findall(r"(?m)^!(.+)$", (FOLDER / "Dockerfile.dockerignore").read_text())
    assert copied()
    for source in copied():
        assert (ROOT / source).exists()
        assert source in sent


def test_its_code_imports_nothing_of_this_project_that_it_lacks() -> None:
    needed = {own_file(name) for file in held() for name in imported(file)} - {None}
    assert ROOT / "chalicelib" / "attributes" / "phrases.py" in needed
    assert needed <= held()


def test_its_entry_point_is_no_shell_so_that_sigterm_arrives() -> None:
    (entry,) = instructions("ENTRYPOINT")
    program, flag, module = json.loads(entry)
    assert program.startswith("python")
    assert flag == "-m"
    assert importlib.util.find_spec(f"{module}.__main__")
