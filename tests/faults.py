"""Which faults are survived, and which tests prove it: ``python -m tests.faults > docs/faults.md``.

The rows are those of ``faults.toml``; tests name theirs by ``@pytest.mark.fault(8)``, and through
what they prove it where it is not told by their fixtures: ``by="a process of its own"``.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
MEMORY = "in memory"
# Rows without a test that names them and goes through more than memory, so far.
UNPROVEN: frozenset[int] = frozenset()
HEAD = """# Faults that are survived

Every accepted upload ends as exactly one captioned photograph or one visible failure; nothing is
lost, nothing is captioned twice for the same model and version, and no one sees what is not
theirs. This page is made from the tests (`python -m tests.faults > docs/faults.md`): a test says
which row it proves, and through what. *The stack* is the deployed template on the emulator, *moto*
the adapters' own calls answered by [moto](https://docs.getmoto.org/), *OpenSearch* a node of it.
"""


@dataclass(frozen=True)
class Proof:
    """A test of a row."""

    path: str
    name: str
    by: str


def rows() -> dict[int, dict[str, str]]:
    """Return ``fault`` and ``expected`` by the row's number."""
    told = tomllib.loads((TESTS / "faults.toml").read_text(encoding="utf-8"))
    return {int(number): row for number, row in told.items()}


def proofs(folder: Path = TESTS) -> dict[int, list[Proof]]:
    """Return the tests of each row, of all files of a folder."""
    found = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if "mark.fault" in source:
            for row, name, by in _marked(source, through(path, source)):
                found[row].append(Proof(path.relative_to(folder.parent).as_posix(), name, by))
    return dict(found)


def through(path: Path, source: str) -> str:
    """Return what the tests of a file run through, by what it imports and where it lies."""
    if path.name.startswith("test_stack"):
        return "the stack"
    if path.name.startswith("test_emulator"):
        return "the emulator"
    if path.parent.name == "e2e":
        return "a browser" if "gallery" in path.name else "the command line"
    if "tests.buckets import" in source:
        return "moto and the emulator"
    if "tests.opensearch import" in source or "(index: SearchIndex" in source:
        return "OpenSearch"
    on_moto = "mock_aws" in source or "tests.api_on_aws import" in source
    return "moto" if on_moto else MEMORY


def _marked(source: str, usual: str) -> Iterator[tuple[int, str, str]]:
    tree = ast.parse(source)
    shared = [mark for node in tree.body if isinstance(node, ast.Assign) for mark in _calls(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for call in [*shared, *(mark for one in node.decorator_list for mark in _calls(one))]:
                by = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
                for row in call.args:
                    yield ast.literal_eval(row), node.name, by.get("by", usual)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    for one in ast.walk(node):
        match one:
            case ast.Call(func=ast.Attribute(attr="fault")):
                yield one


def page(found: Mapping[int, Sequence[Proof]]) -> str:
    """Return the document."""
    lines = [HEAD, "| # | fault | what happens | proven by |", "|---|---|---|---|"]
    for number, row in rows().items():
        tests = "<br>".join(
            f"[{test.name.removeprefix('test_').replace('_', ' ')}](../{test.path}) ({test.by})"
            for test in found.get(number, ())
        )
        tests = tests or "no test names it yet"
        lines.append(f"| {number} | {row['fault']} | {row['expected']} | {tests} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(proofs()), end="")
