"""A split's photographs as the pipeline stores them, and human captions as query vectors.

What the model says is kept in ``.cache`` under the bundle's digest, a line a photograph, so that
a run that was cut off goes on and a second one takes seconds.
"""

import base64
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from captioner.decoding import decode
from captioner.photograph import read
from captioner.preparing import packed, prepare, version_of
from captioner.vision import bundle, words
from captioner.vision.model import Model
from captioner.vision.words import LikelyWords, QueryTexts
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Prepared, image_id_of
from chalicelib.ingest import Ingest
from chalicelib.search.port import Document, document_of
from chalicelib.search.text import parse
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.storage import MemoryStorage

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "retrieval"
BUCKET = "photographs"
OWNER = "ann"
START = datetime(2026, 1, 1, tzinfo=UTC)
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000


class Kept:
    """Values in the lines of a cache file by key; a line that was cut off is dropped.

    Parameters
    ----------
    file
        Made where there is none.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._held = dict(self._read())

    @classmethod
    def of_bundle(cls, kind: str) -> "Kept":
        """Return the results of a kind of the bundle in the repository."""
        described = (bundle.DEFAULT_BUNDLE / "bundle.json").read_bytes()
        return cls(CACHE / f"{sha256(described).hexdigest()[:12]}-{kind}.pickles")

    def get(self, key: str, make: Callable[..., Any], *values: object) -> Any:
        """Return what is kept under a key, made and written down where nothing is."""
        if key not in self._held:
            self._held[key] = make(*values)
            with self._file.open("ab") as lines:
                lines.write(b"\n" + base64.b64encode(pickle.dumps((key, self._held[key]))))
        return self._held[key]

    def _read(self) -> Iterator[tuple[str, Any]]:
        for line in self._file.read_bytes().split(b"\n") if self._file.exists() else ():
            try:
                yield pickle.loads(base64.b64decode(line))
            except (ValueError, EOFError, pickle.UnpicklingError):
                continue


@cache
def model() -> Model:
    """Return the model of the repository's bundle."""
    return bundle.load(bundle.DEFAULT_BUNDLE, threads=1)


def documents(photographs: Sequence[Path]) -> list[Document]:
    """Return what the index holds of photographs that went through the pipeline, in order."""
    catalogue, storage = MemoryCatalogue(), MemoryStorage(BUCKET)
    kept, seconds = Kept.of_bundle("photographs"), count()
    ingest = Ingest(
        catalogue,
        storage,
        lambda data: kept.get(sha256(data).hexdigest(), _prepared, data),
        model=version_of(model()),
        clock=lambda: START + timedelta(seconds=next(seconds)),
        max_bytes=MAX_BYTES,
    )
    for path in progress(photographs, "photographs described"):
        key = f"uploads/{OWNER}/{path.name}"
        storage.write(key, path.read_bytes(), content_type="image/jpeg")
        ingest.created(ObjectEvent(BUCKET, key, EventKind.CREATED, sequencer="1"))
    ids = [image_id_of(BUCKET, f"uploads/{OWNER}/{path.name}") for path in photographs]
    records = catalogue.get_many(ids)
    return [document_of(records[image_id]) for image_id in ids]


def _prepared(data: bytes) -> Prepared:
    reading = partial(read, max_pixels=MAX_PIXELS)
    return replace(prepare(data, read=reading, describe=model().describe), display=b"")


@cache
def texts() -> QueryTexts:
    """Return what turns texts into queries, of the same bundle."""
    return words.load()


def likely_words(text: str) -> LikelyWords | None:
    """Return what a text's words say of photographs, as the API asks it."""
    return texts().likely(parse(text).telling)


def text_vectors(asked: Sequence[str]) -> list[bytes]:
    """Return each text's semantic vector, as the encoder function answers it."""
    kept = Kept.of_bundle("texts")
    return [
        kept.get(text, lambda text: packed(texts().encode_query(text)), text)
        for text in progress(asked, "queries encoded")
    ]


def picture_vectors(photographs: Sequence[Path]) -> list[bytes]:
    """Return each photograph's semantic vector by the picture alone, without its captions."""
    kept = Kept.of_bundle("pictures")
    return [
        kept.get(path.name, lambda path: embedded(path.read_bytes())[1], path)
        for path in progress(photographs, "pictures encoded")
    ]


def embedded(file: bytes) -> tuple[bytes | None, bytes | None]:
    """Return the visual and the semantic vector of a picture, nothing written."""
    visual, semantic = model().embed(decode(file, max_pixels=MAX_PIXELS).pixels)
    return packed(visual), packed(semantic)


def progress(items: Sequence[Any], what: str, every: int = 500) -> Iterable[Any]:
    """Yield the items, saying on stderr how far it is."""
    for done, item in enumerate(items, start=1):
        yield item
        if done % every == 0 or done == len(items):
            print(f"{done:6,} of {len(items):,} {what}", file=sys.stderr, flush=True)
