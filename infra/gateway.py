"""What API Gateway answers itself, before or instead of the API's function."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from chalicelib.api.answers import Problem
from chalicelib.api.cross_origin import READ
from chalicelib.api.problems import PROBLEM_JSON
from chalicelib.errors import Unavailable

_NO_TOKEN = "The token is missing, unknown, expired or revoked."  # noqa: S105
_FAILED = "The API failed to answer; trying again may help."
_UNCHECKED = "The token cannot be checked at the moment; trying again may help."
_SLOW = "Too many requests; try again in a moment."
_UNREADABLE = "The request cannot be read."

# What another try may change (RFC 6585, 4; RFC 9110, 10.2.3).
_PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)

# Every type that there is but the defaults, which have no status of their own, and its status,
# AWS's own but for three: who sends a wrong token is not known yet (RFC 9110, 15.5.2), what AWS
# calls a missing authentication token is a route or a method that there is not, and an authorizer
# fails where the table of tokens or the identity provider does not answer.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
RESPONSES = {
    "ACCESS_DENIED": (401, _NO_TOKEN),
    "API_CONFIGURATION_ERROR": (500, _FAILED),
    "AUTHORIZER_CONFIGURATION_ERROR": (503, _UNCHECKED),
    "AUTHORIZER_FAILURE": (503, _UNCHECKED),
    "BAD_REQUEST_BODY": (400, _UNREADABLE),
    "BAD_REQUEST_PARAMETERS": (400, _UNREADABLE),
    "EXPIRED_TOKEN": (403, "The request's signature has expired."),
    "INTEGRATION_FAILURE": (504, _FAILED),
    "INTEGRATION_TIMEOUT": (504, _FAILED),
    "INVALID_API_KEY": (403, "The API key is not known."),
    "INVALID_SIGNATURE": (403, "The request's signature is wrong."),
    "MISSING_AUTHENTICATION_TOKEN": (404, "There is no such route, or it has no such method."),
    "QUOTA_EXCEEDED": (429, _SLOW),
    "REQUEST_TOO_LARGE": (413, "The body is too large; photographs go to an upload's URL."),
    "RESOURCE_NOT_FOUND": (404, "There is no such route."),
    "THROTTLED": (429, _SLOW),
    "UNAUTHORIZED": (401, _NO_TOKEN),
    "UNSUPPORTED_MEDIA_TYPE": (415, "The body must be application/json."),
    "WAF_FILTERED": (403, "The request was refused by a firewall."),
}


def gateway_responses(origins: Sequence[str]) -> dict[str, Any]:
    """Return these as problem documents, in the form of a SAM API's ``GatewayResponses``.

    Pages of ``origins`` may read them. Of several, a fixed header can name only all or one; the
    documents tell nothing of the repository, and so all pages may read them then.
    """
    readers = origins[0] if len(origins) == 1 else "*"
    allowed = {"Access-Control-Allow-Origin": readers, "Access-Control-Expose-Headers": READ}
    shared = allowed if origins else {}
    return {kind: _response(*told, shared) for kind, told in RESPONSES.items()}


def _response(status: int, detail: str, shared: Mapping[str, str]) -> dict[str, Any]:
    problem = Problem(
        type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail
    )
    headers = {"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store", **shared}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in _PASSING:
        headers["Retry-After"] = str(Unavailable.retry_after)
    return {
        "StatusCode": status,
        "ResponseParameters": {"Headers": {name: f"'{value}'" for name, value in headers.items()}},
        "ResponseTemplates": {"application/json": problem.model_dump_json(exclude_none=True)},
    }
