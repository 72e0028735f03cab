"""A world in which the repository runs: events reach functions, and promises are watched."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from chalice.config import Config
from chalice.local import LocalGateway

import app as entry_point
from captioner.batch import BatchProcessor
from chalicelib import events
from chalicelib.catalogue.dynamodb import image_of
from chalicelib.errors import ImageRepoError
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import DESCRIBED, Image, State
from indexer.changes import NAMES
from indexer.handler import answer
from infra.deliveries import CAPTIONER_SECONDS, VISIBILITY_SECONDS
from tests.simulation.deployment import Container, Deployment, Metrics
from tests.simulation.dynamodb import IMAGES, DynamoDB, Item
from tests.simulation.functions import Bus, Function
from tests.simulation.model import BAD, DEADLY
from tests.simulation.opensearch import Cluster
from tests.simulation.s3 import Bucket
from tests.simulation.scheduler import Killed, Scheduler
from tests.simulation.services import BUCKET, DEAD_LETTERS, QUEUE
from tests.simulation.sqs import Queues
from tests.simulation.stream import Stream

_SHARE_OF_OPENSEARCH = 0.4
_LOOKED_AT = timedelta(minutes=15)  # ago at most, when a record expires
_GATEWAY = LocalGateway(entry_point.app, Config.create())


@dataclass(frozen=True)
class Answer:
    """What the API answered; 502 where its function ended before it did."""

    status: int
    body: Any = None


class _Containers:
    """Gives each request what the container holds that it runs in, as `bootstrap.Provider`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scheduler.process.container, name)


