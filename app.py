"""The HTTP API. Each route parses, calls one service and shapes the answer; nothing else."""

import json
import os
from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from urllib.parse import urlsplit

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from chalice import Chalice
from chalice.app import AuthRequest, AuthResponse, ConvertToMiddleware, Response
from pydantic import BaseModel

from chalicelib import bootstrap
from chalicelib.access import Caller, Scope
from chalicelib.api import (
    answers,
    openapi,
    pages,
    problems,
    queries,
    requests,
    search_answers,
    tokens,
)
from chalicelib.api.searching import Found
from chalicelib.errors import ImageRepoError, InvalidField
from chalicelib.images import Image

app = Chalice(app_name="image-repo")
logger = Logger(service="api")
# What the function calls with. Patched by default, every other client of X-Ray's would be imported.
tracer = Tracer(service="api", patch_modules=("botocore", "httplib"))
metrics = Metrics(namespace="ImageRepo", service="api")
# Answers hold captions and requests hold queries, which belong in no log and no trace.
app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context))
app.register_middleware(ConvertToMiddleware(tracer.capture_lambda_handler(capture_response=False)))
app.register_middleware(ConvertToMiddleware(metrics.log_metrics))

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., Response]


def repository() -> bootstrap.Repository:
    """Return what the routes work with; made once for all requests of a process."""
    return bootstrap.door.open(os.environ)


