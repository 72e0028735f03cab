"""Errors as RFC 9457 problem documents."""

import re
from collections.abc import Sequence
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


def problem_of_fields(error: ValidationError) -> Response:
    """Return the answer for a request whose fields are wrong, all of them named."""
    found = [
        FieldProblem(field=_path(entry["loc"]), detail=_PREFIXES.sub("", entry["msg"]))
        for entry in error.errors(include_url=False, include_context=False, include_input=False)
    ][:MAX_ERRORS]
    first = found[0]
    detail = f"{first.field}: {first.detail}"
    whole = _problem(400, InvalidField.title, detail, first.field)
    return _response(whole.model_copy(update={"errors": found}), {})


def internal_problem() -> Response:
    """Return the answer for an error nobody expected; what it was is in the log only."""
    detail = "Something went wrong here; it has been logged."
    return _response(_problem(500, ImageRepoError.title, detail, None), {})


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
