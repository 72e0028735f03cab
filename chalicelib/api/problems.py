"""Errors as RFC 9457 problem documents."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from chalice.app import Response
from pydantic import ValidationError

from chalicelib.api.answers import FieldProblem, Problem
from chalicelib.errors import ImageRepoError, InvalidField, Unavailable
from chalicelib.wording import errors_of, worded

PROBLEM_JSON = "application/problem+json"
# Names of a union's branches, which are ours and not the client's.
_BRANCHES = frozenset({"group", "clause"})
MAX_ERRORS = 20


class InvalidRequest(InvalidField):
    """Fields of a request are wrong: the first of them as `InvalidField` has it, and all."""

    def __init__(self, invalid: ValidationError) -> None:
        self.errors = [
            FieldProblem(field=_path(entry["loc"]), detail=worded(entry))
            for entry in errors_of(invalid)[:MAX_ERRORS]
        ]
        super().__init__(self.errors[0].field, self.errors[0].detail)


def problem_of(error: ImageRepoError) -> Response:
    """Return the answer for an error of the tree."""
    problem = Problem(
        type="about:blank",
        title=error.title,
        status=error.status,
        detail=error.detail,
        field=error.field if isinstance(error, InvalidField) else None,
        errors=error.errors if isinstance(error, InvalidRequest) else None,
    )
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable) else {}
    return Response(
        body=problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        headers={"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store", **headers},
    )


def reworded(response: Response) -> Response:
    """Return what Chalice refused by itself as a problem document, anything else as it is."""
    if not (isinstance(response.body, dict) and "Code" in response.body):
        return response
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(response.status_code).phrase,
        status=response.status_code,
        detail=response.body["Message"],
    )
    response.body = problem.model_dump_json(exclude_none=True)
    response.headers |= {"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store"}
    return response


def _path(location: Sequence[Any]) -> str:
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in _BRANCHES:
            path += f".{part}" if path else str(part)
    return path or "body"
