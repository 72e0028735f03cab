"""The HTTP API, and what runs on a schedule. Each calls one service; nothing else.

Scopes, models and statuses are those of the table in ``chalicelib.api.routes``.
"""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from chalice import Chalice, Rate
from chalice.app import (
    AuthRequest,
    AuthResponse,
    CloudWatchEvent,
    ConvertToMiddleware,
    Request,
    Response,
)

from captioner.vision import words
from chalicelib import bootstrap
from chalicelib.access import Caller
from chalicelib.api import (
    answers,
    openapi,
    pages,
    problems,
    queries,
    requests,
    tokens,
)
from chalicelib.api.registration import Endpoint, View, context_of
from chalicelib.api.routes import PATHS, methods_of, route_of
from chalicelib.errors import ImageRepoError, InvalidField
from chalicelib.names import API, DERIVED
from chalicelib.oidc import origin_of
from chalicelib.reconciling.reconciler import asked_of
from chalicelib.reconciling.repairs import Repairs, told

app = Chalice(app_name=API)
logger = Logger(service="api")
# What the function calls with. Patched by default, every other client of X-Ray's would be imported.
tracer = Tracer(service="api", patch_modules=("botocore", "httplib"))
metrics = Metrics(service="api")
# Answers hold captions and requests hold queries, which belong in no log and no trace.
app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context))
app.register_middleware(ConvertToMiddleware(tracer.capture_lambda_handler(capture_response=False)))
app.register_middleware(ConvertToMiddleware(metrics.log_metrics), event_type="http")


# What it was is in the log only.
UNEXPECTED = ImageRepoError("Something went wrong here; it has been logged.")
# Long enough for ten dead letters, or for a part of an import.
RESERVE_MS = 30_000
provider = bootstrap.Provider(words.load)


def repository() -> bootstrap.Repository:
    """Return what the views work with; made once for all requests of a process."""
    return provider.repository


