"""How much memory a reader takes, measured in a process of its own.

``python -m benchmarks.search.memory FILE`` reads an encoded segment as a reader does, asks a query
of each kind, and prints the bytes this took at its peak and afterwards.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile

from benchmarks.search.queried import FIRSTS
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment


def memory_of_reader(base: bytes) -> dict[str, float]:
    """Return bytes of memory: a reader's at its peak while it opens, and when all is open."""
    with NamedTemporaryFile() as file:
        file.write(base)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.search.memory", file.name]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(told)
    return found


def main() -> None:
    """Open and print."""
    before = kilobytes("VmRSS")
    index = EmbeddedIndex([Segment.decoded(Path(sys.argv[1]).read_bytes())])
    for query in FIRSTS.values():
        index.search(query)
    told = {"reader_peak_bytes": kilobytes("VmHWM"), "reader_bytes": kilobytes("VmRSS")}
    print(json.dumps({name: (found - before) * 1024 for name, found in told.items()}))


def kilobytes(name: str, process: int | str = "self") -> int:
    """Return what the kernel says of a process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
