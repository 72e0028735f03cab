"""MiniStack, made to keep what it has answered with success, however it ends.

By itself it writes objects as they come and everything else when it is asked to stop. Here, what
DynamoDB and SQS hold is in a journal before a request is answered, and the rest, which only a
deployment changes, is saved when `local.stack` asks for it. So a kill loses neither a record nor an
event. A message that was handled may come twice, as on AWS:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html
"""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextvars import Context, copy_context
from pathlib import Path
from threading import Lock
from typing import Any

from ministack import app as ministack
from ministack.core import persistence
from ministack.services import dynamodb, s3, sqs

from local.emulator import SAVE_PATH
from local.journal import Change, Journal
from local.saved_state import replace_state

ITEMS, MESSAGES = "items", "messages"
TICK_SECONDS = 0.5
# Each is or begins the name of an operation.
_WRITES = ("BatchWriteItem", "PutItem", "UpdateItem", "TransactWriteItems", "SendMessage")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Durable:
    """The emulator's ASGI application, which answers when what it did is on disk.

    Parameters
    ----------
    journal
        Of items and messages.
    state
        The folder of the saved state of everything else.
    reserve
        It takes nothing in while fewer bytes are free: MiniStack would answer with success for an
        object that it could not write.
    """

    def __init__(self, journal: Journal, state: Path, reserve: int) -> None:
        self._journal, self._state, self._reserve = journal, state, reserve
        self._serve, self._emit = ministack.app, dynamodb._emit_stream_event
        self._load, self._save = ministack.load_state, ministack.save_all
        self._items: list[Change] = []
        self._told: list[tuple[Context, tuple[Any, ...]]] = []
        self._messages: dict[str, set[str]] = {}
        self._held: dict[str, list[Any]] = {}
        self._tables: set[str] = set()
        self._one_at_a_time = Lock()

    def install(self) -> None:
        """Take the places of what MiniStack does otherwise."""
        ministack.app = self
        ministack.load_state, ministack.save_all = self.load_state, self.save_all
        dynamodb._emit_stream_event = self.keep_item
        s3._fire_s3_event_async = fire_event

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_when_kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.flush()
            await send(message)

        if scope["type"] == "http" and self._held:
            self._release_messages()
        if scope["type"] == "lifespan":
            ticking = asyncio.create_task(self._tick())
            await self._serve(scope, receive, send)
            ticking.cancel()
        elif scope["type"] == "http" and scope["path"] == SAVE_PATH:
            ministack.save_all(ministack._build_persistence_save_dict())
            await _answer(send, 200, b"")
        elif scope["type"] == "http" and self._is_full() and _writes(scope):
            await _pass_over(receive)
            await _answer(send, 503, _refusal(scope, self._reserve, self._state))
        else:
            await self._serve(scope, receive, send_when_kept)

    def load_state(self, service: str) -> Any:
        """Return the saved state of a service, with what the journal knows better."""
        state = self._load(service)
        if service == "dynamodb":
            self._load_items(state["tables"] if state else None)
        elif service == "sqs":
            self._load_messages(state["queues"] if state else None)
        return state

    def save_all(self, services: Mapping[str, Callable[[], Any]]) -> None:
        """Save every service, all or none."""

        def save(folder: Path) -> None:
            persistence.STATE_DIR = str(folder)
            try:
                self._save(services)
            finally:
                persistence.STATE_DIR = str(self._state)

        self.flush()
        replace_state(self._state, save)

    def keep_item(self, table_name: str, event: str, old: Any, new: Any, *more: Any) -> None:
        """Note a change of an item; streams are told of it when it is on disk."""
        table = dynamodb._tables.get(table_name)
        if table:
            key = _item_key(table, new or old)
            value = json.dumps(new) if new else None
            self._items.append(Change(ITEMS, table_name, key, value))
        self._told.append((copy_context(), (table_name, event, old, new, *more)))

    def flush(self) -> None:
        """Write what changed since the last time.

        Raises
        ------
        sqlite3.Error
            It could not be written; the next time it is tried again.
        """
        with self._one_at_a_time:
            self._forget_tables()
            queued = _queued(sqs._queues)
            changes = [*self._items, *_exchanged(self._messages, queued)]
            if changes:
                self._journal.write(changes)
            self._items.clear()
            self._messages = {name: set(messages) for name, messages in queued.items()}
            told, self._told = self._told, []
        for context, arguments in told:
            context.run(self._emit, *arguments)

    async def _tick(self) -> None:
        """Note what leaves queues: nobody waits for an answer to that."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.flush()

    def _is_full(self) -> bool:
        return shutil.disk_usage(self._state).free < self._reserve

    def _forget_tables(self) -> None:
        """Forget what tables held that are deleted, lest new ones of their names begin with it."""
        tables = {name for (*_, name), _ in dynamodb._tables.all_items()}
        for gone in self._tables - tables:
            self._journal.forget(ITEMS, gone)
        self._tables = tables

    def _load_items(self, tables: Any) -> None:
        known = {name: table for (*_, name), table in (tables.all_items() if tables else ())}
        saved = {name: dict(_entries(table["items"])) for name, table in known.items()}
        kept = self._journal.take_up(ITEMS, saved)
        for name, table in known.items():
            table["items"] = _partitions(kept.get(name, {}))
            dynamodb._items_replaced(table)

    def _load_messages(self, queues: Any) -> None:
        """Hold messages back until requests are answered: who handles one asks for much.

        Those that somebody worked on are visible: nobody does now.
        """
        known = {queue["name"]: queue for _, queue in (queues.all_items() if queues else ())}
        saved = _queued(queues) if queues else {}
        kept = self._journal.take_up(MESSAGES, saved)
        for name, queue in known.items():
            newer = {k: m for k, m in saved[name].items() if k in kept.get(name, {})}
            queue["messages"] = []
            self._held[name] = [_visible(one) for one in {**kept.get(name, {}), **newer}.values()]

    def _release_messages(self) -> None:
        for _, queue in sqs._queues.all_items():
            held = self._held.pop(queue["name"], [])
            queue["messages"] = [*held, *queue["messages"]]
            self._messages[queue["name"]] = {message["id"] for message in held}
        self._held.clear()


def fire_event(bucket: str, key: str, event: str, *rest: Any, **more: Any) -> None:
    """Tell of an object before its request is answered; MiniStack does it some time later."""
    if bucket in s3._bucket_notifications:
        order = s3._next_event_sequencer(event)
        s3._fire_s3_event(bucket, key, event, *rest, sequencer=order, **more)


def _item_key(table: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    sort = table["sk_name"]
    partition = dynamodb._extract_key_val(item[table["pk_name"]])
    return json.dumps([partition, dynamodb._extract_key_val(item[sort]) if sort else "__no_sort__"])


def _entries(partitions: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for partition, items in partitions.items():
        for sort, item in items.items():
            yield json.dumps([partition, sort]), item


def _partitions(items: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    partitions: dict[str, dict[str, Any]] = {}
    for key, item in items.items():
        partition, sort = json.loads(key)
        partitions.setdefault(partition, {})[sort] = item
    return partitions


def _queued(queues: Any) -> dict[str, dict[str, Any]]:
    """Return the messages of every queue, by their ids."""
    return {
        queue["name"]: {message["id"]: message for message in list(queue["messages"])}
        for _, queue in queues.all_items()
    }


def _exchanged(
    before: Mapping[str, set[str]], queued: Mapping[str, Mapping[str, Any]]
) -> Iterator[Change]:
    """Yield which messages came and which went."""
    for name, messages in queued.items():
        known = before.get(name, set())
        for gone in known - messages.keys():
            yield Change(MESSAGES, name, gone, None)
        for came in messages:
            if came not in known:
                yield Change(MESSAGES, name, came, json.dumps(messages[came]))


def _visible(message: Mapping[str, Any]) -> dict[str, Any]:
    if not message.get("receive_count"):
        return dict(message)
    return {**message, "visible_at": 0, "receipt_handle": None}


def _header(scope: Message, name: bytes) -> str:
    return next((value.decode() for known, value in scope["headers"] if known.lower() == name), "")


def _writes(scope: Message) -> bool:
    """Tell whether a request adds to a table, a queue or a bucket."""
    target = _header(scope, b"x-amz-target")
    if target:
        return target.rpartition(".")[2].startswith(_WRITES)
    bucket = scope["path"].strip("/").partition("/")[0]
    return scope["method"] in {"PUT", "POST"} and bucket in s3._buckets


def _refusal(scope: Message, reserve: int, folder: Path) -> bytes:
    """Return the body of a refusal, as S3 or as the others write it."""
    words = f"the disk is full: less than {reserve / 1e6:.0f} MB are free where {folder} lies"
    if _header(scope, b"x-amz-target"):
        return json.dumps({"__type": "ServiceUnavailable", "message": words}).encode()
    return f"<Error><Code>ServiceUnavailable</Code><Message>{words}</Message></Error>".encode()


async def _pass_over(receive: Receive) -> None:
    """Take a request's body: a client that asks whether to send it waits for that."""
    while (await receive()).get("more_body"):
        continue


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
