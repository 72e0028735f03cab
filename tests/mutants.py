"""How many of mutmut's changes the tests notice, by module: ``python -m tests.mutants``."""

import json
from collections.abc import Mapping
from pathlib import Path

# As `mutmut.stats` names them.
_UNNOTICED = {0: "survived", 5: "no tests", 33: "no tests"}
_UNTRIED = {None, 2, 34}


def table(folder: Path) -> str:
    """Return a line for each module of which mutmut tried changes.

    Parameters
    ----------
    folder
        ``mutants``, where mutmut keeps an exit code of the tests for each change.
    """
    lines = ["module                                        tried  noticed  share"]
    for path in sorted(folder.rglob("*.py.meta")):
        codes: Mapping[str, int | None] = json.loads(path.read_text())["exit_code_by_key"]
        tried = [code for code in codes.values() if code not in _UNTRIED]
        noticed = sum(code not in _UNNOTICED for code in tried)
        if tried:
            name = path.relative_to(folder).as_posix().removesuffix(".meta")
            lines.append(f"{name:45} {len(tried):5} {noticed:8} {noticed / len(tried):6.1%}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path("mutants")))
