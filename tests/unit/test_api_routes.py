"""Every route of the table, with every set of scopes, beside another owner's photographs.

What is sent is made from the table: for each field of a route's models one request per value of
`VALUES`, for each parameter of its path one per value of `PATH_VALUES`. A new route is tried by
being in the table; a new field wants a value here.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import app as entry_point
from chalicelib.access import Scope
from chalicelib.api.routes import ROUTES, Route
from chalicelib.images import Attribute, Caption, Image, Label, Source, State
from chalicelib.import_reports import ImportReport
from chalicelib.reconciling.report import Report, ReportStore
from chalicelib.reindexing import RunStateStore, Stage
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from chalicelib.search.query import FACETS
from chalicelib.transitions import trashed
from tests.api import CALLERS, Answer, Api

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "api.md"
OWN, FOREIGN, NOBODYS = "own-1", "foreign-1", "nobodys"
OWN_DELETED, FOREIGN_DELETED = "own-deleted", "foreign-deleted"
OWN_TRASHED, FOREIGN_TRASHED = "own-trashed", "foreign-trashed"
OWN_IMPORT, FOREIGN_IMPORT = "a" * 32, "b" * 32
# What does not exist for anybody, and what does not for the caller of these tests.
MISSING = {NOBODYS, OWN_DELETED, FOREIGN_DELETED, "c" * 32, "d" * 64, "nothing.js"}
HIDDEN = MISSING | {FOREIGN, FOREIGN_TRASHED, FOREIGN_IMPORT}
PICTURE = base64.b64encode(b"picture").decode()
# Words that only the other owner's records hold, one of them misspelt by a letter.
SECRETS = ("marmalade", "platypus", "turquoise", "juggle", "trombone", "lighthouse", "accordion")
TEXTS = ["dog", "marmalade", "marmelade", "trombone platypus", "turquoise platypus juggles"]
PATH_VALUES = {
    "image_id": [
        OWN,
        FOREIGN,
        NOBODYS,
        OWN_DELETED,
        FOREIGN_DELETED,
        OWN_TRASHED,
        FOREIGN_TRASHED,
    ],
    "import_id": [OWN_IMPORT, FOREIGN_IMPORT, "c" * 32],
    "name": ["index.html", "nothing.js"],
    "release": ["0123456789abcdef"],
    "token_id": ["hash-0", "hash-1", "d" * 64],
}
CONDITIONS: list[Any] = [
    {"subject": "platypus"},
    {"not": {"subject": "dog"}},
    {"or": [{"colours": ["turquoise"]}, {"actions": ["juggle"]}]},
    {"places": ["lighthouse"]},
]
VALUES: dict[str, list[Any]] = {
    "action": ["juggle"],
    "album": ["accordion", "Oslo"],
    "albums": [["accordion"]],
    "after": [f"uploads/bob/x/{FOREIGN}.jpg"],
    "attributes": [[{"subject": "cat"}], *CONDITIONS],
    "caption": ["A cat sleeps"],
    "collapse": ["near_duplicates"],
    "colour": ["turquoise"],
    "content_type": ["image/jpeg"],
    "days": [7],
    "duplicates": ["report", "store"],
    "created_from": ["2020-01-01"],
    "created_to": ["2030-01-01"],
    "taken_from": ["2020-01-01"],
    "taken_to": ["2030-01-01"],
    "sort": ["added", "taken"],
    "order": ["oldest"],
    "crop": ["0,0,0.5,0.5", {"x": 0, "y": 0, "width": 0.5, "height": 0.5}],
    "cursor": ["nonsense", "BOB'S LIST", "BOB'S SEARCH"],
    "explain": [True],
    "facets": [list(FACETS)],
    "filters": [
        {"labels": ["trombone"]},
        {"albums": ["accordion"]},
        {"states": ["captioned"]},
        {"sources": ["user"]},
    ],
    "encoding": ["cp1252"],
    "file": ["descriptions.txt", "captions.csv"],
    "force": [True],
    "ids": [[OWN], [FOREIGN], [OWN, FOREIGN]],
    "image": [PICTURE],
    "keywords": [["trombone"]],
    "label": ["trombone", "dog"],
    "limit": [1],
    "margin_minutes": [0],
    "min_relevance": [0, "auto"],
    "mode": ["words", "meaning"],
    "name": ["a.jpg"],
    "owner": ["ann", "bob"],
    "permanent": [True],
    "place": ["lighthouse"],
    "prefix": ["do", "marm", "lighth", "uploads/ann/trip/", "uploads/bob/trip/"],
    "q": TEXTS,
    "roll_back": [True],
    "scopes": [["read"], ["admin"]],
    "sha256": ["ab" * 32],
    "size": [1],
    "source": ["user", "model"],
    "state": ["captioned", "failed"],
    "subject": ["platypus", "dog"],
    "text": TEXTS,
    "unlike": [[FOREIGN], [OWN], [NOBODYS]],
    "weights": [{"words": 1, "labels": 2}],
}
# What differs between two answers to one request: random ids, and the time.
RANDOM = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}"
    r"|(?<=uploads/ann/)[\w-]{16}(?=/)|20\d\d-\d\d-\d\dT[\d:.]+(Z|\+00:00)"
)
REFUSALS = (400, 403, 404)
TOKENS = ["nobody's", "none", "reader", "writer", "ann", "admin", None]


@dataclass(frozen=True)
class Request:
    """One request of a route."""

    method: str
    path: str
    body: dict[str, Any] | None
    query: dict[str, Any]


def requests_of(route: Route) -> Iterator[Request]:
    """Yield the requests that are tried of a route, which its models describe."""
    paths = product(*(PATH_VALUES[name] for name in route.parameters))
    for values, body, query in product(paths, _documents(route.body), _documents(route.query)):
        path = route.path.format(**dict(zip(route.parameters, values, strict=True)))
        flat = {name: _in_a_query(value) for name, value in (query or {}).items()}
        yield Request(route.method, path, body, flat)


def _documents(model: Any) -> list[dict[str, Any] | None]:
    if model is None:
        return [None]
    fields = model.model_fields
    least = {name: VALUES[name][0] for name, field in fields.items() if field.is_required()}
    return [least, *(least | {name: value} for name in fields for value in VALUES[name])]


def _in_a_query(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def world(*owners: str) -> Api:
    """Return the API with these owners' records, which are searched by a real engine."""
    api = Api(index=EmbeddedIndex())  # type: ignore[arg-type]
    entry_point.provider.repository = api.repository()
    if "ann" in owners:
        _enter(api, OWN, "A brown dog runs", Attribute("dog", ("brown",), ("run",)), "dog")
        _enter(api, "own-2", "A dog sits", Attribute("dog", (), ("sit",)), "dog")
        _enter_trashed(api, OWN_TRASHED, "A dog sleeps", Attribute("dog"))
        _enter_deleted(api, OWN_DELETED, "ann")
        _enter_import(api, OWN_IMPORT, "ann")
        api.tokens.add("ann", ["read"], "laptop")
    if "bob" in owners:
        secret = Attribute("platypus", ("turquoise",), ("juggle",), places=("lighthouse",))
        _enter(api, FOREIGN, "A turquoise platypus juggles marmalade", secret, "trombone")
        _enter(api, "foreign-2", "A dog beside marmalade", secret, "dog")
        _enter_trashed(api, FOREIGN_TRASHED, "A platypus with marmalade", secret)
        _enter_deleted(api, FOREIGN_DELETED, "bob")
        _enter_import(api, FOREIGN_IMPORT, "bob")
        api.tokens.add("bob", ["read"], "trombone")
    RunStateStore(api.storage).run("seven", roll_back=False, work=lambda _: 2)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    ReportStore(api.storage).tell(Report("seven", moment, moment, stage=Stage.FINISHED))
    return api


