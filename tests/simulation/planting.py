"""Planted bugs: texts of files in the place of others, found by the histories or not.

They stand in ``mutants.toml``: first those that were there once, then those a change might bring.

Each runs in a process of its own, whose imports read the mutated text; the files stay as they are.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parents[2]
_FOUND = re.compile(r"found at seed (\d+)")


@dataclass(frozen=True)
class Mutant:
    """One planted bug: in files, texts stand in the place of others, which are there once.

    Attributes
    ----------
    edits
        File, old text and new text.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are mutated."""
        return tuple(dict.fromkeys(file for file, _, _ in self.edits))

    def planted(self, file: str) -> str:
        """Return the mutated source of a file.

        Raises
        ------
        ValueError
            The file has a text not at all, or several times.
        """
        source = (ROOT / file).read_text()
        for _, old, new in (edit for edit in self.edits if edit[0] == file):
            if source.count(old) != 1:
                raise ValueError(f"{self.name}: {file} has its text {source.count(old)} times")
            source = source.replace(old, new)
        return source


def _all() -> tuple[Mutant, ...]:
    told = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text())
    return tuple(
        Mutant(name, tuple((edit["file"], edit["old"], edit["new"]) for edit in edits))
        for name, edits in told.items()
    )


MUTANTS = _all()


class _Planted(SourceFileLoader):
    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        file = Path(self.path).relative_to(ROOT).as_posix()
        return compile(self._mutant.planted(file), self.path, "exec")


class Planter(MetaPathFinder):
    """Imports a mutated module in the place of the one that is there."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's place, if it is the mutated one."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin not in {str(ROOT / file) for file in self._mutant.files}:
            return None
        spec.loader = _Planted(fullname, spec.origin, self._mutant)
        return spec


def plant(mutant: Mutant) -> None:
    """Let every later import meet a mutant."""
    sys.meta_path.insert(0, Planter(mutant))


def hunt(mutants: Sequence[Mutant], histories: int, is_sound: Callable[[int], bool]) -> int:
    """Print after how many histories each mutant is found; return how many never were.

    Parameters
    ----------
    is_sound
        Tells whether the history of a seed keeps every promise without a mutant: others prove
        nothing, and are left out.
    """
    missed = 0
    for mutant in mutants:
        skipped: list[int] = []
        while (found := _FOUND.match(told := searched(mutant, histories, skipped))) and not (
            is_sound(seed := int(found[1]))
        ):
            skipped.append(seed)
        missed += not found
        print(f"{'✓' if found else '✗'} {mutant.name}: {told}", flush=True)
    print(f"{len(mutants) - missed} of {len(mutants)} planted bugs found")
    return missed


def searched(mutant: Mutant, histories: int, skipped: Sequence[int] = ()) -> str:
    """Run histories with a mutant, in a process of its own; return what that told at the end."""
    command = [sys.executable, "-m", "tests.simulation", "--plant", mutant.name]
    told = subprocess.run(
        [*command, "--histories", str(histories), "--skip", ",".join(map(str, skipped))],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    lines = (told.stdout or told.stderr).strip().splitlines()
    return lines[-1] if lines else "no answer"
