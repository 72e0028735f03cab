"""Known vulnerabilities of every lock: ``python -m infra.audit [options of pip-audit]``.

pip-audit passes over packages that its source does not know, as behind an index that mirrors files
alone; how many is said here, lest silence be taken for safety.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TOOL = ROOT / ".venv-audit" / "bin" / "pip-audit"


def audited(lock: Path, options: Sequence[str]) -> list[dict[str, Any]]:
    """Return what pip-audit tells of each package of a lock.

    Raises
    ------
    SystemExit
        It could not look; its own words are the message.
    """
    command = [str(TOOL), "--format=json", "--progress-spinner=off", "--disable-pip", *options]
    done = subprocess.run(  # noqa: S603
        [*command, "--require-hashes", "-r", str(lock)], capture_output=True, text=True, check=False
    )
    if not done.stdout:
        sys.exit(f"✗ {lock.name}: {done.stderr.strip()}")
    dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return dependencies


def vulnerabilities(dependencies: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Give a line for each known vulnerability."""
    for package in dependencies:
        for found in package.get("vulns", ()):
            mended = ", ".join(found["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {found['id']}, mended in {mended}"


def main() -> None:
    """Print what is known of every lock; exit with 1 where a vulnerability is."""
    vulnerable = False
    for lock in sorted(ROOT.glob("requirements/*.lock")):
        packages = audited(lock, sys.argv[1:])
        found = list(vulnerabilities(packages))
        vulnerable = vulnerable or bool(found)
        unknown = sum("skip_reason" in package for package in packages)
        doubt = f", unknown to the index's JSON API: {unknown}" if unknown else ""
        print(f"{lock.name}: packages: {len(packages)}{doubt}, vulnerabilities: {len(found)}")
        print("".join(f"  ✗ {line}\n" for line in found), end="", flush=True)
    sys.exit(int(vulnerable))


if __name__ == "__main__":
    main()
