"""Errors as RFC 9457 problem documents."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chalice.app import Response
from pydantic import ValidationError

from chalicelib.api.answers import FieldProblem, Problem
from chalicelib.errors import ImageRepoError, InvalidField, Unavailable

PROBLEM_JSON = "application/problem+json"
# Names of a union's branches, which are ours and not the client's.
_BRANCHES = frozenset({"group", "clause"})
_PREFIXES = re.compile(r"^(Value error|Assertion failed), ")
MAX_ERRORS = 20


def problem_of(error: ImageRepoError) -> Response:
    """Return the answer for an error of the tree."""
    field = error.field if isinstance(error, InvalidField) else None
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable) else {}
    return _response(_problem(error.status, error.title, error.detail, field), headers)


class InvalidRequest(InvalidField):
    """Fields of a request are wrong: the first of them as `InvalidField` has it, and all."""

    def __init__(self, errors: Sequence[FieldProblem]) -> None:
        super().__init__(errors[0].field, errors[0].detail)
        self.errors = errors


@contextmanager
def request_validation() -> Iterator[None]:
    """Turn pydantic's errors about a request into `InvalidRequest`; those about answers stay.

    Raises
    ------
    InvalidRequest
        What is validated inside does not fit.
    """
    try:
        yield
    except ValidationError as error:
        raise InvalidRequest(_field_problems(error)) from None


def problem_of_fields(error: InvalidRequest) -> Response:
    """Return the answer for a request whose fields are wrong, all of them named."""
    whole = _problem(error.status, error.title, error.detail, error.field)
    return _response(whole.model_copy(update={"errors": error.errors}), {})


def internal_problem() -> Response:
    """Return the answer for an error nobody expected; what it was is in the log only."""
    detail = "Something went wrong here; it has been logged."
    return _response(_problem(500, ImageRepoError.title, detail, None), {})


def _field_problems(error: ValidationError) -> list[FieldProblem]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        FieldProblem(field=_path(entry["loc"]), detail=_PREFIXES.sub("", entry["msg"]))
        for entry in found[:MAX_ERRORS]
    ]


def _problem(status: int, title: str, detail: str, field: str | None) -> Problem:
    return Problem(type="about:blank", title=title, status=status, detail=detail, field=field)


def _response(problem: Problem, headers: dict[str, str]) -> Response:
    return Response(
        body=problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        headers={"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store", **headers},
    )


def _path(location: Sequence[Any]) -> str:
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in _BRANCHES:
            path += f".{part}" if path else str(part)
    return path or "body"
