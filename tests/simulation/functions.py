"""Lambda and EventBridge as far as the repository uses them."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, ClassVar

from tests.simulation.scheduler import Killed, Process, Scheduler, Task
from tests.simulation.services import Service, refused

_PATIENCE = 8  # tries of an SDK that waits for a function that is busy


@dataclass
class Bus(Service):
    """An event bus that keeps what it was sent."""

    scheduler: Scheduler
    events: list[tuple[str, Any]] = field(default_factory=list)
    name: ClassVar[str] = "events"

    def put_events(self, Entries: Any) -> Any:
        failed = 0
        for entry in Entries:
            if self.scheduler.happens("partial"):
                failed += 1
            else:
                self.events.append((entry["DetailType"], json.loads(entry["Detail"])))
        return {"FailedEntryCount": failed}


class Function(Service):
    """A function with containers that stay warm, of which ``concurrency`` run at once.

    Parameters
    ----------
    make
        Makes what a container holds.
    handle
        Answers an event, given that, and what tells the milliseconds that are left.
    """

    name = "lambda"
    throttled = "TooManyRequestsException"

    def __init__(
        self,
        scheduler: Scheduler,
        make: Callable[[], Any],
        handle: Callable[[Any, Any, Callable[[], int]], Any],
        *,
        seconds: float,
        concurrency: int,
    ) -> None:
        self._scheduler = scheduler
        self._make = make
        self._handle = handle
        self._seconds = seconds
        self._concurrency = concurrency
        self._running = 0
        self._warm: list[Any] = []

    @property
    def is_busy(self) -> bool:
        """Whether no more calls are taken."""
        return self._running >= self._concurrency

    def begin(
        self,
        event: Any,
        ended: Callable[[Any, BaseException | None], None],
        unlucky: Callable[[], object] = lambda: None,
    ) -> Task:
        """Begin a call; tell of its end. A container whose call was killed is not used again."""
        scheduler = self._scheduler
        container = self._warm.pop() if self._warm else self._make()
        process = Process(scheduler.seconds + self._seconds, container, unlucky=unlucky)
        self._running += 1

        def remaining() -> int:
            return int(1000 * (process.deadline - scheduler.seconds))

        def work() -> Any:
            answer, error = None, None
            try:
                answer = self._handle(container, event, remaining)
            except Exception as raised:  # the runtime reports it
                error = raised
            finally:
                self._running -= 1
                if not process.is_dead:
                    self._warm.append(container)
                    ended(answer, error)
                else:
                    ended(None, TimeoutError())
            if error:
                raise error
            return answer

        return scheduler.spawn(work, process)

    def forget_containers(self) -> None:
        """Let every later call begin in a new container, as after a deployment."""
        self._warm.clear()

    def invoke(self, FunctionName: str, Payload: str, InvocationType: str = "") -> Any:
        """Call it, and wait unless it is told not to; a call of the latter is tried twice again.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        if InvocationType == "Event":
            self.start(json.loads(Payload))
            return {}
        for _ in range(_PATIENCE):
            if not self.is_busy:
                return self._answered(json.loads(Payload))
            self._scheduler.sleep(5)
        raise refused(self.throttled, "Invoke")

    def start(self, event: Any) -> None:
        """Call it without waiting, at most three times."""
        self._attempt(event, 3)

    def _answered(self, event: Any) -> Any:
        try:
            told = self._scheduler.join(self.begin(event, lambda *_: None))
        except (Exception, Killed):
            return {"FunctionError": "Unhandled", "Payload": BytesIO(b"{}")}
        return {"Payload": BytesIO(json.dumps(told).encode())}

    def _attempt(self, event: Any, tries: int) -> None:
        if self.is_busy:
            self._scheduler.after(5, lambda: self._attempt(event, tries))
            return

        def ended(_: Any, error: BaseException | None) -> None:
            if error and tries > 1:
                self._scheduler.after(60, lambda: self._attempt(event, tries - 1))

        self.begin(event, ended)


def in_event(item: Mapping[str, Any] | None) -> Any:
    """Return an item as a function's event has it: binary values are base64 text."""
    return item and {
        name: {"B": b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in item.items()
    }