def _enter_trashed(api: Api, image_id: str, text: str, attribute: Attribute) -> None:
    _enter(api, image_id, text, attribute, "dog")
    image = api.catalogue.get(image_id)
    assert image is not None
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    there = api.catalogue.save(trashed(image, moment), expected_rev=image.rev)
    api.index.apply([document_of(there)])


def _enter(api: Api, image_id: str, text: str, attribute: Attribute, label: str) -> None:
    owner = "ann" if image_id.startswith("own") else "bob"
    image = api.enter(
        image_id,
        owner,
        key=f"uploads/{owner}/x/{image_id}.jpg",
        caption=Caption(text, Source.MODEL, "m@1", 0.5, (f"maybe {text}",)),
        attributes=(attribute,),
        attributes_source=Source.MODEL,
        labels=(Label(label, 0.9),),
        keywords=(f"{label} lesson",),
        keywords_source=Source.FILE,
        albums=("accordion",) if owner == "bob" else ("Oslo",),
    )
    api.storage.write(image.key, b"photograph", content_type="image/jpeg")
    api.index.apply([document_of(image)])


def _enter_deleted(api: Api, image_id: str, owner: str) -> None:
    """Leave what is left of a photograph whose deletion was cut: its record and a file."""
    image = api.enter(image_id, owner, state=State.DELETED, visual=None)
    api.storage.write(image.key, b"photograph", content_type="image/jpeg")


