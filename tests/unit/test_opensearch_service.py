"""What is sent to a domain is what Amazon OpenSearch Service supports."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from opensearchpy import Urllib3HttpConnection

from chalicelib.images import MAX_ATTRIBUTES, VECTOR_SIZE, Attribute, Garment
from chalicelib.reindexing import AutomaticReindexing, RunStateStore
from chalicelib.search import Document
from chalicelib.search.conditions import (
    AllOf,
    Among,
    AnyOf,
    Condition,
    HasAttribute,
    Holds,
    Is,
    Living,
    LooksLike,
    Not,
    Within,
)
from chalicelib.search.opensearch import OpenSearchIndex, RebuildingIndex, RetryingClient, connect
from chalicelib.search.opensearch.bulk import write
from chalicelib.search.port import By, ByTime, Facet, Nearest, Retrieval, Term, Terms
from image_repo_formats import MAX_CAPTION_CHARS
from infra.opensearch_service import (
    CLUSTER_SETTINGS,
    FEATURES,
    INDEX_SETTINGS,
    INSTANCES,
    MAX_REQUEST_BYTES,
    OPERATIONS,
    VERSIONS,
)
from tests.memory.storage import MemoryStorage

VECTOR = b"\x01" * VECTOR_SIZE


@dataclass(frozen=True)
class Request:
    """One request; the body as it was sent."""

    method: str
    path: str
    body: str

    @property
    def lines(self) -> Iterator[Any]:
        return map(json.loads, self.body.splitlines())


@dataclass
class Cluster:
    """Notes what is asked, and answers so that whoever asks carries on."""

    aliases: dict[str, set[str]] = field(default_factory=dict)
    mappings: dict[str, Any] = field(default_factory=dict)
    written: set[tuple[str, str]] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Any:
        self.requests.append(request)
        index, _, operation = request.path.strip("/").rpartition("/")
        match request.method, operation:
            case "GET", "_alias":
                held = self.aliases.items()
                return {index: {"aliases": {alias: {} for alias in its}} for index, its in held}
            case "POST", "_aliases":
                self._move(json.loads(request.body)["actions"])
            case "GET", "_mapping":
                return {index: {"mappings": self.mappings[index]}}
            case "PUT", "_mapping":
                self.mappings[index] = self.mappings[index] | json.loads(request.body)
            case "POST", "_count":
                return {"count": len({name for at, name in self.written if at == index})}
            case "PUT", name if not index:
                body = json.loads(request.body)
                self.aliases[name], self.mappings[name] = set(body["aliases"]), body["mappings"]
            case "DELETE", name:
                self.aliases.pop(name, None)
            case "POST", "_bulk":
                actions = [*request.lines][::2]
                self.written |= {(index, action["index"]["_id"]) for action in actions}
                return {"items": [{"index": {"status": 201}} for _ in actions]}
            case "POST", "_msearch":
                return {"responses": [_nothing(body) for body in [*request.lines][1::2]]}
        return {}

    def _move(self, actions: Sequence[Mapping[str, Any]]) -> None:
        for action in actions:
            ((verb, told),) = action.items()
            held = self.aliases[told["index"]]
            (held.add if verb == "add" else held.discard)(told["alias"])


def _nothing(body: Mapping[str, Any]) -> Mapping[str, Any]:
    counted: Any = {name: {"buckets": []} for name in body.get("aggs", {})}
    return {"hits": {"hits": [], "total": {"value": 0}}, "aggregations": counted}


class Recording(Urllib3HttpConnection):
    """A connection to a `Cluster`."""

    def __init__(self, *, cluster: Cluster, **more: Any) -> None:
        super().__init__(**more)
        self._cluster = cluster

    def perform_request(
        self, method: str, url: str, params: Any = None, body: Any = None, *_: Any, **more: Any
    ) -> Any:
        text = body.decode() if isinstance(body, bytes) else body or ""
        return 200, {}, json.dumps(self._cluster.answer(Request(method, url, text)))


def document(number: int) -> Document:
    return Document(f"{number:04}", 1, "ann", text="a dog", visual=bytes(2 * VECTOR_SIZE))


def largest(number: int) -> Document:
    """Return a document with a caption, attributes and vectors as long as they can be."""
    words = tuple(f"{n:02}".ljust(64, "x") for n in range(16))
    garments = tuple(Garment(word, words) for word in words)
    attribute = Attribute("dog", colours=words, actions=words, places=words, garments=garments)
    return replace(
        document(number),
        text="x" * MAX_CAPTION_CHARS,
        attributes=(attribute,) * MAX_ATTRIBUTES,
        semantic=bytes(2 * VECTOR_SIZE),
    )


CONDITIONS: tuple[Condition, ...] = (
    Living(),
    Holds(("dog",)),
    Holds(("black", "dog"), "caption"),
    HasAttribute((("subject", frozenset({"dog"})),)),
    HasAttribute((("subject", frozenset({"dog"})), ("colour", frozenset({"black"})))),
    Is("owner", ("ann",)),
    Among((1, 2)),
    Within("created", datetime(2026, 1, 1, tzinfo=UTC), None),
    Within("taken", None, datetime.fromisoformat("2026-01-01")),
    LooksLike(VECTOR, 0.9),
)
ORDERS: tuple[By, ...] = (
    ByTime(),
    ByTime("taken", oldest_first=True),
    Nearest("visual", VECTOR, 10),
    Nearest("semantic", VECTOR, 10),
    Terms(((Term("dog", Holds(("dog",)), 3),),), shorter_first=True),
)


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    """Return all that adapter, indexer, rebuild and roll-back send."""
    cluster = Cluster()
    client = connect("127.0.0.1:9200", 5, connection_class=Recording, cluster=cluster)
    index = OpenSearchIndex(RetryingClient(client))
    automatic = AutomaticReindexing(RunStateStore(MemoryStorage()).newest, _Never())
    rebuilding = RebuildingIndex(index, lambda _after: map(document, range(3)), automatic)
    rebuilding.apply([document(1)])
    rebuilding.rebuild()
    rebuilding.rebuild()  # drops the one before the former one
    rebuilding.roll_back()
    write(index.client, str(index.aliases.read().live), [*map(largest, range(100))])
    _search(index)
    client.close()
    return cluster.requests


def _search(index: OpenSearchIndex) -> None:
    view = index.view("session")
    among = AllOf((Living(), AnyOf(CONDITIONS), *map(Not, CONDITIONS)))
    facets = (Facet("words", start="do"), Facet("subjects"))
    for by in ORDERS:
        view.retrieve([Retrieval(among, by, 10, (-1.0, 1), 0.5, facets, stored=True)])
    view.stored([1, 2], visual=True)
    view.words_like(Living(), "dgo", 1)


class _Never:
    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        raise AssertionError


def test_whatever_the_adapter_can_ask_is_asked(requests: list[Request]) -> None:
    asked = {(one.method, one.path.rpartition("/")[2]) for one in requests}
    operations = {(method, name) for method, name in asked if name.startswith("_")}
    assert operations == {
        ("GET", "_alias"),
        ("GET", "_mapping"),
        ("POST", "_aliases"),
        ("POST", "_bulk"),
        ("POST", "_count"),
        ("POST", "_msearch"),
        ("POST", "_refresh"),
        ("PUT", "_mapping"),
        ("PUT", "_settings"),
    }
    assert {method for method, _ in asked - operations} == {"PUT", "DELETE"}


@pytest.mark.fault(38, by="OpenSearch's client")
def test_every_request_is_an_operation_that_the_service_supports(requests: list[Request]) -> None:
    for request in requests:
        first = request.path.strip("/").split("/")[0]
        assert first.startswith("image-repo") or first in OPERATIONS, request.path


def settings_of(request: Request) -> Mapping[str, Any]:
    """Return the settings that a request makes, without the analysis, in their flat form."""
    if request.method != "PUT" or not request.body:
        return {}
    body = json.loads(request.body)
    return flat(body.get("settings", body).get("index", {}))


def flat(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.items():
        within = flat(value) if isinstance(value, Mapping) else {"": value}
        found |= {f"{name}.{key}".rstrip("."): each for key, each in within.items()}
    return found


@pytest.mark.fault(38, by="OpenSearch's client")
def test_indexes_have_only_settings_that_the_service_takes(requests: list[Request]) -> None:
    made = {name for request in requests for name in settings_of(request)}
    assert made == set(INDEX_SETTINGS)


@pytest.mark.fault(38, by="OpenSearch's client")
def test_settings_of_the_cluster_are_those_that_the_service_lets_be_changed(
    requests: list[Request],
) -> None:
    asked = [json.loads(one.body) for one in requests if one.path.startswith("/_cluster/settings")]
    made = {name for body in asked for settings in body.values() for name in settings}
    assert made <= CLUSTER_SETTINGS


def test_a_nested_setting_is_known_by_its_whole_name() -> None:
    body = {"settings": {"index": {"search": {"concurrent_segment_search": {"mode": "auto"}}}}}
    named = settings_of(Request("PUT", "/image-repo-1", json.dumps(body)))
    assert set(named) == {"search.concurrent_segment_search.mode"}
    assert not set(named) & set(INDEX_SETTINGS)


@pytest.mark.fault(38, by="OpenSearch's client")
def test_every_version_has_what_the_requests_use(requests: list[Request]) -> None:
    sent = "".join(request.body for request in requests)
    for name, (since, _page) in FEATURES.items():
        assert name in sent
        assert all(tuple(map(int, version.split("."))) >= since for version in VERSIONS)


@pytest.mark.fault(38, by="OpenSearch's client")
def test_no_request_is_larger_than_the_smallest_node_takes(requests: list[Request]) -> None:
    longest = max(len(request.body.encode()) for request in requests)
    assert 5_000_000 < longest <= MAX_REQUEST_BYTES


def test_documents_are_not_lost_where_a_request_is_cut_short(requests: list[Request]) -> None:
    bulks = [one for one in requests if one.path.endswith("_bulk") and len(one.body) > 1_000_000]
    ids = [line["index"]["_id"] for one in bulks for line in [*one.lines][::2]]
    assert len(bulks) > 1
    assert ids == [f"{number:04}" for number in range(100)]


def test_limits_of_instances_are_those_of_the_page() -> None:
    smallest, large = INSTANCES["t3.small.search"], INSTANCES["r7g.large.search"]
    assert (smallest.nodes[-1], smallest.gigabytes[0], smallest.gigabytes[-1]) == (10, 10, 100)
    assert (large.nodes[-1], large.gigabytes[-1]) == (400, 1_536)
    assert INSTANCES["m7g.medium.search"].gigabytes[-1] == 512
    assert INSTANCES["c6g.12xlarge.search"].gigabytes[-1] == 4_608
