"""API Gateway in front of the API in this process: what it answers itself, it answers here too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any
from urllib.parse import quote

from chalice import Chalice
from chalice.config import Config
from chalice.local import (
    ForbiddenError,
    LocalGateway,
    LocalGatewayAuthorizer,
    NotAuthorizedError,
    RouteMatcher,
)

from infra.gateway import gateway_responses


@dataclass(frozen=True)
class Answered:
    """What a client of API Gateway gets."""

    status: int
    headers: dict[str, str]
    body: bytes


class _AuthorizerFailed(Exception):
    pass


class _Authorizer(LocalGatewayAuthorizer):  # type: ignore[misc]  # Chalice ships no types
    def authorize(self, *request: Any) -> Any:
        try:
            return super().authorize(*request)
        except (ForbiddenError, NotAuthorizedError):
            raise
        except Exception as error:
            raise _AuthorizerFailed from error


class Gateway:
    """Routes, asks the authorizer and calls the function, as Chalice does on one's own machine.

    What is refused before the function is answered with the deployment's gateway responses:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    """

    def __init__(self, app: Chalice) -> None:
        self._app = app
        self._gateway = LocalGateway(app, Config(config_from_disk={"stages": {"dev": {}}}))
        self._gateway._authorizer = _Authorizer(app)
        self._routes = RouteMatcher(list(app.routes))

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Answer a request; ``path`` has the query, too."""
        if not self._has(method, path):
            return _refusal("MISSING_AUTHENTICATION_TOKEN")
        try:
            answer = self._gateway.handle_request(method, path, dict(headers), body)
        except NotAuthorizedError:
            return _refusal("UNAUTHORIZED")
        except ForbiddenError:
            return _refusal("ACCESS_DENIED")
        except _AuthorizerFailed:
            return _refusal("AUTHORIZER_FAILURE")
        told = {name: values[-1] for name, values in answer["multiValueHeaders"].items()}
        content = answer["body"] if isinstance(answer["body"], bytes) else answer["body"].encode()
        return Answered(answer["statusCode"], {**answer["headers"], **told}, content)

    def _has(self, method: str, path: str) -> bool:
        try:
            route = self._routes.match_route(path).route
        except ValueError:
            return False
        return method in self._app.routes[route]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as a WSGI application (PEP 3333)."""
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~")
        query = environ.get("QUERY_STRING")
        sent = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value)
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        target = f"{path}?{query}" if query else path
        told = self.answer(environ["REQUEST_METHOD"], target, sent, body)
        start_response(f"{told.status} {responses[told.status]}", [*told.headers.items()])
        return [told.body]


def _refusal(kind: str) -> Answered:
    told = gateway_responses(())[kind]
    headers = {
        name: value.strip("'") for name, value in told["ResponseParameters"]["Headers"].items()
    }
    body = told["ResponseTemplates"]["application/json"].encode()
    return Answered(told["StatusCode"], headers, body)