def _enter_import(api: Api, import_id: str, owner: str) -> None:
    key = f"uploads/{owner}/trip/descriptions.txt"
    api.storage.write(key, b"a.jpg Marmalade.\n", content_type="text/plain")
    ImportReport(import_id, owner, key, datetime(2026, 1, 1, tzinfo=UTC)).save(api.storage)


def send(api: Api, request: Request, token: str | None) -> Answer:
    """Send a request as API Gateway would."""
    entry_point.provider.repository = api.repository()
    return api.call(
        request.method, request.path, request.body, as_=token, query=request.query or None
    )


def comparable(answer: Answer) -> tuple[int, str, str | None]:
    """Return what an answer says, without what is random in it."""
    return answer.status, RANDOM.sub("…", answer.text), answer.headers.get("ETag")


def state_of(api: Api) -> dict[str, Any]:
    """Return all that a request could change."""
    return {
        "records": {image.image_id: image for image in api.catalogue.scan()},
        "files": [(entry.key, entry.etag) for entry in api.storage.objects("")],
        "messages": list(api.queue.messages),
        "runs": [*api.reindexing.asked, *api.reconciling.asked],
        "tokens": api.tokens.records(),
    }


@pytest.fixture(autouse=True)
def _own_repository() -> Iterator[None]:
    yield
    vars(entry_point.provider).pop("repository", None)


@pytest.fixture(scope="module")
def foreign_cursors() -> dict[str, str]:
    """Return cursors that stand in another owner's lists."""
    api = world("ann", "bob")
    pages = {
        "BOB'S LIST": Request("GET", "/images", None, {"limit": 1}),
        "BOB'S SEARCH": Request("GET", "/search", None, {"subject": "platypus", "limit": 1}),
    }
    cursors = {name: send(api, page, "bob").json["cursor"] for name, page in pages.items()}
    assert all(cursors.values())
    return cursors


def with_cursors(request: Request, cursors: dict[str, str]) -> Request:
    """Return the request with the cursors that it names."""
    body, query = (
        part and {name: cursors.get(str(value), value) for name, value in part.items()}
        for part in (request.body, request.query)
    )
    return Request(request.method, request.path, body, query or {})


def names(request: Request, parts: set[str]) -> bool:
    """Tell whether a request's path names one of these."""
    return not parts.isdisjoint(request.path.split("/"))


def is_allowed(route: Route, token: str | None) -> bool:
    """Tell whether a token is good for a route."""
    caller = CALLERS.get(token or "")
    if route.scope is None or caller is None:
        return route.scope is None
    return bool(caller.scopes & {route.scope, Scope.ADMIN})


def test_what_is_registered_is_the_table() -> None:
    registered = {
        (method, path) for path, methods in entry_point.app.routes.items() for method in methods
    }
    headed = {("HEAD", route.path) for route in ROUTES if route.method == "GET"}
    asked = {("OPTIONS", route.path) for route in ROUTES}
    assert registered == {(route.method, route.path) for route in ROUTES} | headed | asked


