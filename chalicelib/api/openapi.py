"""The API's OpenAPI 3.1 document, made from the models that validate and answer."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.access import Scope
from chalicelib.api import answers, queries, requests, search_answers, tokens

VERSION = "0.1.0"
_REFERENCE = "#/components/schemas/{model}"
_ID = {"name": "image_id", "in": "path", "required": True, "schema": {"type": "string"}}
_IMPORT_ID = _ID | {"name": "import_id"}
_TOKEN_ID = _ID | {"name": "token_id"}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The revision that was read (its ETag); without it the last writer wins.",
    "schema": {"type": "string"},
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route; `scope` None needs no token."""

    method: str
    path: str
    summary: str
    scope: Scope | None
    answer: type[BaseModel] | None
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    parameters: tuple[dict[str, Any], ...] = ()


_R, _W, _A = Scope.READ, Scope.WRITE, Scope.ADMIN
OPERATIONS = (
    Operation("GET", "/health", "Tell whether the API answers", None, answers.Health),
    Operation("GET", "/openapi.json", "This document", _R, None),
    Operation(
        "POST",
        "/images",
        "Enter a photograph and get the form that uploads its file",
        _W,
        answers.CreatedImage,
        201,
        body=requests.NewImage,
    ),
    Operation(
        "GET",
        "/images",
        "List photographs, newest first",
        _R,
        answers.ImageList,
        query=requests.Listing,
    ),
    Operation(
        "GET", "/images/{image_id}", "One photograph", _R, answers.ImageAnswer, parameters=(_ID,)
    ),
    Operation(
        "PATCH",
        "/images/{image_id}",
        "Change a photograph's caption or attributes",
        _W,
        answers.ImageAnswer,
        body=requests.ImageEdit,
        parameters=(_ID, _IF_MATCH),
    ),
    Operation(
        "DELETE",
        "/images/{image_id}",
        "Delete a photograph, its files too",
        _W,
        None,
        204,
        parameters=(_ID, _IF_MATCH),
    ),
    Operation(
        "GET",
        "/images/{image_id}/similar",
        "Photographs that look like this one, or like a part of it",
        _R,
        search_answers.SearchAnswer,
        query=queries.SimilarQuery,
        parameters=(_ID,),
    ),
    Operation(
        "GET",
        "/search",
        "Search by words, by one subject with its colours, actions and places, by filters",
        _R,
        search_answers.SearchAnswer,
        query=queries.SearchParameters,
    ),
    Operation(
        "POST",
        "/search",
        "The same as a document, for nested attribute clauses",
        _R,
        search_answers.SearchAnswer,
        body=queries.SearchDocument,
    ),
    Operation(
        "POST",
        "/search/image",
        "Search by an image or a part of it",
        _R,
        search_answers.SearchAnswer,
        body=queries.ImageSearch,
    ),
    Operation(
        "GET",
        "/suggest",
        "What the last word of a text may become, from what is there",
        _R,
        search_answers.Suggestions,
        query=queries.SuggestParameters,
    ),
    Operation("GET", "/stats", "Counts of what may be seen", _R, answers.Stats),
    Operation(
        "POST",
        "/rebuild",
        "Send a page of the bucket through the captioner again",
        _A,
        answers.RebuildAnswer,
        202,
        body=requests.RebuildRequest,
    ),
    Operation(
        "POST",
        "/reindex",
        "Rebuild the search index from the catalogue, or go back to the one before",
        _A,
        answers.ReindexAnswer,
        202,
        body=requests.ReindexRequest,
    ),
    Operation("GET", "/reindex", "How the newest re-index stands", _A, answers.ReindexAnswer),
    Operation(
        "POST",
        "/recaption",
        "Caption photographs again with the current model",
        _W,
        answers.RebuildAnswer,
        202,
        body=requests.RecaptionRequest,
    ),
    Operation(
        "POST",
        "/imports",
        "Apply a folder's descriptions.txt to its photographs",
        _W,
        answers.ImportAnswer,
        202,
        body=requests.ImportRequest,
    ),
    Operation(
        "GET",
        "/imports/{import_id}",
        "How an import stands, line by line",
        _R,
        answers.ImportAnswer,
        parameters=(_IMPORT_ID,),
    ),
    Operation(
        "POST",
        "/tokens",
        "Make a token, which is shown this once",
        _A,
        tokens.CreatedToken,
        201,
        body=tokens.NewToken,
    ),
    Operation("GET", "/tokens", "What is known of every token", _A, tokens.TokenList),
    Operation(
        "DELETE",
        "/tokens/{token_id}",
        "Revoke a token, which warm functions forget within seconds",
        _A,
        None,
        204,
        parameters=(_TOKEN_ID,),
    ),
)


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
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
    bodies = [(o.body, "validation") for o in OPERATIONS if o.body]
    answered = [(o.answer, "serialization") for o in OPERATIONS if o.answer]
    wanted: Any = [*bodies, *answered, (answers.Problem, "serialization")]
    _, whole = models_json_schema(wanted, ref_template=_REFERENCE)
    schemas: dict[str, Any] = whole["$defs"]
    return schemas


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": f"{operation.method.lower()}{_camel(operation.path)}",
        "security": [] if operation.scope is None else [{"token": []}],
        "parameters": [*operation.parameters, *_query_parameters(operation.query)],
        "responses": _responses(operation),
    }
    if operation.scope is not None:
        described["description"] = f"Needs the scope `{operation.scope.value}`."
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "As asked"}
    if operation.answer is not None:
        good["content"] = _content(operation.answer)
    elif operation.status == 200:
        good["content"] = {"application/json": {"schema": {"type": "object"}}}
    problem = {
        "description": "A problem document (RFC 9457) says what was wrong",
        "content": {"application/problem+json": _schema(answers.Problem)},
    }
    return {str(operation.status): good, "default": problem}


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