class World(Deployment):
    """What happens between services and functions.

    Attributes
    ----------
    dead
        Photographs (ids) whose DELETE was answered, and when, until a file is there again.
    trashed
        Photographs (ids) that went to the trash, and when, until somebody may have taken them out.
    changes
        What the catalogue's writes are to publish: name, id and revision.
    untold
        Keys of which an event was never sent.
    unlucky
        Keys of which a message was in an invocation of the captioner's that a fault met.
    at_rest_since
        When everybody had stopped.
    violations
        Promises that were broken, in the order of time.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.model = "net@1"
        self.metrics = Metrics(self.violate)
        self.dead: dict[str, float] = {}
        self.trashed: dict[str, float] = {}
        self.changes: list[tuple[str, str, int]] = []
        self.at_rest_since = scheduler.now()
        self.untold: set[str] = set()
        self.unlucky: set[str] = set()
        self.history: dict[tuple[str, int], Item] = {}
        self.violations: list[str] = []
        self.s3 = Bucket(scheduler, self._announced)
        self.sqs = Queues(scheduler, self._poll_queue)
        self.dynamodb = DynamoDB(scheduler, self._changed)
        self.bus = Bus(scheduler)
        # Events come within one second, ten or a hundred: together, or in any order.
        self._latest = scheduler.random.choice((0, 1, 2))
        self.cluster = (
            Cluster(scheduler) if scheduler.random.random() < _SHARE_OF_OPENSEARCH else None
        )
        self.captioner = self._function(self.new_captioner, self._caption, CAPTIONER_SECONDS, 2)
        # Without a reserved execution, and with OpenSearch, there may be several.
        writers = 2 if self.cluster else scheduler.random.randint(1, 2)
        self.indexer = self._function(
            self.new_indexer, lambda held, event, _: answer(held, event), concurrency=writers
        )
        self.api = self._function(self.new_container, self._answer, 29, 3)
        self.reconciler = self._function(self.new_container, self._reconcile, 300, 1)
        self.stream = Stream(scheduler, self.indexer)
        entry_point.provider = _Containers(scheduler)  # type: ignore[assignment]

    def violate(self, promise: str) -> None:
        """Note a promise that was broken."""
        self.violations.append(promise)

    def images(self) -> list[Image]:
        """Return every record, read without a call."""
        return [image_of(item) for item in self.dynamodb.tables[IMAGES].items.values()]

    def record(self, image_id: str) -> Image | None:
        """Return a record, read without a call."""
        item = self.dynamodb.tables[IMAGES].items.get(image_id)
        return image_of(item) if item else None

    def call(self, method: str, path: str, body: Any = None, *, token: str, **query: Any) -> Answer:
        """Ask the API, as a client that waits."""
        self.scheduler.sleep(0.01)
        while self.api.is_busy:
            self.scheduler.sleep(1)
        target = path + (f"?{urlencode(query)}" if query else "")
        request = (method, target, token, json.dumps(body).encode() if body is not None else b"")
        try:
            found: Answer = self.scheduler.join(self.api.begin(request, lambda *_: None))
        except Killed:
            return Answer(502)
        except ImageRepoError:  # of the authorizer
            return Answer(503)
        if found.status >= 500 and found.status != 503:
            self.violate(f"{method} /{path.split('/')[1]} answered {found.status}")
        return found

    def _function(
        self,
        make: Callable[[], Any],
        handle: Callable[[Any, Any, Callable[[], int]], Any],
        seconds: float = 900,
        concurrency: int = 2,
    ) -> Function:
        def guarded(held: Any, event: Any, remaining: Callable[[], int]) -> Any:
            try:
                return handle(held, event, remaining)
            except ImageRepoError:
                raise
            except Exception as error:
                self.violate(f"a function raised {error!r}")
                raise

        return Function(self.scheduler, make, guarded, seconds=seconds, concurrency=concurrency)

    # The captioner -------------------------------------------------------------------------------

    @staticmethod
    def _caption(held: BatchProcessor, event: Any, remaining: Callable[[], int]) -> list[str]:
        return held.process(event, remaining)

    def _announced(self, key: str, event: dict[str, Any]) -> None:
        if self.scheduler.happens("dropped"):
            self.untold.add(key)
        else:
            self.sqs.put(json.dumps(event), 10 ** self.scheduler.random.uniform(-1, self._latest))

    def _poll_queue(self) -> None:
        if self.captioner.is_busy:
            self.scheduler.after(2, self._poll_queue)
            return
        self.scheduler.after(self.scheduler.random.uniform(0, 3), self._receive)

    def given_up(self) -> set[str]:
        """Return the keys of which a removal waits among the dead letters."""
        told = (one for dead in self.sqs.held[DEAD_LETTERS] for one in _events_of(dead.body))
        return {one.key for one in told if one.kind is EventKind.REMOVED}

    def _receive(self) -> None:
        if self.captioner.is_busy:
            self.scheduler.after(2, self._poll_queue)
            return
        messages = self.sqs.take(QUEUE, 10, VISIBILITY_SECONDS)
        if not messages:
            return
        keys = {one.key for message in messages for one in _events_of(message.body)}
        records = [
            {
                "messageId": message.id,
                "receiptHandle": message.id,
                "body": message.body,
                "messageAttributes": message.marks,
                "attributes": {"ApproximateReceiveCount": str(message.receives)},
            }
            for message in messages
        ]

        def ended(failed: list[str] | None, error: BaseException | None) -> None:
            for message in messages:
                if failed is not None and message.id not in failed:
                    self.sqs.forget(QUEUE, message.id)

        self.captioner.begin(records, ended, lambda: self.unlucky.update(keys))

    # The indexer ---------------------------------------------------------------------------------

    def _changed(self, before: Item | None, after: Item) -> None:
        image_id, state = after["image_id"]["S"], State(after["state"]["S"])
        self.history[image_id, int(after["rev"]["N"])] = after
        self._check_version(after)
        if state is State.FAILED and (before is None or before["state"] != after["state"]):
            self._check_failure(after)
        if state is State.EXPIRED:
            self._check_expiry(after["key"]["S"])
        if image_id in self.dead and state is not State.DELETED:
            self.violate(f"a deleted photograph is {state} again")
        shown = _shown_state(after)
        if image_id in self.trashed and shown is not State.DELETED:
            self.violate("a photograph left the trash by itself")
        if shown in NAMES and (before is None or _shown_state(before) is not shown):
            self.changes.append((NAMES[shown], image_id, int(after["rev"]["N"])))
        self.stream.put(image_id, before, after)

    def _check_expiry(self, key: str) -> None:
        """See that no upload expires whose file was there when that was looked at."""
        found = self.s3.current(key)
        if found and self.scheduler.now() - found.modified > _LOOKED_AT:
            self.violate("an upload expires though its file is there")

    def _check_failure(self, after: Item) -> None:
        """See that no photograph is marked for what others of its batch did."""
        key = after["key"]["S"]
        is_good = not any(body.startswith((BAD, DEADLY)) for body in self.s3.stored[key])
        if is_good and key not in self.unlucky:
            self.violate(f"a good photograph is marked as failed: {after['reason']['S']}")

    def _check_version(self, after: Item) -> None:
        """See that a record names the version that it describes."""
        if after["state"]["S"] not in DESCRIBED or "version_id" not in after:
            return
        versions = self.s3.versions.get(after["key"]["S"], ())
        for version in versions:
            if version.id == after["version_id"]["S"]:
                digest = hashlib.sha256(version.body or b"").hexdigest()
                if digest != after["sha256"]["S"]:
                    self.violate("a record names another version than it describes")

    # The API -------------------------------------------------------------------------------------

    @staticmethod
    def _answer(
        held: Container, request: tuple[str, str, str, bytes], _: Callable[[], int]
    ) -> Answer:
        method, target, token, body = request
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            told = _GATEWAY.handle_request(method, target, headers, body)
        except Exception as error:
            if (status := getattr(error, "CODE", None)) is None:
                raise
            return Answer(int(status))
        text = told["body"]
        return Answer(told["statusCode"], json.loads(text) if text else None)

    @staticmethod
    def _reconcile(held: Container, event: Any, remaining: Callable[[], int]) -> None:
        """Do what is scheduled, which must fail by nothing but a service that does not answer."""
        told: Any = dict.fromkeys(
            ("version", "id", "detail-type", "source", "account", "time", "region"), ""
        )
        entry_point.reconcile(told | {"resources": [], "detail": {}, **event}, _Context(remaining))

    def reconcile(self) -> None:
        """Run what is scheduled, and wait for it."""
        while self.reconciler.is_busy:
            self.scheduler.sleep(5)
        try:
            self.scheduler.join(self.reconciler.begin({}, lambda *_: None))
        except (Killed, ImageRepoError):
            return  # the next one makes up for it


@dataclass(frozen=True)
class _Context:
    get_remaining_time_in_millis: Callable[[], int]
    function_name: str = "reconciler"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn"
    aws_request_id: str = "request"


def _shown_state(item: Item) -> State:
    return State.DELETED if "trashed_at" in item else State(item["state"]["S"])


def _events_of(body: str) -> list[ObjectEvent]:
    return [one for one in events.read(body, BUCKET) if isinstance(one, ObjectEvent)]
