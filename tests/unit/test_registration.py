"""What stands between a request and its view: scope first, then models, then the answer."""

from typing import Any

import pytest
from chalice.app import Request, Response

from chalicelib.access import Caller, Scope
from chalicelib.api import answers, requests
from chalicelib.api.problems import InvalidRequest
from chalicelib.api.queries import SearchParameters
from chalicelib.api.registration import Endpoint, View, caller_of, context_of
from chalicelib.api.routes import Route, methods_of, route_of
from chalicelib.errors import Forbidden, InvalidField

ANN = Caller("ann", frozenset({Scope.READ, Scope.WRITE}))
HEALTH = answers.Health(status="ok", version="1")


def a_request(
    headers: dict[str, str] | None = None,
    query: dict[str, list[str]] | None = None,
    body: str = "",
    authorizer: dict[str, str] | None = None,
) -> Request:
    context = {"httpMethod": "GET", "resourcePath": "/things/{thing_id}"}
    return Request(
        {
            "headers": headers or {},
            "multiValueQueryStringParameters": query,
            "pathParameters": None,
            "stageVariables": None,
            "body": body,
            "requestContext": context | {"authorizer": authorizer or context_of(ANN)},
        }
    )


def call(route: Route, view: View, request: Request | None = None) -> Response:
    endpoint = Endpoint(route, view)
    in_path = dict.fromkeys(route.parameters, "one")
    return endpoint.response(view(**endpoint.arguments(request or a_request(), in_path)))


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

    call(a_route(query=requests.Listing, if_match=True), view, a_request(query={"limit": ["7"]}))
    assert given == [ANN, "one", requests.Listing(limit=7)]


def test_a_view_is_given_the_body_that_its_route_describes() -> None:
    def view(caller: Caller, body: requests.ImportRequest) -> answers.Health:
        assert body == requests.ImportRequest(prefix="uploads/ann/")
        return HEALTH

    asked = a_request(body='{"prefix": "uploads/ann/"}')
    call(a_route(body=requests.ImportRequest), view, asked)


def test_an_open_route_asks_for_no_caller() -> None:
    unauthorized = a_request()
    del unauthorized.context["authorizer"]
    assert call(a_route(scope=None), lambda: HEALTH, unauthorized).status_code == 200


def test_a_view_that_names_what_its_route_does_not_give_is_not_registered() -> None:
    def view(caller: Caller, body: object) -> answers.Health:
        raise AssertionError("never called")

    with pytest.raises(TypeError, match=r"does not give its view body$"):
        Endpoint(a_route(), view)
    with pytest.raises(TypeError, match="body, caller"):
        Endpoint(a_route(scope=None), view)


def test_neither_view_nor_models_are_reached_without_the_scope() -> None:
    def view() -> answers.Health:
        raise AssertionError("never called")

    route = a_route(Scope.ADMIN, body=requests.NewImage, if_match=True)
    with pytest.raises(Forbidden, match="'admin'"):
        call(route, view, a_request(body="no json", headers={"if-match": "nonsense"}))


def test_a_body_that_is_missing_lacks_its_fields() -> None:
    with pytest.raises(InvalidRequest) as raised:
        call(a_route(body=requests.ImportRequest), lambda: HEALTH)
    assert raised.value.field == "prefix"


def test_parameters_are_checked_where_the_route_has_a_model_of_them() -> None:
    asked = a_request(query={"nonsense": ["1"]})
    call(a_route(), lambda: HEALTH, asked)
    with pytest.raises(InvalidRequest):
        call(a_route(query=requests.NoParameters), lambda: HEALTH, asked)


def test_a_list_may_be_given_in_parts() -> None:
    asked = a_request(query={"colour": ["red,blue", "black"], "q": ["a"]})
    given: dict[str, Any] = {}

    def view(query: SearchParameters) -> answers.Health:
        given.update(query.model_dump())
        return HEALTH

    call(a_route(query=SearchParameters), view, asked)
    assert given["colour"] == ["red", "blue", "black"]