@app.authorizer(ttl_seconds=0)
def token(request: AuthRequest) -> AuthResponse:
    """Let known tokens in; the scope of a route is checked when it is called."""
    provider.deadline.begin()
    scheme, _, secret = request.token.partition(" ")
    caller = repository().caller(secret.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        return AuthResponse(routes=[], principal_id="unknown")
    return AuthResponse(routes=["*"], principal_id=caller.owner, context=context_of(caller))


# Twice an hour, so that an upload expires within the hour after its form and a slow upload's time.
@app.schedule(Rate(30, unit=Rate.MINUTES), name="reconciler")
def reconcile(event: CloudWatchEvent) -> None:
    """Record what the captioner's queue gave up, and mend what no event told."""

    def is_late() -> bool:
        remaining: int = event.context.get_remaining_time_in_millis()
        return remaining < RESERVE_MS

    try:
        tell({"DeadLettersSettled": repository().dead_letters.settle(is_late)})
    finally:  # neither waits for the other
        done = Repairs()
        try:
            repository().reconciler.run(is_late, done, asked_of(event.detail))
        finally:
            tell(told(done))


def tell(counts: Mapping[str, int]) -> None:
    """Write metrics, but those of nothing: one that is written every hour is billed all month."""
    told = {name: value for name, value in counts.items() if value}
    for name, value in told.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    if told:
        metrics.flush_metrics()


@app.middleware("http")
def counted(event: Request, get_response: Callable[[Request], Response]) -> Response:
    """Count an answer; what Chalice refuses, such as another media type, is a problem too."""
    response = problems.reworded(get_response(event))
    if event.method == "HEAD":  # the headers of what GET answers
        response.body = ""
    if origin := event.headers.get("origin"):
        response.headers |= repository().cross_origin.headers(origin)
    name = f"Status{response.status_code // 100}xx"
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    return response


def tells_methods(path: str) -> None:
    """Answer OPTIONS of a path, which browsers ask without a token before they send one."""
    methods = methods_of(path)

    def told(**_: str) -> Response:
        headers = {"Allow": ", ".join(methods)}
        if origin := app.current_request.headers.get("origin"):
            headers |= repository().cross_origin.preflight(origin, methods)
        return Response(body="", headers=headers, status_code=HTTPStatus.NO_CONTENT)

    app.route(path, methods=["OPTIONS"], name=f"OPTIONS {path}")(told)


def serves(method: str, path: str) -> Callable[[View], View]:
    """Register a view for a route of the table; its errors become problem documents."""
    route = route_of(method, path)

    def register(view: View) -> View:
        endpoint = Endpoint(route, view)

        def called(**in_path: str) -> Response:
            try:
                provider.deadline.begin()
                arguments = endpoint.arguments(app.current_request, in_path)
                return endpoint.response(view(**arguments))
            except ImageRepoError as error:
                return problems.problem_of(error)
            except Exception:
                logger.exception("unexpected error")
                return problems.problem_of(UNEXPECTED)

        authorizer = None if route.scope is None else token
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        app.route(path, methods=methods, authorizer=authorizer, name=route.name)(called)
        return view

    return register


def origins() -> pages.Origins:
    """Return what the gallery reaches beside the API."""
    (url,) = repository().storage.presigned_gets({f"{DERIVED}x": None}).values()
    sign_in = repository().sign_in
    return pages.Origins(origin_of(url), sign_in.token_origin if sign_in else "")


@serves("GET", "/health")
def health() -> answers.Health:
    """Tell that the API answers."""
    return answers.Health(status="ok", version=openapi.VERSION)


@serves("GET", "/auth")
def signing_in() -> answers.SigningIn:
    """Tell the gallery where people sign in."""
    sign_in = repository().sign_in
    return answers.SigningIn(provider=sign_in and sign_in.answer())


@serves("GET", "/")
def index() -> Response:
    """Show the gallery."""
    return pages.index(origins(), app.current_request.headers)


@serves("GET", "/gallery/{release}/{name}")
def gallery(release: str, name: str) -> Response:
    """Serve one of the gallery's files."""
    return pages.file(release, name, origins(), app.current_request.headers)


@serves("GET", "/openapi.json")
def describe() -> Response:
    """Describe the API."""
    headers = {"Content-Type": "application/json"}
    return Response(body=json.dumps(openapi.document()), headers=headers)


@serves("POST", "/images")
def add_image(
    caller: Caller, body: requests.NewImage, idempotency_key: str | None
) -> answers.EnteredImage:
    """Enter a photograph."""
    entered = repository().entering.enter(caller, body, idempotency_key)
    return answers.entered_image(entered, repository().storage)


@serves("GET", "/images")
def list_images(caller: Caller, query: requests.Listing) -> answers.ImageList:
    """List photographs."""
    return answers.image_list(repository().collection.list(caller, query), repository().storage)


@serves("GET", "/images/{image_id}")
def get_image(image_id: str, caller: Caller) -> answers.ImageAnswer:
    """Show one photograph."""
    image = repository().collection.get(caller, image_id)
    return answers.image_answer(image, repository().storage)


@serves("PATCH", "/images/{image_id}")
def edit_image(
    image_id: str, caller: Caller, body: requests.ImageEdit, revision: int | None
) -> answers.ImageAnswer:
    """Change a caption, attributes or keywords."""
    image = repository().collection.edit(caller, image_id, body, revision)
    return answers.image_answer(image, repository().storage)


@serves("DELETE", "/images/{image_id}")
def delete_image(
    image_id: str, caller: Caller, query: requests.Deletion, revision: int | None
) -> None:
    """Delete a photograph."""
    collection = repository().collection
    delete = collection.delete_for_good if query.permanent else collection.delete
    delete(caller, image_id, revision)


@serves("POST", "/images/{image_id}/restore")
def restore_image(image_id: str, caller: Caller) -> answers.ImageAnswer:
    """Take a photograph out of the trash."""
    image = repository().collection.restore(caller, image_id)
    return answers.image_answer(image, repository().storage)


@serves("GET", "/trash")
def list_trash(caller: Caller, query: requests.TrashListing) -> answers.ImageList:
    """List the photographs in the trash."""
    return answers.image_list(repository().collection.trash(caller, query), repository().storage)


@serves("GET", "/images/{image_id}/similar")
def similar_images(
    image_id: str, caller: Caller, query: queries.SimilarQuery
) -> answers.SearchAnswer:
    """Find what looks like a photograph."""
    return repository().searching.similar(caller, image_id, query)


@serves("GET", "/images/{image_id}/attention")
def attention(image_id: str, caller: Caller) -> answers.AttentionAnswer:
    """Tell where the model looks for each word of a caption."""
    return repository().reviewing.attention(caller, image_id)


@serves("GET", "/duplicates")
def duplicates(caller: Caller, query: queries.DuplicatesQuery) -> answers.DuplicatesAnswer:
    """Tell which photographs look the same."""
    return repository().reviewing.duplicates(caller, query)


@serves("GET", "/search")
def search(caller: Caller, query: queries.SearchParameters) -> answers.SearchAnswer:
    """Search by parameters."""
    try:
        return repository().searching.search(caller, query.document())
    except InvalidField as error:
        raise error.named(queries.PARAMETERS.get(error.field, error.field)) from error


@serves("POST", "/search")
def search_document(caller: Caller, body: queries.SearchDocument) -> answers.SearchAnswer:
    """Search by a document."""
    return repository().searching.search(caller, body)


@serves("POST", "/search/image")
def search_image(caller: Caller, body: queries.ImageSearch) -> answers.SearchAnswer:
    """Search by an image."""
    return repository().searching.by_image(caller, body)


@serves("GET", "/suggest")
def suggest(caller: Caller, query: queries.SuggestParameters) -> answers.Suggestions:
    """Complete what is being typed."""
    return repository().searching.suggest(caller, query)


@serves("GET", "/stats")
def stats(caller: Caller) -> answers.Stats:
    """Count what may be seen."""
    return repository().collection.stats(caller)


@serves("POST", "/rebuild")
def rebuild(body: requests.RebuildRequest) -> answers.RebuildAnswer:
    """Send a page of the bucket through the captioner again."""
    return repository().upkeep.rebuild(body)


@serves("POST", "/reindex")
def reindex(body: requests.ReindexRequest) -> answers.ReindexAnswer:
    """Rebuild the search index from the catalogue, or go back to the one before."""
    return repository().upkeep.reindex(body)


@serves("GET", "/reindex")
def show_reindex() -> answers.ReindexAnswer:
    """Tell how the newest re-index stands."""
    return repository().upkeep.show_reindex()


@serves("POST", "/reconcile")
def start_reconciling(body: requests.ReconcileRequest) -> answers.ReconcileAnswer:
    """Compare catalogue, bucket, index and counts, and mend what differs."""
    return repository().upkeep.reconcile(body)


@serves("GET", "/reconcile")
def show_reconciling() -> answers.ReconcileAnswer:
    """Tell what the newest pass of the reconciler found and repaired."""
    return repository().upkeep.show_reconcile()


@serves("POST", "/recaption")
def recaption(caller: Caller, body: requests.RecaptionRequest) -> answers.RebuildAnswer:
    """Caption photographs again."""
    return repository().upkeep.recaption(caller, body)


@serves("POST", "/imports")
def start_import(caller: Caller, body: requests.ImportRequest) -> answers.ImportAnswer:
    """Apply a folder's descriptions."""
    return repository().upkeep.start_import(caller, body)


@serves("GET", "/imports/{import_id}")
def show_import(import_id: str, caller: Caller) -> answers.ImportAnswer:
    """Tell how an import stands."""
    return repository().upkeep.show_import(caller, import_id)


@serves("POST", "/tokens")
def add_token(body: tokens.NewToken) -> tokens.CreatedToken:
    """Make a token."""
    return repository().token_administration.add(body)


@serves("GET", "/tokens")
def list_tokens() -> tokens.TokenList:
    """List what is known of the tokens."""
    return repository().token_administration.list()


@serves("DELETE", "/tokens/{token_id}")
def revoke_token(token_id: str) -> None:
    """Revoke a token."""
    repository().token_administration.revoke(token_id)


for each in PATHS:
    tells_methods(each)
