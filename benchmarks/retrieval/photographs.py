"""A split's photographs as the pipeline stores them, and human captions as query vectors.

What the model says is kept in ``.cache`` under the bundle's digest, a line a photograph, so that
a run that was cut off goes on and a second one takes seconds.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from captioner.decoding import decode
from captioner.preparing import packed, prepare, version_of
from captioner.vision import bundle
from captioner.vision.model import Model
from captioner.vision.text import F32
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Prepared, image_id_of
from chalicelib.ingest import Ingest
from chalicelib.search.port import Document, document_of
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.storage import MemoryStorage

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "retrieval"
BUCKET = "photographs"
OWNER = "ann"
START = datetime(2026, 1, 1, tzinfo=UTC)
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
_VECTORS = ("visual", "semantic")


@dataclass(frozen=True)
class Bundle:
    """The captioner's bundle, loaded only where the cache lacks something."""

    path: Path

    @cached_property
    def digest(self) -> str:
        """Names the bundle's very content."""
        return sha256((self.path / "bundle.json").read_bytes()).hexdigest()[:12]

    @cached_property
    def model(self) -> Model:
        """The loaded model."""
        return bundle.load(self.path, threads=1)

    @cached_property
    def version(self) -> str:
        """``name@version``."""
        told = json.loads((self.path / "bundle.json").read_text())
        return f"{told['name']}@{told['version']}"

    def file(self, kind: str) -> Path:
        """Where this bundle's results of a kind are kept."""
        return CACHE / f"{self.digest}-{kind}.jsonl"


class Kept:
    """Lines of a cache file by key; a line that was cut off is dropped.

    Parameters
    ----------
    file
        Made where there is none.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._held = dict(self._read())

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what is kept under a key, made and written down where nothing is."""
        if key not in self._held:
            self._held[key] = make()
            with self._file.open("a") as lines:
                lines.write("\n" + json.dumps([key, self._held[key]]))
        return self._held[key]

    def _read(self) -> Iterator[tuple[str, Any]]:
        if self._file.exists():
            for line in self._file.read_text().split("\n"):
                try:
                    key, value = json.loads(line)
                except ValueError:
                    continue
                yield key, value


def documents(photographs: Sequence[Path], from_: Bundle) -> list[Document]:
    """Return what the index holds of photographs that went through the pipeline, in order."""
    catalogue, storage = MemoryCatalogue(), MemoryStorage(BUCKET)
    moments = (START + timedelta(seconds=number) for number in range(len(photographs) * 9))
    ingest = Ingest(
        catalogue,
        storage,
        partial(_prepared, from_=from_, kept=Kept(from_.file("photographs"))),
        model=from_.version,
        clock=lambda: next(moments),
        max_bytes=MAX_BYTES,
    )
    for path in progress(photographs, "photographs described"):
        key = f"uploads/{OWNER}/{path.name}"
        storage.write(key, path.read_bytes(), content_type="image/jpeg")
        ingest.created(ObjectEvent(BUCKET, key, EventKind.CREATED, sequencer="1"))
    ids = [image_id_of(BUCKET, f"uploads/{OWNER}/{path.name}") for path in photographs]
    records = catalogue.get_many(ids)
    return [document_of(records[image_id]) for image_id in ids]


def text_vectors(texts: Sequence[str], from_: Bundle) -> list[bytes]:
    """Return each text's semantic vector, as the encoder function answers it."""
    kept = Kept(from_.file("texts"))
    return [
        _vector(kept, text, partial(from_.model.encode_text, text))
        for text in progress(texts, "queries encoded")
    ]


def picture_vectors(photographs: Sequence[Path], from_: Bundle) -> list[bytes]:
    """Return each photograph's semantic vector by the picture alone, without its captions."""
    kept = Kept(from_.file("pictures"))

    def embedded(path: Path) -> F32:
        return from_.model.embed(decode(path.read_bytes(), max_pixels=MAX_PIXELS).pixels)[1]

    return [
        _vector(kept, path.name, partial(embedded, path))
        for path in progress(photographs, "pictures encoded")
    ]


def _vector(kept: Kept, key: str, make: Callable[[], F32]) -> bytes:
    def text() -> str:
        return base64.b64encode(packed(make()) or b"").decode()

    return base64.b64decode(kept.get(key, text))


def progress(items: Sequence[Any], what: str, every: int = 500) -> Iterable[Any]:
    """Yield the items, saying on stderr how far it is."""
    for done, item in enumerate(items, start=1):
        yield item
        if done % every == 0 or done == len(items):
            print(f"{done:6,} of {len(items):,} {what}", file=sys.stderr, flush=True)


def _prepared(data: bytes, *, from_: Bundle, kept: Kept) -> Prepared:
    """Return what ``captioner.preparing.prepare`` makes of a file; nothing here is displayed."""

    def described() -> dict[str, Any]:
        prepared = asdict(prepare(data, describe=from_.model.describe, max_pixels=MAX_PIXELS))
        assert version_of(from_.model) == from_.version
        text = {name: base64.b64encode(prepared[name] or b"").decode() for name in _VECTORS}
        return prepared | text | {"display": ""}

    told = kept.get(sha256(data).hexdigest(), described)
    vectors = {name: base64.b64decode(told[name]) or None for name in _VECTORS}
    return Prepared(**{**told, **vectors, "captions": tuple(told["captions"]), "display": b""})
