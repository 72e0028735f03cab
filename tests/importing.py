"""What tests of the client share: a whole repository in memory, and photographs to put into it."""

from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote

import httpx

import app as entry_point
from chalicelib.errors import RejectedImage
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Image, Prepared
from chalicelib.ingest import Ingest
from image_repo.client import Client
from image_repo.importing import Imported, put_in, read_folder
from image_repo.reporting import report
from image_repo.uploading import Duplicates
from tests.api import Api

MAX_BYTES = 1_000_000
JPEG = b"\xff\xd8\xff\xe0"
PNG = b"\x89PNG\r\n\x1a\n"


def jpeg(words: str) -> bytes:
    """Return what counts as a JPEG here; the model reads the words as its caption."""
    return JPEG + words.encode()


def prepared(body: bytes) -> Prepared:
    """Caption a file by its own words, unless they say that it is broken or unclear."""
    if b"broken" in body or not body.startswith((JPEG, PNG)):
        raise RejectedImage("the file is damaged")
    words = body[len(JPEG) :].decode(errors="replace")
    return Prepared(
        captions=(f"a photograph of {words}",),
        confidence=0.1 if "unclear" in words else 0.9,
        needs_review="unclear" in words,
        visual=bytes(512),
        semantic=bytes(512),
        width=4,
        height=3,
        content_type="image/jpeg",
        display=b"webp",
    )


class Repository:
    """The API on adapters in memory, whose bucket has files captioned at once.

    Attributes
    ----------
    files
        How often a file of this name came.
    breaks_at_file, is_cut_at_entry
        After so many files the network is down; the answer to this entry is lost on its way.
    """

    def __init__(self, api: Api) -> None:
        self.api = api
        self._assembled = api.repository()
        self.files: Counter[str] = Counter()
        self.breaks_at_file: int | None = None
        self.is_cut_at_entry: int | None = None
        self.entries = 0
        self._lock = Lock()
        self._ingest = Ingest(
            api.catalogue,
            api.storage,
            prepared,
            model="m@1",
            clock=lambda: datetime.now(UTC),
            max_bytes=MAX_BYTES,
        )

    def client(self, as_: str = "ann") -> Client:
        transport = httpx.MockTransport(self._answer)
        return Client("http://api", as_, transport=transport, sleep=lambda _: None)

    def take_in(self, folder: Path, *, as_: str = "ann", **how: Any) -> dict[str, Any]:
        """Import a folder; return the report."""
        reading = {name: how.pop(name) for name in ("is_recursive", "encoding") if name in how}
        found = read_folder(folder, **reading)
        return report(found, self.put_in(found.photographs, as_=as_, **how))

    def put_in(self, photographs: Any, *, as_: str = "ann", **how: Any) -> Imported:
        if "duplicates" in how:
            how["duplicates"] = Duplicates(how["duplicates"])
        return put_in(self.client(as_), photographs, at_once=how.pop("at_once", 1), **how)

    def images(self, as_: str = "ann") -> list[dict[str, Any]]:
        return list(self.client(as_).pages("images", "items", {"limit": 100}))

    def names(self) -> list[str]:
        return sorted(image["name"] for image in self.images())

    def captions(self) -> dict[str, tuple[str, str] | None]:
        """Return each photograph's caption and who wrote it, by name."""
        captions = {image["name"]: image["caption"] for image in self.images()}
        return {
            name: (caption["text"], caption["source"]) if caption else None
            for name, caption in captions.items()
        }

    def edit(self, name: str, **words: Any) -> None:
        (image,) = [image for image in self.images() if image["name"] == name]
        self.client().call("PATCH", f"images/{image['id']}", body=words)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        with self._lock:  # Chalice keeps the present request in the app
            entry_point.provider.repository = self._assembled
            if request.url.scheme == "memory":
                return self._bucket(request)
            return self._api(request)

    def _api(self, request: httpx.Request) -> httpx.Response:
        is_entry = (request.method, request.url.path) == ("POST", "/images")
        self.entries += is_entry
        key = request.headers.get("Idempotency-Key")
        answer = self.api.call(
            request.method,
            request.url.path,
            request.read().decode() or None,
            as_=request.headers["Authorization"].removeprefix("Bearer "),
            query=dict(request.url.params),
            **({"Idempotency_Key": key} if key else {}),
        )
        if is_entry and self.entries == self.is_cut_at_entry:
            raise httpx.ReadError("cut when it was done and before it was heard")
        return httpx.Response(answer.status, text=answer.text)

    def _bucket(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            place = unquote(str(request.url)).removeprefix(f"memory://{self.api.storage.bucket}/")
            body = self.api.storage.read(place.partition("?name=")[0], limit=MAX_BYTES)
            return httpx.Response(404 if body is None else 200, content=body or b"")
        if self.breaks_at_file is not None and self.files.total() >= self.breaks_at_file:
            raise httpx.ConnectError("the network is down")
        fields = _fields(request)
        key, body = fields["key"].decode(), fields["file"]
        self.api.storage.write(key, body, content_type="image/jpeg")
        self.files[key.rsplit("/", 1)[-1]] += 1
        version = f"v{len(list(self.api.storage.objects(key)))}"
        sequencer = f"{self.files.total():08X}"
        bucket = self.api.storage.bucket
        event = ObjectEvent(bucket, key, EventKind.CREATED, version, sequencer, size=len(body))
        self._ingest.created(event)
        return httpx.Response(204)

    def record(self, name: str) -> Image:
        (image,) = [image for image in self.images() if image["name"] == name]
        found = self.api.catalogue.get(image["id"])
        assert found is not None
        return found


def _fields(request: httpx.Request) -> dict[str, Any]:
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.read(), policy=HTTP)
    return {
        str(part["Content-Disposition"].params["name"]): part.get_payload(decode=True)
        for part in message.iter_parts()
    }
