"""The API with adapters in memory, and a client that speaks to it as API Gateway does."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import app as entry_point
from chalicelib import bootstrap
from chalicelib.access import Caller, Scope, TokenRecord, Tokens
from chalicelib.api.signing_in import SignIn
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.encoder import Attention, Crop, Vector
from chalicelib.errors import EncoderUnavailable, NotFound, RejectedImage
from chalicelib.images import Image, State
from chalicelib.reconciling.index import Repairing
from chalicelib.reconciling.reconciler import Asked
from chalicelib.search import Hit, Query, Results
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.plan import check
from chalicelib.search.query import AlikePage, Contribution, Suggestion, Unmet
from chalicelib.settings import Settings
from tests.gateway import Gateway
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryDeadLetters, MemoryQueue
from tests.memory.storage import MemoryStorage

VECTOR = b"\x00\x3c" * 256
CALLERS = {
    "ann": Caller("ann", frozenset({Scope.READ, Scope.WRITE})),
    "reader": Caller("ann", frozenset({Scope.READ})),
    "writer": Caller("ann", frozenset({Scope.WRITE})),
    "none": Caller("ann", frozenset()),
    "bob": Caller("bob", frozenset({Scope.READ, Scope.WRITE})),
    "admin": Caller("root", frozenset({Scope.ADMIN})),
}


class FixedTokens:
    """Knows the callers of these tests, and keeps what is said of further tokens."""

    def __init__(self) -> None:
        self._records: dict[str, TokenRecord] = {}

    def caller(self, token: str) -> Caller | None:
        return CALLERS.get(token)

    def add(
        self, owner: str, scopes: Iterable[str], label: str = "", days: int | None = None
    ) -> tuple[str, TokenRecord]:
        name, moment = f"hash-{len(self._records)}", datetime(2026, 1, 1, tzinfo=UTC)
        expires = None if days is None else moment + timedelta(days=days)
        scoped = frozenset(map(Scope, scopes))
        record = TokenRecord(name, owner, scoped, label, moment, expires_at=expires)
        self._records[record.token_sha256] = record
        return "imr_new", record

    def revoke(self, token_sha256: str) -> None:
        if token_sha256 not in self._records:
            raise NotFound("there is no such token")
        self._records[token_sha256] = replace(self._records[token_sha256], revoked=True)

    def records(self) -> tuple[TokenRecord, ...]:
        return tuple(self._records.values())


class FixedIndex:
    """Finds what it is told to find, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Query] = []
        self.finds: list[str] = []
        self.suggests: tuple[Suggestion, ...] = ()
        self.near: dict[str, str] = {}
        self.held: dict[str, int] = {}
        self.problem: Exception | None = None
        self.unmet: tuple[Unmet, ...] = ()
        self.explanation: tuple[Contribution, ...] | None = None

    def apply(self, documents: Any) -> tuple[str, ...]:
        raise AssertionError("the API never writes to the index")

    def search(self, query: Query) -> Results:
        check(query)
        self.asked.append(query)
        if self.problem:
            raise self.problem
        hits = tuple(
            Hit(image_id, 1.0, "a <mark>dog</mark>", self.explanation) for image_id in self.finds
        )
        return Results(hits, len(hits), {"colours": (("brown", 2),)}, None, unmet=self.unmet)

    def suggest(self, owner: str | None, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        if self.problem:
            raise self.problem
        return self.suggests[:limit]

    def nearest(
        self, owner: str | None, words: Sequence[str], others: Sequence[str] = ()
    ) -> dict[str, str]:
        if self.problem:
            raise self.problem
        return {word: self.near[word] for word in words if word in self.near}

    def count(self, owner: str | None) -> int:
        if self.problem:
            raise self.problem
        return len(self.finds)

    def spaces(self, owner: str | None) -> dict[str, int]:
        return self.held

    def alike(self, owner: str | None, cursor: str | None, limit: int) -> AlikePage:
        if self.problem:
            raise self.problem
        return AlikePage((tuple(self.finds),), limit, None)


def looked(word: tuple[int, str]) -> tuple[str, tuple[float, ...]]:
    """Look at one quarter of a picture after another."""
    place, text = word
    return text, tuple(0.7 if quarter == place % 4 else 0.1 for quarter in range(4))


class FixedEncoder:
    """Answers with one vector, or not at all."""

    def __init__(self) -> None:
        self.crops: list[Crop | None] = []
        self.texts: list[str] = []
        self.down = False
        self.space: str | None = None

    def text(self, text: str, telling: Sequence[str] = ()) -> Vector:
        if self.down:
            raise EncoderUnavailable("the encoder did not answer")
        self.texts.append(text)
        return Vector(VECTOR, self.space)

    def words(self) -> Sequence[str]:
        if self.down:
            raise EncoderUnavailable("the encoder did not answer")
        return ("dog",)

    def image(self, content: bytes, crop: Crop | None) -> Vector:
        if content == b"no image":
            raise RejectedImage("the file is not a JPEG, PNG, WebP or GIF")
        self.crops.append(crop)
        return Vector(VECTOR, self.space)

    def stored(self, key: str, version_id: str | None, crop: Crop | None) -> Vector:
        return self.image(b"", crop)

    def attention(self, key: str, version_id: str | None, captions: Sequence[str]) -> Attention:
        if self.down:
            raise EncoderUnavailable("the encoder did not answer")
        told = tuple(tuple(map(looked, enumerate(text.split()))) for text in captions)
        return Attention(2, 2, told)


class NotedReindexing:
    """Notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []
        self.recounts: list[tuple[str, bool]] = []
        self.counted = RecountProgress(MemoryStorage())

    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        self.asked.append((run_id, roll_back))

    def recount(self, run_id: str, *, unless_running: bool = False) -> None:
        self.recounts.append((run_id, unless_running))
        self.counted.end(self.counted.begun(run_id, 1, "images"), corrected=0)


class NotedReconciling:
    """Notes which passes it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def start(self, asked: Asked) -> None:
        self.asked.append(asked)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Api:
    """The API under test."""

    catalogue: MemoryCatalogue = field(default_factory=MemoryCatalogue)
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    index: FixedIndex = field(default_factory=FixedIndex)
    encoder: FixedEncoder = field(default_factory=FixedEncoder)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    dead_letters: MemoryDeadLetters = field(default_factory=MemoryDeadLetters)
    reindexing: NotedReindexing = field(default_factory=NotedReindexing)
    reconciling: NotedReconciling = field(default_factory=NotedReconciling)
    tokens: Tokens = field(default_factory=FixedTokens)
    sign_in: SignIn | None = None

    def repository(self) -> bootstrap.Repository:
        self.reindexing.counted = RecountProgress(self.storage)
        return bootstrap.assemble(
            Settings(bucket="photographs", table="images", tokens_table="tokens"),
            catalogue=self.catalogue,
            storage=self.storage,
            index=self.index,
            encoder=self.encoder,
            tokens=self.tokens,
            queue=self.queue,
            dead_letters=self.dead_letters,
            reindexing=self.reindexing,
            recounting=self.reindexing,
            reconciling=self.reconciling,
            index_repair=Repairing(EmbeddedIndex(), self.catalogue),
            sign_in=self.sign_in,
        )

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_: str | None = "ann",
        query: dict[str, Any] | None = None,
        **headers: str,
    ) -> Answer:
        """Send a request; a ``body`` that is text goes as it is, anything else as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if as_ is not None:
            sent["Authorization"] = f"Bearer {as_}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        raw = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        target = path + (f"?{urlencode(query)}" if query else "")
        told = Gateway(entry_point.app).answer(method, target, sent, raw.encode())
        return Answer(told.status, told.headers, told.body.decode())

    def enter(self, image_id: str = "id-1", owner: str = "ann", **more: Any) -> Image:
        """Put a record into the catalogue."""
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        plain = Image(image_id, owner, "photographs", f"uploads/{owner}/x/{image_id}.jpg")
        times = {"created_at": moment, "updated_at": moment}
        fields = {"state": State.CAPTIONED, "visual": VECTOR, **times, **more}
        return self.catalogue.save(replace(plain, **fields), expected_rev=0)
