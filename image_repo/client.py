"""A client of the HTTP API."""

import base64
import hashlib
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx

from image_repo.errors import ApiProblem, CommandError, Unreachable, in_words
from image_repo.shrinking import query_image

TRIES = 5
_RETRIED = frozenset({429, 500, 502, 503, 504})
_NEVER_TAKEN = frozenset({429, 503})
_IDEMPOTENT = frozenset({"GET", "PATCH", "DELETE"})
PAGE = 100

Json = dict[str, Any]


class Client:
    """Speaks to one repository; safe to share among threads.

    ``transport`` is another way to carry requests, for tests; ``sleep`` waits between two tries.

    Raises
    ------
    CommandError
        The token cannot be one.
    ApiProblem, Unreachable
        From every method: the API refused, or did not answer after ``TRIES`` tries.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/") + "/"
        limits = httpx.Limits(max_connections=32)
        self._http = httpx.Client(timeout=60, transport=transport, limits=limits)
        if not token.isascii():
            raise CommandError("the token holds letters that no token has: copy it again")
        self._headers = {"Authorization": f"Bearer {token.strip()}"}
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        may_repeat: bool = False,
    ) -> Json:
        """Send one request and return the answer, parsed; empty for an empty answer.

        ``may_repeat`` says that a request other than GET, PATCH and DELETE does no harm twice.
        """
        asked = {key: value for key, value in (query or {}).items() if value not in (None, "", [])}
        response = self._tried(
            method,
            self._url + path,
            may_repeat=may_repeat or method in _IDEMPOTENT,
            params=asked,
            json=body,
            headers={**self._headers, **(headers or {})},
        )
        if not response.is_success:
            raise _problem(response)
        try:
            answer: Json = response.json() if response.content else {}
        except ValueError as error:
            raise CommandError(
                f"what answers at {self._url} is no Image Repo: give the API's address, which"
                " 'make demo' prints and a stack's output ApiUrl names"
            ) from error
        return answer

    def pages(self, path: str, items: str, query: Mapping[str, Any]) -> Iterator[Json]:
        """Yield the entries of every page of a listing."""
        cursor = None
        while True:
            answer = self.call("GET", path, query={**query, "cursor": cursor})
            yield from answer[items]
            cursor = answer["cursor"]
            if cursor is None:
                return

    def post_pages(self, path: str, body: Json, position: str) -> Iterator[Json]:
        """Yield the answers of work that is done page by page; ``position`` names where it is."""
        while True:
            answer = self.call("POST", path, body=body)
            yield answer
            if answer["cursor"] is None:
                return
            body = body | {position: answer["cursor"]}

    def enter(self, described: Json, key: str | None = None) -> Json:
        """Enter a photograph; return its record, and the form that uploads its file, if one is due.

        Parameters
        ----------
        described
            As ``POST /images`` has it. With ``sha256``, the same content is the same record.
        key
            Names a record among several with the same content (``Idempotency-Key``).
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        is_named = key is not None or "sha256" in described
        return self.call("POST", "images", body=described, headers=headers, may_repeat=is_named)

    def send(self, upload: Json, body: bytes) -> None:
        """Upload a file by its form; the same file twice does no harm."""
        form = {"data": upload["fields"], "files": {"file": ("photograph", body)}}
        response = self._tried("POST", upload["url"], may_repeat=True, **form)
        if not response.is_success:
            raise _refusal(response)

    @property
    def origin(self) -> str:
        """Of which a page is that the API serves: scheme, host and port."""
        url = httpx.URL(self._url)
        return f"{url.scheme}://{url.netloc.decode()}"

    def admits(self, upload: Json, origin: str) -> bool:
        """Tell whether a browser lets a page of ``origin`` upload by this form (CORS).

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
        """
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        response = self._tried("OPTIONS", upload["url"], may_repeat=True, headers=asked)
        return response.headers.get("Access-Control-Allow-Origin") in {"*", origin}

    def search(self, document: Json, image: Path | None = None) -> Json:
        """Search by text and attributes, or by an image of this machine, which may be large."""
        if image is None:
            return self.call("POST", "search", body=document)
        body = document | {"image": base64.b64encode(query_image(image)).decode()}
        return self.call("POST", "search/image", body=body)

    def download(self, url: str, path: Path, sha256: str | None = None) -> None:
        """Fetch a file by its presigned URL; a cut download leaves nothing in its place.

        Raises
        ------
        CommandError
            It is not the content that ``sha256`` names.
        """
        part = path.with_name(f".{path.name}.part")
        try:
            found = self._fetched(url, part)
            if sha256 not in {None, found}:
                raise CommandError("what came is not the file that the record tells of")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _fetched(self, url: str, path: Path) -> str:
        for attempt in range(TRIES):
            try:
                return self._streamed(url, path)
            except httpx.TransportError as error:
                if attempt == TRIES - 1:
                    host = httpx.URL(url).host  # the URL itself opens the file to whoever reads it
                    raise Unreachable(f"nothing answers at {host} ({in_words(error)})") from error
                self._wait(attempt, None)
        raise AssertionError  # the last try has returned or raised

    def _streamed(self, url: str, path: Path) -> str:
        digest = hashlib.sha256()
        with self._http.stream("GET", url) as response:
            if not response.is_success:
                raise ApiProblem(response.status_code, f"the bucket answers {response.status_code}")
            with path.open("wb") as file:
                for chunk in response.iter_bytes():
                    digest.update(chunk)
                    file.write(chunk)
        return digest.hexdigest()

    def _tried(self, method: str, url: str, *, may_repeat: bool, **request: Any) -> httpx.Response:
        for attempt in range(TRIES):
            is_last = attempt == TRIES - 1
            try:
                response = self._http.request(method, url, **request)
            except httpx.InvalidURL as error:
                raise CommandError(f"--url {self._url} is no address: {error}") from error
            except httpx.TransportError as error:
                if is_last or not (may_repeat or isinstance(error, httpx.ConnectError)):
                    raise Unreachable(f"nothing answers at {url} ({in_words(error)})") from error
                self._wait(attempt, None)
                continue
            is_refused = response.status_code in (_RETRIED if may_repeat else _NEVER_TAKEN)
            if is_last or not is_refused:
                return response
            self._wait(attempt, response.headers.get("Retry-After"))
        raise AssertionError  # the last try has returned or raised

    def _wait(self, attempt: int, retry_after: str | None) -> None:
        asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
        self._sleep(max(asked, random.uniform(0.1, 0.25 * 2**attempt)))  # noqa: S311  jitter


