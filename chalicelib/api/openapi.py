"""The API's OpenAPI 3.1 document, made from the table of routes and their models."""

from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from chalicelib.api.answers import Problem
from chalicelib.api.registration import IF_MATCH
from chalicelib.api.routes import ROUTES, Route

VERSION = "0.1.0"
_REFERENCE = "#/components/schemas/{model}"
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The revision that was read (its ETag); without it the last writer wins.",
    "schema": {"type": "string", "pattern": IF_MATCH},
}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The client's name for this request: sent again, it leads to the same record.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}

_DOCUMENTED = tuple(route for route in ROUTES if route.is_documented)


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in _DOCUMENTED:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Image Repo",
            "version": VERSION,
            "summary": "Photographs found by what is in them",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas() -> dict[str, Any]:
    bodies = [(route.body, "validation") for route in _DOCUMENTED if route.body]
    answered = [(route.answer, "serialization") for route in _DOCUMENTED if route.answer]
    wanted: Any = [*bodies, *answered, (Problem, "serialization")]
    _, whole = models_json_schema(wanted, ref_template=_REFERENCE)
    schemas: dict[str, Any] = whole["$defs"]
    return schemas


def _operation(route: Route) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()}{_camel(route.path)}",
        "security": [] if route.scope is None else [{"token": []}],
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if route.scope is not None:
        described["description"] = f"Needs the scope `{route.scope.value}`."
    if route.body is not None:
        required = not _accepts_nothing(route.body)
        described["requestBody"] = {"required": required, "content": _content(route.body)}
    return described


def _accepts_nothing(model: type[BaseModel]) -> bool:
    """Tell whether the body may be left out, which is read as one without fields."""
    try:
        model()
    except ValidationError:
        return False
    return True


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.parameters
    ]
    headers = [_IF_MATCH] if route.if_match else []
    headers += [_IDEMPOTENCY_KEY] if route.idempotency_key else []
    return [*in_path, *headers, *_query_parameters(route.query)]


def _responses(route: Route) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "As asked"}
    if route.answer is not None:
        good["content"] = _content(route.answer)
    elif route.status == 200:
        good["content"] = {"application/json": {"schema": {"type": "object"}}}
    problem = {
        "description": "A problem document (RFC 9457) says what was wrong",
        "content": {"application/problem+json": _schema(Problem)},
    }
    statuses = filter(None, (route.status, route.other_status))
    return {**{str(status): good for status in statuses}, "default": problem}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": _schema(model)}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template=_REFERENCE)
    definitions = schema.get("$defs", {})
    return [
        {"name": name, "in": "query", "style": "form", "explode": False}
        | {"schema": _inlined(field, definitions)}
        for name, field in schema["properties"].items()
    ]


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            return _inlined(definitions[part["$ref"].rsplit("/", 1)[-1]], definitions)
        return {name: _inlined(value, definitions) for name, value in part.items()}
    if isinstance(part, list):
        return [_inlined(value, definitions) for value in part]
    return part


def _camel(path: str) -> str:
    words = path.replace("{", "by_").replace("}", "").replace(".", "_").replace("/", "_").split("_")
    return "".join(word.capitalize() for word in words)
