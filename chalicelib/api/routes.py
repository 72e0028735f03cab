"""The table of routes: the one statement of their scopes and of what they take and answer.

``app.py`` registers every route from it, `registration` enforces it, `openapi` describes it.
"""

import re
from dataclasses import dataclass

from pydantic import BaseModel

from chalicelib.access import Scope
from chalicelib.api import answers, queries, requests, tokens

_PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path; where that is GET, HEAD is answered too, and OPTIONS of any path.

    Attributes
    ----------
    scope
        What a token must be good for; None needs no token.
    answer
        Model of the answer; None where a file, a document or nothing is answered.
    status, other_status
        Of the answer, and of one that is not new (`answers.Answer.is_new`), where the two differ.
    body, query
        Models of the JSON body and of the query parameters; where ``query`` is None, parameters
        are ignored.
    idempotency_key
        Whether the request may name itself in ``Idempotency-Key``, so as to be sent again.
    if_match
        Whether the request may name a revision in ``If-Match``.
    is_documented
        Whether the OpenAPI document describes it.
    """

    method: str
    path: str
    summary: str
    scope: Scope | None
    answer: type[BaseModel] | None
    status: int = 200
    other_status: int | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    if_match: bool = False
    idempotency_key: bool = False
    is_documented: bool = True

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        """Names of the path's parameters."""
        return _PARAMETER.findall(self.path)


_R, _W, _A = Scope.READ, Scope.WRITE, Scope.ADMIN
ROUTES = (
    Route("GET", "/", "The gallery", None, None, is_documented=False),
    Route(
        "GET",
        "/gallery/{release}/{name}",
        "A file of the gallery",
        None,
        None,
        is_documented=False,
    ),
    Route("GET", "/health", "Tell whether the API answers", None, answers.Health),
    Route("GET", "/openapi.json", "This document", None, None),
    Route("GET", "/auth", "How to sign in", None, answers.SigningIn),
    Route(
        "POST",
        "/images",
        "Enter a photograph and get the form that uploads its file",
        _W,
        answers.EnteredImage,
        201,
        other_status=200,
        body=requests.NewImage,
        idempotency_key=True,
    ),
    Route(
        "GET",
        "/images",
        "List photographs, newest first",
        _R,
        answers.ImageList,
        query=requests.Listing,
    ),
    Route(
        "GET",
        "/images/{image_id}",
        "One photograph",
        _R,
        answers.ImageAnswer,
        query=requests.NoParameters,
    ),
    Route(
        "PATCH",
        "/images/{image_id}",
        "Change a photograph's caption, attributes, keywords or albums",
        _W,
        answers.ImageAnswer,
        body=requests.ImageEdit,
        if_match=True,
    ),
    Route(
        "DELETE",
        "/images/{image_id}",
        "Move a photograph to the trash, or delete it for good, its files too",
        _W,
        None,
        204,
        query=requests.Deletion,
        if_match=True,
    ),
    Route(
        "POST",
        "/images/{image_id}/restore",
        "Take a photograph out of the trash",
        _W,
        answers.ImageAnswer,
    ),
    Route(
        "GET",
        "/trash",
        "List the photographs in the trash, latest trashed first",
        _R,
        answers.ImageList,
        query=requests.TrashListing,
    ),
    Route(
        "GET",
        "/images/{image_id}/similar",
        "Photographs that look like this one, or like a part of it",
        _R,
        answers.SearchAnswer,
        query=queries.SimilarQuery,
    ),
    Route(
        "GET",
        "/images/{image_id}/attention",
        "Where the model looks for each word of the caption and its alternatives",
        _R,
        answers.AttentionAnswer,
        query=requests.NoParameters,
    ),
    Route(
        "GET",
        "/duplicates",
        "Groups of photographs that look the same, page by page",
        _R,
        answers.DuplicatesAnswer,
        query=queries.DuplicatesQuery,
    ),
    Route(
        "GET",
        "/search",
        "Search by words, by one subject with its colours, actions and places, by filters",
        _R,
        answers.SearchAnswer,
        query=queries.SearchParameters,
    ),
    Route(
        "POST",
        "/search",
        "The same as a document, for nested attribute clauses",
        _R,
        answers.SearchAnswer,
        body=queries.SearchDocument,
    ),
    Route(
        "POST",
        "/search/image",
        "Search by an image or a part of it",
        _R,
        answers.SearchAnswer,
        body=queries.ImageSearch,
    ),
    Route(
        "GET",
        "/suggest",
        "What the last word of a text may become, from what is there",
        _R,
        answers.Suggestions,
        query=queries.SuggestParameters,
    ),
    Route(
        "GET",
        "/stats",
        "Counts of what may be seen",
        _R,
        answers.Stats,
        query=requests.NoParameters,
    ),
    Route(
        "POST",
        "/rebuild",
        "Send a page of the bucket through the captioner again",
        _A,
        answers.RebuildAnswer,
        202,
        body=requests.RebuildRequest,
    ),
    Route(
        "POST",
        "/reindex",
        "Rebuild the search index from the catalogue, or go back to the one before",
        _A,
        answers.ReindexAnswer,
        202,
        body=requests.ReindexRequest,
    ),
    Route(
        "GET",
        "/reindex",
        "How the newest re-index stands",
        _A,
        answers.ReindexAnswer,
        query=requests.NoParameters,
    ),
    Route(
        "POST",
        "/reconcile",
        "Compare catalogue, bucket, index and counts, and mend what differs",
        _A,
        answers.ReconcileAnswer,
        202,
        body=requests.ReconcileRequest,
    ),
    Route(
        "GET",
        "/reconcile",
        "What the newest pass of the reconciler found and repaired",
        _A,
        answers.ReconcileAnswer,
        query=requests.NoParameters,
    ),
    Route(
        "POST",
        "/recaption",
        "Caption photographs again with the current model",
        _W,
        answers.RebuildAnswer,
        202,
        body=requests.RecaptionRequest,
    ),
    Route(
        "POST",
        "/imports",
        "Apply a folder's file of captions to its photographs",
        _W,
        answers.ImportAnswer,
        202,
        body=requests.ImportRequest,
    ),
    Route(
        "GET",
        "/imports/{import_id}",
        "How an import stands, line by line",
        _R,
        answers.ImportAnswer,
        query=requests.NoParameters,
    ),
    Route(
        "POST",
        "/tokens",
        "Make a token, which is shown this once",
        _A,
        tokens.CreatedToken,
        201,
        body=tokens.NewToken,
    ),
    Route(
        "GET",
        "/tokens",
        "What is known of every token",
        _A,
        tokens.TokenList,
        query=requests.NoParameters,
    ),
    Route(
        "DELETE",
        "/tokens/{token_id}",
        "Revoke a token, which warm functions forget within seconds",
        _A,
        None,
        204,
    ),
)
_BY_NAME = {route.name: route for route in ROUTES}


PATHS = tuple(dict.fromkeys(route.path for route in ROUTES))


def methods_of(path: str) -> list[str]:
    """Return what a path of the table answers."""
    named = [route.method for route in ROUTES if route.path == path]
    return [*named, *(["HEAD"] if "GET" in named else []), "OPTIONS"]


def route_of(method: str, path: str) -> Route:
    """Return a route of the table.

    Raises
    ------
    KeyError
        The table has none.
    """
    return _BY_NAME[f"{method} {path}"]