def test_a_parameter_that_is_given_twice_is_refused_and_named() -> None:
    asked = a_request(query={"cursor": ["a"], "limit": ["7", "8"]})
    with pytest.raises(InvalidField) as raised:
        call(a_route(query=requests.Listing), lambda: HEALTH, asked)
    assert str(raised.value) == "limit: must be given once"


def test_a_body_is_read_strictly() -> None:
    asked = a_request(body='{"margin_minutes": "5"}')
    with pytest.raises(InvalidRequest) as raised:
        call(a_route(body=requests.ReconcileRequest), lambda: HEALTH, asked)
    assert raised.value.field == "margin_minutes"


@pytest.mark.parametrize(
    ("headers", "key"),
    [({}, None), ({"idempotency-key": "a"}, "a"), ({"idempotency-key": "~" * 255}, "~" * 255)],
)
def test_a_key_of_idempotency_is_given_as_it_came(headers: dict[str, str], key: str | None) -> None:
    given: list[str | None] = []

    def view(idempotency_key: str | None) -> answers.Health:
        given.append(idempotency_key)
        return HEALTH

    call(a_route(idempotency_key=True), view, a_request(headers))
    assert given == [key]


@pytest.mark.parametrize("header", ["", "é", "a\tb", "~" * 256])
def test_what_is_no_key_of_idempotency_is_refused_by_its_name(header: str) -> None:
    with pytest.raises(InvalidField) as raised:
        call(a_route(idempotency_key=True), lambda: HEALTH, a_request({"idempotency-key": header}))
    assert str(raised.value) == ("Idempotency-Key: must be 1 to 255 printable characters of ASCII")


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

    call(a_route(if_match=True), view, a_request(headers))
    assert given == [revision]


@pytest.mark.parametrize("header", ['W/"1"', '"-1"', '"1", "2"', "x", "", '"X1X"', "²", "9" * 16])
def test_if_match_that_is_no_etag_is_refused_by_its_name(header: str) -> None:
    with pytest.raises(InvalidField) as raised:
        call(a_route(if_match=True), lambda: HEALTH, a_request({"if-match": header}))
    assert str(raised.value) == ("If-Match: must be the ETag of the photograph, a number in quotes")


def test_an_answer_has_its_routes_status_and_stays_in_no_cache() -> None:
    response = call(a_route(status=202), lambda: HEALTH)
    assert (response.status_code, response.body) == (202, HEALTH.model_dump_json())
    assert response.headers == {"Content-Type": "application/json", "Cache-Control": "no-store"}


def test_an_answer_with_a_revision_has_an_etag() -> None:
    class Revised(answers.Health):
        @property
        def etag(self) -> str:
            return '"7"'

    revised = Revised(status="ok", version="1")
    response = call(a_route(), lambda: revised)
    assert response.headers["ETag"] == '"7"'


def test_an_answer_of_another_model_is_never_sent() -> None:
    wrong = answers.ImageList(items=[], cursor=None)
    with pytest.raises(TypeError, match="answers with ImageList"):
        call(a_route(), lambda: wrong)


def test_a_file_is_sent_as_it_is_and_nothing_is_an_empty_answer() -> None:
    file = Response(body="body { }", status_code=200)
    route = Route("DELETE", "/things", "Delete things", Scope.WRITE, None, 204)
    assert call(route, lambda: file) is file
    nothing = call(route, lambda: None)
    assert (nothing.status_code, nothing.body) == (204, "")


def test_a_route_that_the_table_lacks_cannot_be_registered() -> None:
    assert route_of("GET", "/images/{image_id}").parameters == ["image_id"]
    with pytest.raises(KeyError):
        route_of("PUT", "/images")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/images/{image_id}", ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH"]),
        ("/search/image", ["OPTIONS", "POST"]),
        ("/none", ["OPTIONS"]),
    ],
)
def test_a_path_answers_the_methods_of_its_routes_and_those_of_any(
    path: str, methods: list[str]
) -> None:
    assert sorted(methods_of(path)) == methods
