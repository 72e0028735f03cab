"""The stack's own HTTP API, as an administrator of it."""

import mimetypes
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.errors import LocalError

ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Gateway:
    """The API of one stack.

    Attributes
    ----------
    client
        Knows the address and the token.
    """

    client: httpx.Client

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> "Gateway":
        """Return the API that ``stack.json`` tells of."""
        headers = {"Authorization": f"Bearer {facts['token']}"}
        return cls(httpx.Client(base_url=facts["api_url"], headers=headers, timeout=60))

    def healthy_within(self, seconds: float) -> None:
        """Wait until the API answers.

        Raises
        ------
        LocalError
            It does not.
        """
        end = time.monotonic() + seconds
        last = "no answer"
        while time.monotonic() < end:
            try:
                answer = self.client.get("/health")
            except httpx.HTTPError as problem:
                last = str(problem)
            else:
                if answer.is_success:
                    return
                last = f"{answer.status_code} {answer.text[:300]}"
            time.sleep(0.3)
        raise LocalError(
            f"the API does not answer: {last}", "read the newest lines of .local/logs/ministack.log"
        )

    def stats(self) -> dict[str, Any]:
        """Return how many photographs stand where."""
        return self._ask("GET", "/stats")

    def pending(self) -> frozenset[str]:
        """Return the ids of the photographs that nothing has been said of yet."""
        return frozenset(image["id"] for image in self.images(state="pending"))

    def images(self, **conditions: str) -> Iterator[dict[str, Any]]:
        """Yield the records of photographs, newest first."""
        cursor: str | None = None
        while True:
            query = {"limit": "100", **conditions} | ({"cursor": cursor} if cursor else {})
            page = self._ask("GET", "/images", params=query)
            yield from page["items"]
            cursor = page.get("cursor")
            if not cursor:
                return

    def upload(self, file: Path, caption: str | None) -> str:
        """Announce a photograph, post it to the bucket, and return its id."""
        body = file.read_bytes()
        media = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        announcement = {"name": file.name, "content_type": media, "size": len(body)}
        if caption:
            announcement["caption"] = caption
        answer = self._ask("POST", "/images", json=announcement)
        form = answer["upload"]
        posted = httpx.post(
            form["url"], data=form["fields"], files={"file": (file.name, body, media)}, timeout=60
        )
        if posted.is_error:
            raise LocalError(
                f"the bucket refused {file.name}: {posted.text[:200]}",
                "is it a photograph of less than 20 MB?",
            )
        identity: str = answer["image"]["id"]
        return identity

    def search(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Ask by text and attributes, or by an image where the document holds one."""
        path = "/search/image" if "image" in document else "/search"
        return self._ask("POST", path, json=dict(document))

    def rebuild(self) -> int:
        """Re-drive the whole bucket, page by page, and return how many were queued."""
        queued = 0
        document: dict[str, Any] = {}
        while True:
            page = self._ask("POST", "/rebuild", json=document)
            queued += int(page["queued"])
            if page["cursor"] is None:
                return queued
            document = {"after": page["cursor"]}

    def reindex(self) -> None:
        """Have the index made anew from the catalogue."""
        self._ask("POST", "/reindex")

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """Return the answer; ask again, as 503 invites to, while a function still starts."""
        for _ in range(ATTEMPTS - 1):
            answer = self.client.request(method, path, **content)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return _body(answer)
            time.sleep(float(answer.headers.get("Retry-After", "2")))
        return _body(self.client.request(method, path, **content))


def _body(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise LocalError(
            f"{answer.request.method} {answer.request.url.path} answered "
            f"{answer.status_code}: {answer.text[:300]}",
            "read the newest lines of .local/logs/ministack.log",
        )
    body: dict[str, Any] = answer.json()
    return body