@app.authorizer(ttl_seconds=0)
def token(request: AuthRequest) -> AuthResponse:
    """Let known tokens in; which scope a route needs is the service's to say."""
    scheme, _, secret = request.token.partition(" ")
    caller = repository().tokens.caller(secret.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        return AuthResponse(routes=[], principal_id="stranger")
    scopes = ",".join(sorted(caller.scopes))
    context = {"owner": caller.owner, "scopes": scopes}
    return AuthResponse(routes=["*"], principal_id=caller.owner, context=context)


def answered(view: View) -> View:
    """Turn errors into problem documents, once for every route."""

    @wraps(view)
    def wrapper(**parameters: str) -> Response:
        try:
            response = view(**parameters)
        except problems.InvalidRequest as error:
            response = problems.problem_of_fields(error)
        except ImageRepoError as error:
            response = problems.problem_of(error)
        except Exception:
            logger.exception("unexpected error")
            response = problems.internal_problem()
        metrics.add_metric(
            name=f"Status{response.status_code // 100}xx", unit=MetricUnit.Count, value=1
        )
        return response

    return wrapper


def route(path: str, method: str) -> Callable[[View], View]:
    """Register a view that needs a token."""

    def register(view: View) -> View:
        app.route(path, methods=[method], authorizer=token, name=f"{method} {path}")(answered(view))
        return view

    return register


def caller() -> Caller:
    """Return whom the authorizer let in."""
    context = app.current_request.context["authorizer"]
    return Caller(context["owner"], frozenset(map(Scope, context["scopes"].split(","))))


def body(model: type[Model]) -> Model:
    """Return the request's JSON body, checked."""
    with problems.of_the_request():
        return model.model_validate_json(app.current_request.raw_body or b"{}")


def query(model: type[Model]) -> Model:
    """Return the request's query parameters, checked."""
    with problems.of_the_request():
        return model.model_validate(dict(app.current_request.query_params or {}))


def revision() -> int | None:
    """Return the revision ``If-Match`` names."""
    given = app.current_request.headers.get("if-match", "*").strip().strip('"')
    if given == "*":
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise InvalidField("If-Match", "must be the ETag of the photograph, a number in quotes")
    return int(given)


def answer(model: BaseModel, status: int = 200, **headers: str) -> Response:
    """Return an answer that no cache keeps."""
    return Response(
        body=model.model_dump_json(),
        status_code=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store", **headers},
    )


def one(image: Image) -> Response:
    """Answer with a record; its revision is its ETag."""
    return answer(answers.image_answer(image, repository().storage), ETag=f'"{image.rev}"')


def hits(found: Found) -> Response:
    """Answer with a page of matches."""
    return answer(search_answers.search_answer(found, repository().storage))


@app.route("/health", name="GET /health")
@answered
def health() -> Response:
    """Tell that the API answers."""
    return answer(answers.Health(status="ok", version=openapi.VERSION))


@app.route("/", name="GET /")
@answered
def index() -> Response:
    """Show the gallery."""
    return pages.page(pages.INDEX, bucket_origin())


@app.route("/gallery/{name}", name="GET /gallery/{name}")
@answered
def gallery(name: str) -> Response:
    """Serve one of the gallery's files."""
    return pages.page(name, bucket_origin())


def bucket_origin() -> str:
    """Return where presigned URLs lead."""
    parts = urlsplit(repository().storage.presigned_get("derived/x"))
    return f"{parts.scheme}://{parts.netloc}"


@route("/openapi.json", "GET")
def describe() -> Response:
    """Describe the API."""
    headers = {"Content-Type": "application/json"}
    return Response(body=json.dumps(openapi.document()), headers=headers)


@route("/images", "POST")
def add_image() -> Response:
    """Enter a photograph."""
    image, form = repository().collection.add(caller(), body(requests.NewImage))
    shown = answers.image_answer(image, repository().storage)
    upload = answers.Upload(url=form.url, fields=form.fields)
    return answer(answers.CreatedImage(image=shown, upload=upload), 201)


@route("/images", "GET")
def list_images() -> Response:
    """List photographs."""
    page = repository().collection.list(caller(), query(requests.Listing))
    items = [answers.image_answer(image, repository().storage) for image in page.items]
    return answer(answers.ImageList(items=items, cursor=page.cursor))


@route("/images/{image_id}", "GET")
def get_image(image_id: str) -> Response:
    """Show one photograph."""
    query(requests.NoParameters)
    return one(repository().collection.get(caller(), image_id))


@route("/images/{image_id}", "PATCH")
def edit_image(image_id: str) -> Response:
    """Change a caption or attributes."""
    edit = body(requests.ImageEdit)
    return one(repository().collection.edit(caller(), image_id, edit, revision()))


@route("/images/{image_id}", "DELETE")
def delete_image(image_id: str) -> Response:
    """Delete a photograph."""
    repository().collection.delete(caller(), image_id, revision())
    return Response(body="", status_code=204)


@route("/images/{image_id}/similar", "GET")
def similar_images(image_id: str) -> Response:
    """Find what looks like a photograph."""
    asked = query(queries.SimilarQuery)
    return hits(repository().searching.similar(caller(), image_id, asked))


@route("/search", "GET")
def search() -> Response:
    """Search by parameters."""
    document = query(queries.SearchParameters).document()
    return hits(repository().searching.search(caller(), document))


@route("/search", "POST")
def search_document() -> Response:
    """Search by a document."""
    return hits(repository().searching.search(caller(), body(queries.SearchDocument)))


@route("/search/image", "POST")
def search_image() -> Response:
    """Search by an image."""
    return hits(repository().searching.by_image(caller(), body(queries.ImageSearch)))


@route("/suggest", "GET")
def suggest() -> Response:
    """Complete what is being typed."""
    found = repository().searching.suggest(caller(), query(queries.SuggestParameters))
    return answer(search_answers.Suggestions.model_validate({"suggestions": found}))


@route("/stats", "GET")
def stats() -> Response:
    """Count what may be seen."""
    query(requests.NoParameters)
    return answer(repository().overview.stats(caller()))


@route("/rebuild", "POST")
def rebuild() -> Response:
    """Send a page of the bucket through the captioner again."""
    return answer(repository().upkeep.rebuild(caller(), body(requests.RebuildRequest)), 202)


@route("/reindex", "POST")
def reindex() -> Response:
    """Rebuild the search index from the catalogue, or go back to the one before."""
    return answer(repository().upkeep.reindex(caller(), body(requests.ReindexRequest)), 202)


@route("/reindex", "GET")
def show_reindex() -> Response:
    """Tell how the newest re-index stands."""
    query(requests.NoParameters)
    return answer(repository().upkeep.show_reindex(caller()))


@route("/recaption", "POST")
def recaption() -> Response:
    """Caption photographs again."""
    return answer(repository().upkeep.recaption(caller(), body(requests.RecaptionRequest)), 202)


@route("/imports", "POST")
def start_import() -> Response:
    """Apply a folder's descriptions."""
    return answer(repository().upkeep.start_import(caller(), body(requests.ImportRequest)), 202)


@route("/imports/{import_id}", "GET")
def show_import(import_id: str) -> Response:
    """Tell how an import stands."""
    query(requests.NoParameters)
    return answer(repository().upkeep.show_import(caller(), import_id))


@route("/tokens", "POST")
def add_token() -> Response:
    """Make a token."""
    asked = body(tokens.NewToken)
    return answer(repository().token_administration.add(caller(), asked), 201)


@route("/tokens", "GET")
def list_tokens() -> Response:
    """List what is known of the tokens."""
    query(requests.NoParameters)
    return answer(repository().token_administration.list(caller()))


@route("/tokens/{token_id}", "DELETE")
def revoke_token(token_id: str) -> Response:
    """Revoke a token."""
    repository().token_administration.revoke(caller(), token_id)
    return Response(body="", status_code=204)
