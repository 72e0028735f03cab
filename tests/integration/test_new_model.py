"""Another model is deployed, and photographs are captioned again one by one, on AWS's own API."""

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import boto3
import numpy as np
import pytest
from moto import mock_aws

from chalicelib.access import Caller, Scope
from chalicelib.api.answers import SearchAnswer
from chalicelib.api.queries import ImageSearch, SearchDocument, SimilarQuery
from chalicelib.api.searching import SearchService
from chalicelib.encoder import Crop, Vector
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import VECTOR_SIZE, Image, Prepared, image_id_of
from chalicelib.ingest import Ingest, IngestOutcome
from chalicelib.search.port import document_of
from chalicelib.search.replicated import IndexWriter, PublishedIndex, S3IndexStore
from tests.attending import LooksEverywhere
from tests.buckets import BUCKET, dynamo_catalogue, s3_bucket

pytestmark = pytest.mark.fault(36)
NOW = datetime(2026, 1, 2, tzinfo=UTC)
ANN = Caller("ann", frozenset({Scope.READ}))
OLD, NEW = "net@1", "net@2"
# Two of dogs and two of cats. What the old model saw in a dog the new one sees in a cat.
PHOTOGRAPHS = ("dog 0", "dog 1", "cat 0", "cat 1")
ALIKE = 0.5


def seen(photograph: str, model: str) -> bytes:
    """Return what a model makes of a photograph: the same in both of a kind, and its own."""
    kind = ("dog", "cat").index(photograph[:3])
    numbers = np.zeros((VECTOR_SIZE // 16, 16))
    numbers[kind if model == OLD else 1 - kind] = 1
    numbers[2 + PHOTOGRAPHS.index(photograph)] = 0.5
    return (numbers / np.linalg.norm(numbers)).astype("<f2").tobytes()


class NewEncoder(LooksEverywhere):
    """What encodes queries, of the new model; texts perhaps still of the old one."""

    texts = NEW

    def text(self, text: str, telling: Sequence[str] = ()) -> Vector:
        return Vector(seen(f"{text} 0", self.texts), self.texts)

    def words(self) -> Sequence[str]:
        return ()

    def image(self, content: bytes, crop: Crop | None) -> Vector:
        return Vector(seen(content.decode(), NEW), NEW)

    def stored(self, key: str, version_id: str | None, crop: Crop | None) -> Vector:
        return self.image(name_of(key).encode(), crop)


def key_of(photograph: str) -> str:
    return f"uploads/ann/{photograph}"


def name_of(key: str) -> str:
    return key.rpartition("/")[2]


class Account:
    """Photographs that the old model captioned, found through the new model's encoder."""

    def __init__(self) -> None:
        self._catalogue = dynamo_catalogue(BUCKET)
        self._storage = s3_bucket(BUCKET)
        store = S3IndexStore(self._storage.client, BUCKET)
        self._writer = IndexWriter(store, lambda: map(document_of, self._catalogue.scan()))
        self._index = PublishedIndex(store, clock=iter(range(10_000)).__next__)
        self.encoder = NewEncoder()
        self._service = SearchService(
            self._catalogue, self._storage, self._index, self.encoder, 1_000
        )
        for photograph in PHOTOGRAPHS:
            self._storage.write(key_of(photograph), photograph.encode(), content_type="image/png")
            assert self.caption(photograph, OLD) == IngestOutcome.CAPTIONED

    def caption(self, photograph: str, model: str) -> IngestOutcome:
        """Caption a photograph again, and have the index follow."""
        ingest = Ingest(
            self._catalogue,
            self._storage,
            lambda body: prepared(body.decode(), model),
            model=model,
            clock=lambda: NOW,
            max_bytes=100,
        )
        event = ObjectEvent(BUCKET, key_of(photograph), EventKind.CREATED, force=model == NEW)
        outcome = ingest.created(event)
        self._writer.apply([document_of(self.record(photograph))])
        return outcome

    def record(self, photograph: str) -> Image:
        found = self._catalogue.get(image_id_of(BUCKET, key_of(photograph)))
        assert found
        return found

    def similar(self, photograph: str) -> set[str]:
        asked = SimilarQuery(limit=10, min_relevance=0.0)
        image_id = self.record(photograph).image_id
        return alike(self._service.similar(ANN, image_id, asked))

    def unlike(self, photograph: str) -> set[str]:
        unwanted = self.record(photograph).image_id
        document = SearchDocument.model_validate({"sort": "added", "unlike": [unwanted]})
        return {hit.image.name for hit in self._service.search(ANN, document).hits}

    def like_upload(self, photograph: str, **more: str) -> tuple[set[str], list[str]]:
        image = base64.b64encode(photograph.encode()).decode()
        document = ImageSearch.model_validate({"image": image, "min_relevance": 0, **more})
        answer = self._service.by_image(ANN, document)
        return alike(answer), answer.degraded


def prepared(photograph: str, model: str) -> Prepared:
    vector = seen(photograph, model)
    kind = photograph[:3]
    return Prepared(
        (f"a {kind}",), 0.9, False, vector, vector, 4, 3, "image/png", b"webp", space=model
    )


def alike(answer: SearchAnswer) -> set[str]:
    return {hit.image.name for hit in answer.hits if hit.score > ALIKE}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.setup_default_session()
        yield Account()


def of_its_kind(photograph: str) -> set[str]:
    return {other for other in PHOTOGRAPHS if other[:3] == photograph[:3]}


def test_two_models_vectors_are_never_compared_and_each_answers_until_the_other_has_more(
    account: Account,
) -> None:
    for done in range(len(PHOTOGRAPHS) + 1):
        again = {*PHOTOGRAPHS[:done]}
        if done:
            account.caption(PHOTOGRAPHS[done - 1], NEW)
        compared = {*PHOTOGRAPHS} - again if done <= 2 else again
        for photograph in PHOTOGRAPHS:
            kind = of_its_kind(photograph)
            assert account.similar(photograph) == (kind & compared) - {photograph}
            found, degraded = account.like_upload(photograph)
            assert found == kind & again
            assert len(degraded) == (done < len(PHOTOGRAPHS))
            assert all(f" {len(PHOTOGRAPHS) - done} photographs" in told for told in degraded)


def test_the_former_vector_stays_with_the_file_that_it_is_of(account: Account) -> None:
    account.caption("dog 0", NEW)
    record = account.record("dog 0")
    assert (record.space, record.former_space) == (NEW, OLD)
    assert (record.visual, record.former_visual) == (seen("dog 0", NEW), seen("dog 0", OLD))
    account.caption("dog 0", NEW)
    assert account.record("dog 0").former_visual == seen("dog 0", OLD)


def test_what_either_model_saw_alike_is_left_out_of_what_is_to_be_unlike(account: Account) -> None:
    account.caption("dog 0", NEW)
    assert account.unlike("dog 0") == {"cat 0", "cat 1"}
    account.caption("dog 1", NEW)
    account.caption("cat 1", NEW)
    assert account.unlike("dog 0") == {"cat 0", "cat 1"}


def test_while_functions_of_two_models_answer_a_texts_meaning_is_left_out(account: Account) -> None:
    account.encoder.texts = OLD
    found, degraded = account.like_upload("dog 0", text="dog")
    assert found == set() and "meaning: the encoder did not answer" in degraded
