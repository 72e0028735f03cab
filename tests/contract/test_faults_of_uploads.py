"""What goes wrong between an upload and its record, on adapters of S3 and DynamoDB."""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import permutations
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.api.entering import Entering
from chalicelib.api.requests import NewImage
from chalicelib.events import redrive
from chalicelib.images import Prepared, Source, State
from chalicelib.storage import MAX_KEY_BYTES
from chalicelib.transitions import edited
from tests.buckets import adapters
from tests.histories import ADA, NOW, Killed, Life
from tests.ingesting import prepared

Begin = Callable[..., Life]


@pytest.fixture(params=["moto", "emulator"])
def begin(request: pytest.FixtureRequest) -> Iterator[Begin]:
    """Yield what begins the life of a photograph of a key, all on the same adapters."""
    url = request.getfixturevalue("emulator") if request.param == "emulator" else ""
    with adapters(request.param, url, f"photographs-{uuid4().hex}") as (catalogue, storage):

        def begun(name: str = "dog.jpg", prepare: Any = prepared) -> Life:
            return Life(catalogue, storage, prepare, f"uploads/ada/{name}")

        yield begun


def caption(life: Life) -> str | None:
    return life.record.caption.text if life.record and life.record.caption else None


def with_sequencers(life: Life, *sequencers: str) -> None:
    for message, sequencer in zip(life.messages, sequencers, strict=True):
        message["Records"][0]["s3"]["object"]["sequencer"] = sequencer


@pytest.mark.fault(1)
def test_the_same_event_one_after_the_other_makes_one_record_and_one_set_of_copies(
    begin: Begin,
) -> None:
    life = begin()
    life.upload()
    for _ in range(3):
        life.deliver(0)
    assert life.record and life.record.rev == 1
    assert life.counted == {"captioned": 1, "duplicate": 2}
    life.assert_settled()


@pytest.mark.fault(1)
def test_the_same_event_in_two_workers_at_once_makes_one_record_and_one_set_of_copies(
    begin: Begin,
) -> None:
    both = Barrier(2, timeout=60)

    def together(data: bytes) -> Prepared:
        both.wait()
        return prepared(data)

    life = begin(prepare=together)
    life.upload()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(life.deliver, (0, 0)))
    assert life.record and life.record.rev == 1
    life.assert_settled()


@pytest.mark.fault(1)
def test_the_slower_of_two_workers_on_the_same_event_is_counted_as_a_duplicate(
    begin: Begin,
) -> None:
    life = begin()
    life.upload()
    other = life.worker("net@1")

    def while_the_other_finishes(data: bytes) -> Prepared:
        life.deliver(0, worker=other)
        return prepared(data)

    life.deliver(0, worker=life.worker("net@1", while_the_other_finishes))
    assert life.record and life.record.rev == 1
    assert life.counted == {"captioned": 1, "duplicate": 1}
    life.assert_settled()


@pytest.mark.fault(2)
@pytest.mark.parametrize("sequencers", [("0A", "0A1"), ("0A9", "0B"), ("00FF", "01")])
def test_the_event_of_a_newer_version_stands_before_the_older_one_whatever_their_lengths(
    begin: Begin, sequencers: tuple[str, str]
) -> None:
    life = begin()
    life.upload(b"sits")
    life.upload(b"runs")
    with_sequencers(life, *sequencers)
    for event in (1, 0, 1):
        life.deliver(event)
        assert caption(life) == "a brown dog runs"
    life.assert_settled()


@pytest.mark.fault(3)
def test_a_deletion_before_its_upload_and_the_key_used_again_end_as_the_bucket_says(
    begin: Begin,
) -> None:
    for number, order in enumerate(permutations(range(3))):
        life = begin(f"{number}.jpg")
        life.upload(b"sits")
        life.bucket.delete(life.key)
        for event in (1, 0, 0):
            life.deliver(event)
            assert not life.is_living
        life.upload(b"runs")
        for event in (*order, *order):
            life.deliver(event)
        life.assert_settled()


@pytest.mark.fault(3)
def test_what_the_api_deletes_before_its_event_comes_stays_deleted(begin: Begin) -> None:
    life = begin()
    life.enter()
    life.upload(b"sits")
    life.upload(b"runs")
    assert life.delete()
    for event in (0, 1, 2, 1, 0):
        life.deliver(event)
        assert not life.is_living
    life.assert_settled()
    life.upload(b"jumps")
    for event in (0, 3, 1, 2):
        life.deliver(event)
    life.assert_settled()
    assert caption(life) == "a brown dog jumps"


