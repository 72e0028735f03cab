"""Decode damaged pictures in a child process: each must end decoded or refused.

``python -m tests.pictures.fuzzing [INPUTS] [SEED]``, by default 50,000 of a seed that is told. What
ends otherwise is kept in ``build/fuzz``, named by seed and number, which make it again.
"""

import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.pictures.bounded import MEMORY, Bounded, End, Outcome, Work, decoding
from tests.pictures.mutation import mutated
from tests.pictures.seeds import seeds

FOLDER = Path(__file__).resolve().parents[2] / "build" / "fuzz"
INPUTS = 50_000
SECONDS = 30


def main(inputs: int = INPUTS, seed: int = secrets.randbelow(2**32)) -> int:
    """Decode ``inputs`` damaged pictures; return how many ended neither decoded nor refused."""
    print(f"{inputs:,} inputs of seed {seed}", flush=True)
    ends: Counter[str] = Counter()
    for path, outcome in failures(inputs, seed, ends):
        print(f"{path}: {outcome.end}\n{outcome.why}", flush=True)
    print(", ".join(f"{count:,} {end}" for end, count in sorted(ends.items())))
    return sum(count for end, count in ends.items() if end not in {End.DONE, End.REFUSED})


def failures(
    inputs: int, seed: int, ends: Counter[str], folder: Path = FOLDER
) -> Iterator[tuple[Path, Outcome]]:
    """Yield what ended neither decoded nor refused, kept in ``folder``; count all ``ends``."""
    sound = seeds()
    with Bounded(shape, memory=MEMORY, seconds=SECONDS) as decoded:
        for number in range(inputs):
            data = mutated(sound, Random(f"{seed}-{number}"))
            outcome = decoded(data)
            ends[outcome.end] += 1
            if outcome.end not in {End.DONE, End.REFUSED}:
                yield _kept(data, folder / f"{seed}-{number}"), outcome


def shape() -> Work:
    """Return what decodes a file and tells how large it is, which a pipe holds more easily."""
    decode = decoding()
    return lambda data: decode(data).pixels.shape


def _kept(data: bytes, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