def image_path(image_id: str) -> str:
    """Return a photograph's route, whatever was typed as its id; refuse an empty one."""
    if not image_id:
        raise CommandError("the id of a photograph is empty: 'image-repo search' shows ids")
    return f"images/{quote(image_id, safe='')}"


def _problem(response: httpx.Response) -> ApiProblem:
    if response.has_redirect_location:
        return ApiProblem(
            response.status_code,
            f"{response.url} redirects to {response.headers['Location']}, which is not followed, as"
            " the token is for this host alone: give the API's own address",
        )
    try:
        told = response.json()
    except ValueError:
        return ApiProblem(
            response.status_code,
            f"what answers at {response.url} (status {response.status_code}) does not speak as an"
            " Image Repo: is it the API's address?",
        )
    is_elsewhere = response.status_code == 403 and "type" not in told  # another stack's address
    if response.status_code == 401 or is_elsewhere:
        return ApiProblem(
            response.status_code, "the token is not accepted; was it revoked, or the stack renewed?"
        )
    detail = told.get("detail") or told.get("message") or _said(response)
    return ApiProblem(response.status_code, detail, told.get("field"))


def _refusal(response: httpx.Response) -> ApiProblem:
    """Return the bucket's refusal, of which its answer in XML names code and reason.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    told = dict(re.findall(r"<(Code|Message)>([^<]*)</", response.text))
    code, status = told.get("Code"), response.status_code
    reason = told.get("Message") or code
    words = f"{reason} (status {status})" if reason else _said(response)
    return ApiProblem(status, f"the bucket refused it: {words}", code=code)


def _said(response: httpx.Response) -> str:
    return f"status {response.status_code}: {response.text[:200]}"