@pytest.mark.fault(3)
def test_a_deletion_by_the_api_in_the_midst_of_captioning_holds(begin: Begin) -> None:
    at = 0
    while True:
        life = begin(f"{at}.jpg")
        life.enter()
        life.upload()
        life.steps.plan(at, life.delete)
        life.deliver(0)
        if not life.is_answered_deleted:
            break
        life.assert_deleted_is_deleted()
        life.deliver_the_rest()
        life.assert_settled()
        at += 1
    assert at > 5


def key_of_all_bytes() -> str:
    return "é" * ((MAX_KEY_BYTES - len("uploads/ada/.jpg")) // 2) + ".jpg"


@pytest.mark.fault(4)
@pytest.mark.parametrize(
    "name",
    [
        "a dog  at home.jpg",
        "one+two.jpg",
        "one%2Btwo%20.jpg",
        unicodedata.normalize("NFC", "schnée.jpg"),
        unicodedata.normalize("NFD", "schnée.jpg"),
        "🐕‍🦺.jpg",
        "a&b=c;d?e#f.jpg",
        "../up.jpg",
        key_of_all_bytes(),
    ],
)
def test_a_key_is_decoded_once_and_kept_as_it_is(begin: Begin, name: str) -> None:
    life = begin(name)
    life.upload()
    life.deliver(0)
    assert life.record and life.record.key == f"uploads/ada/{name}"
    assert [found.key for found in life.bucket.objects(life.key)] == [life.key]
    life.assert_settled()
    assert life.delete()
    life.deliver(1)
    life.assert_settled()


@pytest.mark.fault(4)
def test_the_composed_and_the_decomposed_form_of_a_name_are_two_photographs(begin: Begin) -> None:
    for form, body in (("NFC", b"sits"), ("NFD", b"runs")):
        life = begin(unicodedata.normalize(form, "schnée.jpg"))  # type: ignore[arg-type]
        life.upload(body)
        life.deliver(0)
        life.assert_settled()


@pytest.mark.fault(7)
def test_a_worker_that_is_killed_before_any_call_is_made_good_by_the_next_delivery(
    begin: Begin,
) -> None:
    def die() -> None:
        raise Killed

    at = 0
    while True:
        life = begin(f"{at}.jpg")
        life.upload()
        life.steps.plan(at, die)
        with suppress(Killed):
            life.deliver(0)
            break
        life.deliver(0, attempt=2)
        life.assert_settled()
        assert life.record and life.record.rev == 1
        at += 1
    assert at > 5


@pytest.mark.fault(7)
def test_a_delivery_after_all_was_done_repeats_nothing(begin: Begin) -> None:
    life = begin()
    life.upload()
    life.deliver(0)
    before = life.record
    life.deliver(0, attempt=2)
    assert life.record == before
    life.assert_settled()


@pytest.mark.fault(15)
def test_an_object_that_is_replaced_before_it_is_read_is_described_by_its_own_version(
    begin: Begin,
) -> None:
    life = begin()
    life.upload(b"sits")
    life.upload(b"runs")
    life.deliver(0)
    assert caption(life) == "a brown dog sits"
    told = life.messages[0]["Records"][0]["s3"]["object"]
    assert life.record and life.record.version_id == told["versionId"]
    life.deliver(1)
    life.assert_settled()


@pytest.mark.fault(15)
def test_a_version_that_is_gone_is_left_to_the_newer_event(begin: Begin) -> None:
    life = begin()
    life.upload(b"sits")
    life.upload(b"runs")
    old = life.messages[0]["Records"][0]["s3"]["object"]["versionId"]
    life.bucket.purge(life.key, old)
    life.deliver(0)
    assert life.record is None
    for event in (2, 1):
        life.deliver(event)
    life.assert_settled()


@pytest.mark.fault(18)
def test_what_a_person_writes_while_it_is_captioned_again_wins(begin: Begin) -> None:
    life = begin()
    life.upload()
    life.deliver(0)

    def while_a_person_writes(data: bytes) -> Prepared:
        assert life.record
        said = edited(life.record, NOW, caption="my Rex")
        life.catalogue.save(said, expected_rev=life.record.rev)
        return prepared(data)

    again = life.worker("net@2", while_a_person_writes)
    life.deliver(redrive(life.key, force=True), worker=again)
    assert life.record and life.record.caption
    kept = life.record.caption
    assert (kept.text, kept.source) == ("my Rex", Source.USER)
    assert "a brown dog runs" in kept.alternatives
    assert life.record.processed_by == "net@2"
    assert life.record.copies == life.copies


@pytest.mark.fault(33)
@pytest.mark.parametrize("by_the_api", [False, True])
def test_a_delete_marker_that_is_removed_brings_the_photograph_back(
    begin: Begin, by_the_api: bool
) -> None:
    for number, order in enumerate(permutations(range(3))):
        life = begin(f"{number}.jpg")
        life.enter()
        life.upload()
        life.deliver(0)
        if by_the_api:
            assert life.delete()
        else:
            life.bucket.delete(life.key)
        life.undo()
        for event in order:
            life.deliver(event)
        life.assert_settled()
        assert life.is_living


@pytest.mark.fault(37)
@pytest.mark.fault(33)
def test_a_version_that_is_restored_by_copying_it_is_the_photograph_again(begin: Begin) -> None:
    life = begin()
    life.upload()
    life.deliver(0)
    assert life.delete()
    old = life.messages[0]["Records"][0]["s3"]["object"]["versionId"]
    life.upload(life.bucket.read(life.key, version_id=old, limit=100))
    for event in (2, 1, 0):
        life.deliver(event)
    life.assert_settled()
    assert life.is_living


class Client:
    """A program that uploads by ``POST /images`` and does not know whether it was answered."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._entering = Entering(life.catalogue, life.storage, 100, lambda: NOW)

    def ask(self, key: str | None, body: bytes = b"runs") -> tuple[str, bool]:
        """Ask; return the record's id, and whether it is new."""
        document = {"name": "dog.jpg", "size": len(body), "caption": "my Rex"}
        document["sha256"] = hashlib.sha256(body).hexdigest()
        new = NewImage.model_validate_json(json.dumps(document))
        entered = self._entering.enter(ADA, new, key)
        return entered.image.image_id, entered.is_new


KEYS_OF_REQUESTS = ["key-1", None]


@pytest.mark.fault(34)
@pytest.mark.parametrize("key", KEYS_OF_REQUESTS)
def test_the_same_request_twice_makes_one_record_wherever_the_second_comes(
    begin: Begin, key: str | None
) -> None:
    at, fired = 0, True
    while fired:
        life = begin()
        client, answers = Client(life), []
        asked = (f"{key}-{at}" if key else None, f"file {at}".encode())
        life.steps.plan(at, lambda: answers.append(client.ask(*asked)))  # noqa: B023
        first = client.ask(*asked)
        fired = bool(answers)
        answers += [first, Client(begin()).ask(*asked)]
        assert len({image_id for image_id, _ in answers}) == 1
        at += 1
    assert at > 2
    assert len([*begin().catalogue.scan()]) == at


@pytest.mark.fault(34)
@pytest.mark.parametrize("key", KEYS_OF_REQUESTS)
def test_a_client_killed_between_request_and_answer_finds_its_record(
    begin: Begin, key: str | None
) -> None:
    def die() -> None:
        raise Killed

    at = 0
    while True:
        life = begin()
        client = Client(life)
        life.steps.plan(at, die)
        with suppress(Killed):
            client.ask(key)
            break
        at += 1
    (record,) = begin().catalogue.scan()
    assert Client(begin()).ask(key) == (record.image_id, False)
    assert record.caption and record.caption.text == "my Rex"


@pytest.mark.fault(34)
def test_a_request_served_after_its_photograph_was_captioned_resets_nothing(begin: Begin) -> None:
    life = begin()
    client = Client(life)
    image_id, _ = client.ask("key-1")
    told = life.catalogue.get(image_id)
    uploaded = begin(told.key.removeprefix("uploads/ada/"))
    uploaded.upload()
    uploaded.deliver(0)
    before = uploaded.record
    assert before and before.state is State.CAPTIONED
    assert Client(uploaded).ask("key-1") == (image_id, False)
    assert uploaded.record == before
