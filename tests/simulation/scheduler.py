"""Simulated time, in which every call of a service is an event that may go wrong.

A *task* is a greenlet: ordinary blocking code that gives control away wherever it waits. Whoever
calls a service waits for as long as the request is under way; then the effect happens, at once and
whole. Latencies differ by five orders of magnitude, so that two tasks meet in every order. All
chance comes from one seed: the same seed is the same history.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

START = datetime(2026, 1, 2, tzinfo=UTC)
MOST_STEPS = 200_000  # a history takes two thousand, one with many messages forty
# What may go wrong, each at a rate of its own, which is 0 in many histories.
FAULTS = {
    "refused": "a call fails before its effect, and all its retries",
    "lost": "a call fails after its effect",
    "repeated": "a call's answer is lost, and the SDK sends the request again",
    "killed": "a process ends before or after an effect",
    "slow": "a call takes from seconds to minutes, so that functions time out",
    "partial": "a call does a part of what was asked",
    "duplicated": "a message is delivered twice",
    "dropped": "an event is never sent",
    "stale": "an eventually consistent reading answers what was there before",
}

Answer = TypeVar("Answer")


class Killed(BaseException):
    """The process ends here: no code of its own runs any more."""


class Stuck(Exception):
    """The simulation goes on without end."""


@dataclass
class Process:
    """What dies together: one call of a function with all its threads.

    Attributes
    ----------
    deadline
        In simulated seconds, from when on it is killed.
    container
        What the function holds between its calls.
    unlucky
        Called when an outage meets it, or a fault that may be the end of its work.
    """

    deadline: float = float("inf")
    container: Any = None
    is_dead: bool = False
    unlucky: Callable[[], object] = lambda: None

    def kill(self) -> None:
        """End it; its tasks notice where they wait."""
        self.is_dead = True


@dataclass(eq=False)
class Task:
    """Work that runs until it waits."""

    process: Process
    work: Callable[[], Any]
    result: Any = None
    error: BaseException | None = None
    number: int = 0
    is_done: bool = False
    waiting: list[greenlet] = field(default_factory=list)

    def run(self) -> None:
        """Do the work; keep what came of it."""
        try:
            self.result = self.work()
        except (Exception, Killed) as error:  # whoever waits for it is told
            self.error = error
        self.is_done = True


class Scheduler:
    """Runs tasks in the order of simulated time.

    Attributes
    ----------
    had_faults
        Whether anything could go wrong at any time.
    outages
        Until when, in simulated seconds, a service answers nobody.
    """

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)
        self.had_faults = False
        self.outages: dict[str, float] = {}
        self._rates: Mapping[str, float] = {}
        self.seconds = 0.0
        self.trace: list[str] = []
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()
        self._tasks: dict[greenlet, Task] = {}
        self._steps = 0
        self._hub = getcurrent()

    def now(self) -> datetime:
        """Return the simulated time."""
        return START + timedelta(seconds=self.seconds)

    def happens(self, fault: str) -> bool:
        """Decide whether something goes wrong now."""
        return self.random.random() < self._rates.get(fault, 0.0)

    def begin_faults(self, rates: Mapping[str, float]) -> None:
        """Let each of ``FAULTS`` happen from now on at a rate of 0 to 1."""
        self._rates = rates
        self.had_faults |= any(rates.values())

    def end_faults(self) -> None:
        """Let nothing go wrong any more."""
        self._rates = {}

    @property
    def process(self) -> Process:
        """The process whose code runs now."""
        return self._tasks[getcurrent()].process

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        """Let something happen later."""
        heapq.heappush(self._events, (self.seconds + seconds, next(self._numbers), act))

    def spawn(self, work: Callable[[], Any], process: Process | None = None) -> Task:
        """Begin a task, of a process of its own where none is given."""
        task = Task(process or Process(), work, number=next(self._numbers))
        runner = greenlet(task.run, self._hub)

        def begin() -> None:
            self._tasks[runner] = task
            self._resume(runner)

        self.after(0, begin)
        return task

    def sleep(self, seconds: float) -> None:
        """Let the running task wait."""
        runner = getcurrent()
        self.after(seconds, lambda: self._resume(runner))
        self._wait()

    def join(self, task: Task) -> Any:
        """Wait for a task; return its result, or raise what ended it."""
        if not task.is_done:
            task.waiting.append(getcurrent())
            self._wait()
        if task.error:
            raise task.error
        return task.result

    def effect(
        self,
        name: str,
        act: Callable[[], Answer],
        refusal: Callable[[bool], Exception],
        service: str = "",
    ) -> Answer:
        """Do what a service was asked, after a while, unless something goes wrong.

        Parameters
        ----------
        refusal
            Returns what the SDK raises, given whether the effect happened.
        service
            Of which there may be an outage.
        """
        self.sleep(self._latency())
        self._perhaps_killed()
        number = self._tasks[getcurrent()].number
        self.trace.append(f"{self.seconds:.3f} {number} {name}")
        if self.seconds < self.outages.get(service, 0) or self._meets("refused"):
            self.process.unlucky()
            raise refusal(False)
        answer = act()
        self._perhaps_killed()
        if self._meets("lost"):
            raise refusal(True)
        if self.happens("repeated"):
            answer = act()
        return answer

    def run(self) -> None:
        """Run until nothing is left to happen.

        Raises
        ------
        Stuck
            That never comes.
        """
        while self._events:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise Stuck("what was asked is never done")
            when, _, act = heapq.heappop(self._events)
            self.seconds = max(self.seconds, when)
            act()

    def _resume(self, runner: greenlet) -> None:
        runner.switch()
        if runner.dead:
            task = self._tasks.pop(runner)
            for waiter in task.waiting:
                self.after(0, partial(self._resume, waiter))

    def _wait(self) -> None:
        self._hub.switch()
        process = self.process
        if self.seconds > process.deadline:
            process.kill()
        if process.is_dead:
            raise Killed

    def _perhaps_killed(self) -> None:
        if self._meets("killed"):
            self.process.kill()
            raise Killed

    def _meets(self, fault: str) -> bool:
        happens = self.happens(fault)
        if happens:
            self.process.unlucky()
        return happens

    def _latency(self) -> float:
        if self._meets("slow"):
            return 10 ** self.random.uniform(0, 2.2)
        return 10 ** self.random.uniform(-3, 0.5)


class Lock:
    """A lock of a simulated process, whose threads are tasks."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._is_held = False

    def __enter__(self) -> None:
        while self._is_held:
            self._scheduler.sleep(0.01)
        self._is_held = True

    def __exit__(self, *_: object) -> None:
        self._is_held = False


class Pool(Executor):
    """Threads of a simulated process: so many tasks at once."""

    def __init__(self, scheduler: Scheduler, workers: int) -> None:
        self._scheduler = scheduler
        self._workers = workers

    def map(  # type: ignore[override]  # (of Executor's, what is used)
        self, function: Callable[[Any], Answer], arguments: Iterable[Any]
    ) -> Iterator[Answer]:
        """Return the results in order; the first error is raised in its place."""
        given = list(arguments)
        ahead = iter(enumerate(given))
        results: dict[int, Any] = {}

        def work() -> None:
            for at, argument in ahead:
                results[at] = function(argument)

        lanes = min(self._workers, len(given))
        tasks = [self._scheduler.spawn(work, self._scheduler.process) for _ in range(lanes)]
        for task in tasks:
            self._scheduler.join(task)
        return iter([results[at] for at in range(len(given))])

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is left to end."""
