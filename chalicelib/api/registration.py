"""What stands between the framework and a view: the route's scope, models and status.

A view is called after the route's scope and models were checked, with those of these that it
names: ``caller``, ``body``, ``query``, ``revision`` (of ``If-Match``), ``idempotency_key`` and the
path's parameters.
"""

import json
import re
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, get_origin

from chalice.app import MultiDict, Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib.access import Caller, Scope
from chalicelib.api.answers import Answer
from chalicelib.api.problems import InvalidRequest
from chalicelib.api.routes import Route
from chalicelib.errors import InvalidField

IF_MATCH = r'^(?:\*|"?([0-9]{1,15})"?)$'
_KEY = re.compile(r"[ -~]{1,255}")
View = Callable[..., BaseModel | Response | None]


def context_of(caller: Caller) -> dict[str, str]:
    """Return what the authorizer tells the function of a caller."""
    return {"owner": caller.owner, "scopes": ",".join(sorted(caller.scopes))}


def caller_of(context: Mapping[str, str]) -> Caller:
    """Return the caller that the authorizer told of (`context_of`)."""
    scopes = filter(None, context["scopes"].split(","))
    return Caller(context["owner"], frozenset(map(Scope, scopes)))


class Endpoint:
    """A route with its view.

    Raises
    ------
    TypeError
        The view names what the route does not give.
    """

    def __init__(self, route: Route, view: View) -> None:
        self._route = route
        self._named = signature(view).parameters.keys()
        if unknown := self._named - _available(route):
            raise TypeError(f"{route.name} does not give its view {', '.join(sorted(unknown))}")

    def arguments(self, request: Request, in_path: Mapping[str, str]) -> dict[str, Any]:
        """Return what the view is called with.

        Raises
        ------
        Forbidden
            The token lacks the scope; before anything else.
        InvalidField
            The request does not fit the route's models.
        """
        given: dict[str, Any] = dict(in_path)
        if self._route.scope is not None:
            given["caller"] = caller_of(request.context["authorizer"])
            given["caller"].require(self._route.scope)
        try:
            if self._route.body is not None:
                given["body"] = _body(self._route.body, request.raw_body or b"{}")
            if self._route.query is not None:
                parameters = _parameters(self._route.query, request.query_params)
                given["query"] = self._route.query.model_validate(parameters)
        except ValidationError as error:
            raise InvalidRequest(error) from None
        if self._route.if_match:
            given["revision"] = _revision(request.headers.get("if-match", "*"))
        if self._route.idempotency_key:
            given["idempotency_key"] = _idempotency_key(request.headers.get("idempotency-key"))
        return {name: given[name] for name in self._named}

    def response(self, answer: BaseModel | Response | None) -> Response:
        """Return the response to what the view returned."""
        if isinstance(answer, Response):
            return answer
        if self._route.answer is None:
            return Response(body="", status_code=self._route.status)
        if not isinstance(answer, self._route.answer):
            raise TypeError(f"{self._route.name} answers with {type(answer).__name__}")
        # No cache keeps an answer.
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        if isinstance(answer, Answer) and answer.etag is not None:
            headers["ETag"] = answer.etag
        status = self._route.status
        if self._route.other_status and isinstance(answer, Answer) and not answer.is_new:
            status = self._route.other_status
        return Response(answer.model_dump_json(), headers, status)


def _available(route: Route) -> set[str]:
    parts = {
        "caller": route.scope is not None,
        "body": route.body is not None,
        "query": route.query is not None,
        "revision": route.if_match,
        "idempotency_key": route.idempotency_key,
    }
    return {name for name, is_given in parts.items() if is_given} | set(route.parameters)


def _body(model: type[BaseModel], raw: bytes) -> BaseModel:
    """Return a body: strictly, since a number is no text in JSON, and true no number."""
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as invalid:
        if invalid.errors(include_input=False)[0]["type"] != "json_invalid":
            raise
        # Half of a surrogate pair is no text, but JSON can write it: read so, its field is named.
        try:
            document = json.loads(raw.decode())  # as bytes, UTF-16 would be taken too
        except (ValueError, RecursionError):
            raise invalid from None
    return model.model_validate(document)


def _parameters(model: type[BaseModel], parameters: MultiDict | None) -> dict[str, str]:
    """Return each parameter's value; of a list's all, as commas would separate them."""
    given = {} if parameters is None else {name: parameters.getlist(name) for name in parameters}
    for name, values in given.items():
        field = model.model_fields.get(name)
        if len(values) > 1 and (field is None or get_origin(field.annotation) is not list):
            raise InvalidField(name, "must be given once")
    return {name: ",".join(values) for name, values in given.items()}


def _revision(if_match: str) -> int | None:
    given = re.fullmatch(IF_MATCH, if_match.strip())
    if given is None:
        raise InvalidField("If-Match", "must be the ETag of the photograph, a number in quotes")
    return int(given[1]) if given[1] else None


def _idempotency_key(given: str | None) -> str | None:
    """Return the key: at most 255 characters, as elsewhere.

    https://docs.stripe.com/api/idempotent_requests
    https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
    """
    if given is None or _KEY.fullmatch(given):
        return given
    raise InvalidField("Idempotency-Key", "must be 1 to 255 printable characters of ASCII")
