"""One history from a seed: planned, run to its end, judged, and shrunk where it fails."""

import io
import logging
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from traceback import format_exception_only

from chalicelib.images import State
from tests.simulation.invariants import (
    broken_after_trying_again,
    broken_at_rest,
    broken_when_quiet,
    not_at_rest,
)
from tests.simulation.plans import Operation, planned
from tests.simulation.scheduler import FAULTS, Killed, Scheduler, Stuck
from tests.simulation.users import Users
from tests.simulation.world import World

_RATES = (0.005, 0.02, 0.06)
_OFTENER = {"dropped": 5, "partial": 2}  # what few calls can meet
# Longer than five deliveries take, and than a day, after which everything is looked through.
_QUIET_SECONDS, _PASS_SECONDS = 4 * 3_600, 25 * 3_600
_MOST_PASSES = 5  # what the first sends to the captioner the second sees, and the last is idle
_SCHEDULES = 30  # tried for each shorter history


@dataclass(frozen=True)
class History:
    """What happens: the operations of a seed, of which some may be left out.

    Attributes
    ----------
    schedule
        The seed of latencies and faults.
    kept
        Numbers of the operations that are done; None: all.
    without
        Faults that do not happen.
    """

    seed: int
    schedule: int = 0
    kept: tuple[int, ...] | None = None
    without: tuple[str, ...] = ()

    @property
    def operations(self) -> list[Operation]:
        """What is done."""
        everything = planned(Random(f"plan {self.seed}"))
        kept = range(len(everything)) if self.kept is None else self.kept
        return [everything[number] for number in kept]

    @property
    def rates(self) -> dict[str, float]:
        """How often each fault happens: in every history only some do."""
        chance = Random(f"rates {self.seed}")
        drawn = {
            fault: chance.choice(_RATES) * _OFTENER.get(fault, 1) if chance.random() < 0.35 else 0.0
            for fault in FAULTS
        }
        return {fault: rate for fault, rate in drawn.items() if fault not in self.without}

    @property
    def command(self) -> str:
        """What runs it again."""
        parts = [f"python -m tests.simulation --seed {self.seed}"]
        parts += [f"--schedule {self.schedule}"] if self.schedule else []
        parts += [f"--only {','.join(map(str, self.kept))}"] if self.kept is not None else []
        parts += [f"--without {','.join(self.without)}"] if self.without else []
        return " ".join(parts)


@dataclass(frozen=True)
class Outcome:
    """What came of a history: the promises that were broken, and all that services were asked."""

    violations: tuple[str, ...]
    trace: tuple[str, ...]


def run(history: History) -> Outcome:
    """Run a history to its end, and judge it."""
    scheduler = Scheduler(f"{history.seed}/{history.schedule}")
    world = World(scheduler)
    scheduler.spawn(lambda: _lived(history, world, scheduler))
    with _quiet(), _seeded(history):
        try:
            scheduler.run()
        except Stuck as stuck:
            world.violate(str(stuck))
    return Outcome(tuple(world.violations), tuple(scheduler.trace))


@contextmanager
def _seeded(history: History) -> Iterator[None]:
    """Let chance that is nobody's argument, such as the jitter between tries, be the history's."""
    state = random.getstate()
    random.seed(f"{history.seed}/{history.schedule}")
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _quiet() -> Iterator[None]:
    """Write no logs and metrics, of which requests at the same time share one set."""
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _lived(history: History, world: World, scheduler: Scheduler) -> None:
    users = Users(world)
    try:
        users.sign_up()
        scheduler.begin_faults(history.rates)
        doing = []
        for operation in history.operations:
            scheduler.sleep(operation.gap)
            doing.append(scheduler.spawn(partial(users.do, operation)))
        for task in doing:
            scheduler.join(task)
        scheduler.end_faults()
        _rest(world, users)
    except (Exception, Killed) as error:
        world.violate("".join(format_exception_only(error)).strip())


def _rest(world: World, users: Users) -> None:
    """Let everything end that is under way, and judge it.

    First as the stream alone left it, then as the reconciler's daily passes did; at last operators
    do what they are told to do about failures.
    """
    world.scheduler.sleep(_QUIET_SECONDS)
    world.at_rest_since = world.scheduler.now()
    _judge(world, users, broken_when_quiet)
    for _ in range(_MOST_PASSES):
        world.scheduler.sleep(_PASS_SECONDS)
        world.reconcile()
        if not any(not_at_rest(world)):
            break
    _judge(world, users, broken_at_rest)
    if any(image.state is State.FAILED for image in world.images()):
        users.call("POST", "/recaption", {"state": "failed"})
        world.scheduler.sleep(_QUIET_SECONDS)
        _judge(world, users, broken_after_trying_again)


def _judge(world: World, users: Users, broken: Callable[[World, Users], Iterator[str]]) -> None:
    for promise in broken(world, users):
        world.violate(promise)


def failing(
    seeds: Sequence[int], told: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[History, Outcome]]:
    """Yield the histories of ``seeds`` that break a promise; ``told`` is told how many ran."""
    for done, seed in enumerate(seeds, 1):
        history = History(seed)
        outcome = run(history)
        told(done)
        if outcome.violations:
            yield history, outcome


def broken_promises(seed: int) -> tuple[int, tuple[str, ...]]:
    """Run the history of a seed; return it and the promises that were broken."""
    return seed, run(History(seed)).violations


def shrunk(history: History, promise: str) -> History:
    """Return a history with fewer operations and faults that breaks the same promise.

    Delta debugging by ones, from the end: what is left out shifts all chance after it, so that
    each shorter history is tried with some schedules.
    """
    kept = tuple(range(len(history.operations))) if history.kept is None else history.kept
    history = replace(history, kept=kept)
    for fault in FAULTS:
        if history.rates.get(fault, 0) > 0:
            history = (
                _failing(replace(history, without=(*history.without, fault)), promise) or history
            )
    for number in reversed(kept):
        fewer = tuple(one for one in history.kept or () if one != number)
        history = _failing(replace(history, kept=fewer), promise) or history
    return history


def _failing(history: History, promise: str) -> History | None:
    for schedule in range(_SCHEDULES):
        tried = replace(history, schedule=schedule)
        if promise in run(tried).violations:
            return tried
    return None
