"""``python -m tests.simulation``: run histories, or one again, or hunt planted bugs."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing import Pool

from tests.simulation.planting import MUTANTS, Mutant, hunt, plant
from tests.simulation.scheduler import FAULTS

CHUNK = 10  # histories that a process takes at once


def main() -> int:
    """Return how many histories broke a promise, or how many planted bugs were not found."""
    # Here alone: where tests share a process, metrics that nobody writes would only grow.
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    asked = _arguments().parse_args()
    if asked.mutants is not None:
        return _hunt(asked)
    everything = range(asked.first, asked.first + asked.histories)
    seeds = [seed for seed in everything if seed not in asked.skip]
    if asked.plant is not None:
        plant(*_named([asked.plant]))
    if asked.seed is not None:
        return _one(asked)
    if asked.plant is not None:
        return _first(seeds)
    return _many(seeds, asked.processes, shrink=not asked.as_it_is)


def _hunt(asked: argparse.Namespace) -> int:
    from tests.simulation.history import History, run

    def is_sound(seed: int) -> bool:
        return not run(History(seed)).violations

    return hunt(_named(asked.mutants), asked.histories, is_sound)


def _named(names: Sequence[str]) -> list[Mutant]:
    return [mutant for mutant in MUTANTS if not names or mutant.name in names]


def _first(seeds: Sequence[int]) -> int:
    from tests.simulation.history import failing  # after a mutant is planted

    for history, outcome in failing(seeds):
        print(f"found at seed {history.seed}: {outcome.violations[0]}")
        return 1
    print(f"not found in {len(seeds)} histories")
    return 0


def _many(seeds: Sequence[int], processes: int, *, shrink: bool) -> int:
    from tests.simulation.history import History, broken_promises, shrunk

    found, began = 0, time.monotonic()
    with Pool(processes) as pool:
        for done, (seed, promises) in enumerate(pool.imap(broken_promises, seeds, CHUNK), 1):
            if promises:
                found += 1
                history = History(seed)
                shorter = shrunk(history, promises[0]) if shrink else history
                print(f"\n✗ {promises[0]}\n  {shorter.command}", flush=True)
            if done % 100 == 0 or sys.stderr.isatty():
                told = f"{done} of {len(seeds)} histories, up to seed {seed}, {found} broken"
                minutes = (time.monotonic() - began) / 60
                print(f"\r{told}, {minutes:.0f} min", end="", file=sys.stderr, flush=True)
    print(f"\n{len(seeds)} histories, {found} of which broke a promise")
    return found


def _one(asked: argparse.Namespace) -> int:
    from tests.simulation.history import History, run, shrunk

    history = History(asked.seed, asked.schedule, asked.only, asked.without)
    outcome = run(history)
    if outcome.violations and asked.shrink:
        history = shrunk(history, outcome.violations[0])
        outcome = run(history)
        print(history.command)
    for operation in history.operations:
        print(operation)
    if asked.trace:
        print(*outcome.trace, sep="\n")
    print(*outcome.violations or ["every promise was kept"], sep="\n")
    return len(outcome.violations)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--histories", type=int, default=500, help="how many to run")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first one's seed")
    parser.add_argument("--processes", type=int, default=1, help="that run them")
    parser.add_argument("--as-it-is", action="store_true", help="do not shrink what fails")
    parser.add_argument("--seed", type=int, help="run this history alone")
    parser.add_argument("--schedule", type=int, default=0, help="with this order of events")
    parser.add_argument("--only", type=_numbers, help="with these operations: 0,3,4")
    parser.add_argument("--without", type=_faults, default=(), help="without these faults")
    parser.add_argument("--shrink", action="store_true", help="and look for a shorter one")
    parser.add_argument("--trace", action="store_true", help="print all that services were asked")
    parser.add_argument(
        "--mutants", nargs="*", metavar="NAME", help="plant bugs and count histories to each"
    )
    parser.add_argument("--skip", type=_numbers, default=(), help="histories that are left out")
    parser.add_argument("--plant", metavar="NAME", help="plant this bug, and run until it is found")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(",") if number)


def _faults(text: str) -> tuple[str, ...]:
    named = tuple(text.split(","))
    if unknown := set(named) - FAULTS.keys():
        raise argparse.ArgumentTypeError(f"no fault is called {', '.join(sorted(unknown))}")
    return named


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets would be gone through in another order
        command = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(min(main(), 1))
