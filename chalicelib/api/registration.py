"""What stands between the framework and a view: the route's scope, models and status.

A view is called after the route's scope and models were checked, with those of these that it
names: ``caller``, ``body``, ``query``, ``revision`` (of ``If-Match``) and the path's parameters.
"""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, Protocol

from chalice.app import MultiDict, Response
from pydantic import BaseModel

from chalicelib.access import Caller, Scope
from chalicelib.api.answers import Answer
from chalicelib.api.problems import request_validation
from chalicelib.api.routes import Route
from chalicelib.errors import InvalidField

View = Callable[..., BaseModel | Response | None]


class CurrentRequest(Protocol):
    """What is read of the framework's request."""

    @property
    def context(self) -> Mapping[str, Any]:
        """What API Gateway knows of it; ``authorizer`` is what the authorizer told."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers, whatever their case."""

    @property
    def query_params(self) -> MultiDict | None:
        """Its query parameters, each with all values it was given."""

    @property
    def raw_body(self) -> bytes:
        """Its body."""


def context_of(caller: Caller) -> dict[str, str]:
    """Return what the authorizer tells the function of a caller."""
    return {"owner": caller.owner, "scopes": ",".join(sorted(caller.scopes))}


def caller_of(context: Mapping[str, str]) -> Caller:
    """Return the caller that the authorizer told of (`context_of`)."""
    scopes = filter(None, context["scopes"].split(","))
    return Caller(context["owner"], frozenset(map(Scope, scopes)))


def endpoint(
    route: Route, view: View, current: Callable[[], CurrentRequest]
) -> Callable[..., Response]:
    """Return what the framework calls for a route.

    Parameters
    ----------
    current
        Returns the request that is being answered.

    Returns
    -------
    Callable[..., Response]
        Raises ``Forbidden`` before anything else where the token lacks the scope, and
        ``InvalidField`` where the request does not fit the route's models.

    Raises
    ------
    TypeError
        The view names what the route does not give.
    """
    named = set(signature(view).parameters)
    if unknown := named - _available(route):
        raise TypeError(f"{route.name} does not give its view {', '.join(sorted(unknown))}")

    def call(**parameters: str) -> Response:
        request = current()
        authorized = {} if route.scope is None else {"caller": _authorized(request, route.scope)}
        given = {**parameters, **authorized, **_inputs(request, route)}
        return _response(route, view(**{name: given[name] for name in named}))

    return call


def _available(route: Route) -> set[str]:
    parts = {
        "caller": route.scope is not None,
        "body": route.body is not None,
        "query": route.query is not None,
        "revision": route.if_match,
    }
    return {name for name, is_given in parts.items() if is_given} | set(route.parameters)


def _authorized(request: CurrentRequest, scope: Scope) -> Caller:
    caller = caller_of(request.context["authorizer"])
    caller.require(scope)
    return caller


def _inputs(request: CurrentRequest, route: Route) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    with request_validation():
        if route.body is not None:
            inputs["body"] = route.body.model_validate_json(request.raw_body or b"{}")
        if route.query is not None:
            inputs["query"] = route.query.model_validate(_each_once(request.query_params))
    if route.if_match:
        inputs["revision"] = _revision(request.headers.get("if-match", "*"))
    return inputs


def _each_once(parameters: MultiDict | None) -> dict[str, str]:
    given = {} if parameters is None else {name: parameters.getlist(name) for name in parameters}
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidField(name, "must be given once")
    return {name: value for name, (value,) in given.items()}


def _revision(if_match: str) -> int | None:
    given = if_match.strip().strip('"')
    if given == "*":
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise InvalidField("If-Match", "must be the ETag of the photograph, a number in quotes")
    return int(given)


def _response(route: Route, answer: BaseModel | Response | None) -> Response:
    if isinstance(answer, Response):
        return answer
    if route.answer is None:
        return Response(body="", status_code=route.status)
    if not isinstance(answer, route.answer):
        raise TypeError(f"{route.name} answers with {type(answer).__name__}")
    # No cache keeps an answer.
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if isinstance(answer, Answer) and answer.etag is not None:
        headers["ETag"] = answer.etag
    return Response(body=answer.model_dump_json(), status_code=route.status, headers=headers)