def test_the_scopes_are_those_of_the_documentation() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (/\S*)` \|.*\| (\S+) \|$", DOCUMENTATION.read_text(), re.M)
    promised = {(method, re.sub(r"{\w+}", "{}", path)): scope for method, path, scope in rows}
    assert promised == {
        (route.method, re.sub(r"{\w+}", "{}", route.path)): route.scope or "none"
        for route in ROUTES
    }


@pytest.mark.parametrize("header", ["Basic ann", "ann", "Bearer", "Bearer ann bob"])
def test_a_token_comes_as_a_bearer_token_or_not_at_all(header: str) -> None:
    api = world("ann")
    assert api.call("GET", "/images", as_=None, Authorization=header).status == 401
    assert api.call("GET", "/images", as_=None, Authorization="bearer  ann").status == 200


def test_a_body_of_another_media_type_is_a_problem_document() -> None:
    answer = world("ann").call("POST", "/search", Content_Type="text/plain")
    assert answer.status == answer.json["status"] == 415
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "text/plain" in answer.json["detail"]


def test_no_reader_changes_anything() -> None:
    searches = {"POST /search", "POST /search/image"}
    changing = {route for route in ROUTES if route.method != "GET" and route.name not in searches}
    assert {route.scope for route in changing} <= {Scope.WRITE, Scope.ADMIN}


@pytest.mark.fault(24)
@pytest.mark.fault(43)
@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_route_wants_its_scope_and_shows_no_other_owners_photographs(
    route: Route, token: str | None, foreign_cursors: dict[str, str]
) -> None:
    if not is_allowed(route, token):
        _is_refused(route, token)
    elif token == "admin" or route.scope is None:
        _is_answered(route, token, foreign_cursors)
    else:
        _is_answered_as_if_alone(route, token, foreign_cursors)


def _is_refused(route: Route, token: str | None) -> None:
    api = world("ann", "bob")
    before = state_of(api)
    for request in requests_of(route):
        answer = send(api, request, token)
        assert answer.status == answer.json["status"] == (403 if token in CALLERS else 401), request
        assert answer.headers["Content-Type"] == "application/problem+json"
        if token in CALLERS and route.scope is not None:
            assert f"'{route.scope.value}'" in answer.json["detail"]
        assert not any(secret in answer.text for secret in (*SECRETS, FOREIGN, OWN))
    assert state_of(api) == before


def _is_answered(route: Route, token: str | None, cursors: dict[str, str]) -> None:
    statuses = set()
    for template in requests_of(route):
        request = with_cursors(template, cursors)
        status = send(world("ann", "bob"), request, token).status
        assert status in ({400, 404} if names(request, MISSING) else {route.status, 400, 404})
        statuses.add(status)
    assert route.status in statuses


def _is_answered_as_if_alone(route: Route, token: str | None, cursors: dict[str, str]) -> None:
    statuses = set()
    for template in requests_of(route):
        request = with_cursors(template, cursors)
        alone, shared = world("ann"), world("ann", "bob")
        bobs = foreign(state_of(shared))
        answer = send(shared, request, token)
        assert comparable(answer) == comparable(send(alone, request, token)), request
        assert foreign(state_of(shared)) == bobs, request
        assert own(state_of(shared)) == own(state_of(alone)), request
        assert answer.status in (
            {400, 404} if names(request, HIDDEN) else {route.status, *REFUSALS}
        )
        statuses.add(answer.status)
    assert route.status in statuses


def foreign(state: dict[str, Any]) -> str:
    """Return the other owner's part of what a request could change."""
    records = {name: r for name, r in state["records"].items() if r.owner == "bob"}
    files = [entry for entry in state["files"] if "/bob/" in entry[0] or FOREIGN in entry[0]]
    messages = [message for message in state["messages"] if "/bob/" in json.dumps(message)]
    return repr((records, files, messages))


def own(state: dict[str, Any]) -> str:
    """Return the caller's part of it, without what is random."""
    records = {name: r for name, r in state["records"].items() if r.owner == "ann"}
    files = [entry for entry in state["files"] if "/ann/" in entry[0]]
    messages = [message for message in state["messages"] if "/bob/" not in json.dumps(message)]
    parts = [*map(_shown, records.values()), *map(repr, files), *map(repr, messages)]
    return "\n".join(sorted(RANDOM.sub("…", text) for text in parts))


def _shown(image: Image) -> str:
    return repr((image.key, image.state, image.rev, image.caption, image.attributes, image.labels))
