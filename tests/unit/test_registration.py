"""What stands between a request and its view: scope first, then models, then the answer."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from chalice.app import MultiDict, Response

from chalicelib.access import Caller, Scope
from chalicelib.api import answers, requests
from chalicelib.api.problems import InvalidRequest
from chalicelib.api.registration import caller_of, context_of, endpoint
from chalicelib.api.routes import Route, route_of
from chalicelib.errors import Forbidden, InvalidField

ANN = Caller("ann", frozenset({Scope.READ, Scope.WRITE}))
HEALTH = answers.Health(status="ok", version="1")


@dataclass
class FakeRequest:
    """A request of the framework."""

    context: dict[str, Any] = field(default_factory=lambda: {"authorizer": context_of(ANN)})
    headers: dict[str, str] = field(default_factory=dict)
    query_params: MultiDict | None = None
    raw_body: bytes = b""


def a_route(scope: Scope | None = Scope.READ, **more: Any) -> Route:
    return Route("GET", "/things/{thing_id}", "A thing", scope, answers.Health, **more)


@pytest.mark.parametrize(
    "caller", [ANN, Caller("bob", frozenset({Scope.ADMIN})), Caller("eve", frozenset())]
)
def test_what_the_authorizer_tells_of_a_caller_is_what_the_function_learns(caller: Caller) -> None:
    context = context_of(caller)
    # API Gateway passes on texts, numbers and truth values only.
    assert all(isinstance(value, str) for value in context.values())
    assert caller_of(context) == caller


def test_a_view_is_given_what_it_names_and_no_more() -> None:
    given: list[Any] = []

    def view(caller: Caller, thing_id: str, query: requests.Listing) -> answers.Health:
        given.extend((caller, thing_id, query))
        return HEALTH

    call = endpoint(
        a_route(query=requests.Listing, if_match=True),
        view,
        lambda: FakeRequest(query_params=MultiDict({"limit": ["7"]})),
    )
    call(thing_id="one")
    assert given == [ANN, "one", requests.Listing(limit=7)]


def test_a_view_is_given_the_body_that_its_route_describes() -> None:
    def view(caller: Caller, body: requests.ImportRequest) -> answers.Health:
        assert body == requests.ImportRequest(prefix="uploads/ann/")
        return HEALTH

    asked = FakeRequest(raw_body=b'{"prefix": "uploads/ann/"}')
    endpoint(a_route(body=requests.ImportRequest), view, lambda: asked)(thing_id="one")


def test_an_open_route_asks_for_no_caller() -> None:
    route = a_route(scope=None)
    response = endpoint(route, lambda: HEALTH, lambda: FakeRequest(context={}))(thing_id="one")
    assert response.status_code == 200


def test_a_view_that_names_what_its_route_does_not_give_is_not_registered() -> None:
    def view(caller: Caller, body: object) -> answers.Health:
        raise AssertionError("never called")

    with pytest.raises(TypeError, match=r"does not give its view body$"):
        endpoint(a_route(), view, FakeRequest)
    with pytest.raises(TypeError, match="body, caller"):
        endpoint(a_route(scope=None), view, FakeRequest)


def test_neither_view_nor_models_are_reached_without_the_scope() -> None:
    def view() -> answers.Health:
        raise AssertionError("never called")

    call = endpoint(
        a_route(Scope.ADMIN, body=requests.NewImage, if_match=True),
        view,
        lambda: FakeRequest(raw_body=b"no json", headers={"if-match": "nonsense"}),
    )
    with pytest.raises(Forbidden, match="'admin'"):
        call(thing_id="one")


def test_a_body_that_is_missing_lacks_its_fields() -> None:
    call = endpoint(a_route(body=requests.ImportRequest), lambda: HEALTH, FakeRequest)
    with pytest.raises(InvalidRequest) as raised:
        call(thing_id="one")
    assert raised.value.field == "prefix"


def test_parameters_are_checked_where_the_route_has_a_model_of_them() -> None:
    asked = FakeRequest(query_params=MultiDict({"nonsense": ["1"]}))
    endpoint(a_route(), lambda: HEALTH, lambda: asked)(thing_id="one")
    checked = endpoint(a_route(query=requests.NoParameters), lambda: HEALTH, lambda: asked)
    with pytest.raises(InvalidRequest):
        checked(thing_id="one")


def test_a_parameter_that_is_given_twice_is_refused_and_named() -> None:
    asked = FakeRequest(query_params=MultiDict({"cursor": ["a"], "limit": ["7", "8"]}))
    call = endpoint(a_route(query=requests.Listing), lambda: HEALTH, lambda: asked)
    with pytest.raises(InvalidField) as raised:
        call(thing_id="one")
    assert raised.value.field == "limit"


@pytest.mark.parametrize(
    ("headers", "revision"),
    [
        ({}, None),
        ({"if-match": "*"}, None),
        ({"if-match": '"12"'}, 12),
        ({"if-match": ' "12" '}, 12),
        ({"if-match": "0"}, 0),
        ({"if-match": '"' + "9" * 15 + '"'}, 10**15 - 1),
    ],
)
def test_if_match_names_a_revision(headers: dict[str, str], revision: int | None) -> None:
    given: list[int | None] = []

    def view(revision: int | None) -> answers.Health:
        given.append(revision)
        return HEALTH

    endpoint(a_route(if_match=True), view, lambda: FakeRequest(headers=headers))(thing_id="one")
    assert given == [revision]


@pytest.mark.parametrize("header", ['W/"1"', '"-1"', '"1", "2"', "x", "", '"X1X"', "²", "9" * 16])
def test_if_match_that_is_no_etag_is_refused_by_its_name(header: str) -> None:
    call = endpoint(
        a_route(if_match=True), lambda: HEALTH, lambda: FakeRequest(headers={"if-match": header})
    )
    with pytest.raises(InvalidField) as raised:
        call(thing_id="one")
    assert str(raised.value) == ("If-Match: must be the ETag of the photograph, a number in quotes")


def test_an_answer_has_its_routes_status_and_stays_in_no_cache() -> None:
    response = endpoint(a_route(status=202), lambda: HEALTH, FakeRequest)(thing_id="one")
    assert (response.status_code, response.body) == (202, HEALTH.model_dump_json())
    assert response.headers == {"Content-Type": "application/json", "Cache-Control": "no-store"}


def test_an_answer_with_a_revision_has_an_etag() -> None:
    class Revised(answers.Health):
        @property
        def etag(self) -> str:
            return '"7"'

    revised = Revised(status="ok", version="1")
    response = endpoint(a_route(), lambda: revised, FakeRequest)(thing_id="one")
    assert response.headers["ETag"] == '"7"'


def test_an_answer_of_another_model_is_never_sent() -> None:
    wrong = answers.ImageList(items=[], cursor=None)
    call = endpoint(a_route(), lambda: wrong, FakeRequest)
    with pytest.raises(TypeError, match="answers with ImageList"):
        call(thing_id="one")


def test_a_file_is_sent_as_it_is_and_nothing_is_an_empty_answer() -> None:
    file = Response(body="body { }", status_code=200)
    route = Route("DELETE", "/things", "Delete things", Scope.WRITE, None, 204)
    assert endpoint(route, lambda: file, FakeRequest)() is file
    nothing = endpoint(route, lambda: None, FakeRequest)()
    assert (nothing.status_code, nothing.body) == (204, "")


def test_a_route_that_the_table_lacks_cannot_be_registered() -> None:
    assert route_of("GET", "/images/{image_id}").parameters == ["image_id"]
    with pytest.raises(KeyError):
        route_of("PUT", "/images")
