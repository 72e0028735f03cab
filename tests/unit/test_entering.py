"""A photograph is entered once, however often, late or at once it is asked."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Attribute, Image, Prepared, Source, State
from chalicelib.ingest import Ingest
from chalicelib.transitions import expired
from tests.api import Answer, Api
from tests.ingesting import NOW, prepared

PHOTOGRAPH = b"a photograph"
SHA = hashlib.sha256(PHOTOGRAPH).hexdigest()
NEW = {"name": "dog.jpg", "content_type": "image/jpeg", "size": len(PHOTOGRAPH), "sha256": SHA}
KEYLESS = {name: value for name, value in NEW.items() if name != "sha256"}


def enter(api: Api, key: str | None = None, *, as_: str = "ann", **more: Any) -> Answer:
    headers: dict[str, Any] = {} if key is None else {"Idempotency_Key": key}
    return api.call("POST", "/images", NEW | more, as_=as_, **headers)


def record(api: Api, answer: Answer) -> Image:
    found = api.catalogue.get(answer.json["image"]["id"])
    assert found is not None
    return found


def count(api: Api) -> int:
    return len([image for image in api.catalogue.scan() if not image.is_hidden])


def arrive(api: Api, answer: Answer, body: bytes = PHOTOGRAPH) -> None:
    """Put the file into the bucket, of which nothing has been heard yet."""
    key = answer.json["upload"]["fields"]["key"]
    api.storage.write(key, body, content_type="image/jpeg")


def ingest(api: Api, key: str, sequencer: str = "01", kind: EventKind = EventKind.CREATED) -> None:
    def described(data: bytes) -> Prepared:
        return replace(prepared(b""), captions=(f"a caption of {len(data)} bytes",))

    worker = Ingest(
        api.catalogue,
        api.storage,
        described,
        model="net@1",
        clock=lambda: NOW,
        max_bytes=100,
    )
    event = ObjectEvent(api.storage.bucket, key, kind, None, sequencer)
    worker.removed(event) if kind is EventKind.REMOVED else worker.created(event)


def stored(api: Api, answer: Answer, body: bytes = PHOTOGRAPH) -> Image:
    """Let the file arrive and be described."""
    arrive(api, answer, body)
    ingest(api, answer.json["upload"]["fields"]["key"])
    return record(api, answer)


# The same request again --------------------------------------------------------------------------


def test_a_new_photograph_is_made_and_an_old_one_found(api: Api) -> None:
    first, second = enter(api, "k1"), enter(api, "k1")
    assert (first.status, second.status) == (201, 200)
    assert first.json["image"]["id"] == second.json["image"]["id"]
    assert (first.json["duplicate"], second.json["duplicate"]) == (False, False)
    assert second.json["upload"]["fields"]["key"] == first.json["upload"]["fields"]["key"]


@pytest.mark.parametrize("key", [None, "k1"])
def test_two_equal_requests_at_once_make_one_record(api: Api, key: str | None) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = [*pool.map(lambda _: enter(api, key), range(6))]
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
    assert len({answer.json["image"]["id"] for answer in answers}) == 1
    assert count(api) == 1


def test_a_late_copy_answers_what_stands_and_resets_nothing(api: Api) -> None:
    before = stored(api, enter(api, "k1", caption="My dog"))
    edited = api.call("PATCH", f"/images/{before.image_id}", {"caption": "My old dog"}).json
    late = enter(api, "k1", caption="My dog")
    assert (late.status, late.json["duplicate"], late.json["upload"]) == (200, True, None)
    assert late.json["image"]["caption"]["text"] == "My old dog"
    assert late.json["image"]["rev"] == edited["rev"]


def test_a_late_copy_finds_a_file_of_which_nothing_has_been_heard(api: Api) -> None:
    first = enter(api, "k1")
    arrive(api, first)
    late = enter(api, "k1")
    assert (late.json["duplicate"], late.json["upload"]) == (True, None)
    assert late.json["image"]["state"] == "pending"


def test_what_has_expired_is_awaited_again_with_all_that_was_said_of_it(api: Api) -> None:
    first = enter(api, "k1", caption="My dog")
    old = record(api, first)
    api.catalogue.save(expired(old, NOW), expected_rev=old.rev)
    again = enter(api, "k1", caption="My dog")
    assert (again.status, again.json["duplicate"]) == (200, False)
    assert again.json["image"]["id"] == old.image_id
    assert (again.json["image"]["state"], again.json["image"]["reason"]) == ("pending", None)
    assert again.json["image"]["caption"]["text"] == "My dog"
    assert again.json["upload"]["fields"]["key"] == old.key


@pytest.mark.parametrize("key", [None, "k1"])
def test_events_of_a_deleted_photograph_do_no_harm_to_the_same_entered_again(
    api: Api, key: str | None
) -> None:
    first = enter(api, key, caption="My dog")
    arrive(api, first)
    old = record(api, first)
    api.call("DELETE", f"/images/{old.image_id}", query={"permanent": "true"})
    again = enter(api, key, caption="My dog")
    assert (again.status, again.json["image"]["state"]) == (201, "pending")
    for kind, sequencer in ((EventKind.CREATED, "01"), (EventKind.REMOVED, "02")):
        ingest(api, old.key, sequencer, kind)
    image = stored(api, again)
    assert (image.state, image.caption and image.caption.text) == (State.CAPTIONED, "My dog")
    assert count(api) == 1
    assert enter(api, key).json["image"]["id"] == image.image_id


def test_a_key_means_one_photograph_of_each_name(api: Api) -> None:
    one = api.call("POST", "/images", KEYLESS, Idempotency_Key="folder")
    two = api.call("POST", "/images", KEYLESS | {"name": "cat.jpg"}, Idempotency_Key="folder")
    assert one.json["image"]["id"] != two.json["image"]["id"]


@pytest.mark.parametrize(
    "other", [{"sha256": "ab" * 32}, {"size": 7}, {"content_type": "image/png"}]
)
def test_a_key_that_comes_with_another_file_is_refused(api: Api, other: dict[str, Any]) -> None:
    stored(api, enter(api, "k1"))
    answer = enter(api, "k1", **other)
    assert (answer.status, answer.json["title"]) == (422, "Idempotency key reused")
    assert count(api) == 1


def test_a_media_type_that_the_file_corrects_is_still_the_same_request(api: Api) -> None:
    first = enter(api, "k1", content_type="image/png")
    assert stored(api, first).content_type == "image/jpeg"
    assert enter(api, "k1", content_type="image/png").json["duplicate"]


@pytest.mark.parametrize("key", ["", "é", "a\tb", "x" * 256])
def test_a_key_is_printable_ascii_of_255_characters_at_most(api: Api, key: str) -> None:
    answer = enter(api, key)
    assert (answer.status, answer.json["field"]) == (400, "Idempotency-Key")
    assert enter(api, "x" * 255).status == 201


def test_without_key_and_content_each_request_makes_a_record(api: Api) -> None:
    assert [api.call("POST", "/images", KEYLESS).status for _ in range(2)] == [201, 201]
    assert count(api) == 2


# The same content --------------------------------------------------------------------------------


def test_content_that_is_there_is_reported_and_not_stored_again(api: Api) -> None:
    there = stored(api, enter(api))
    again = enter(api, name="holidays.jpg")
    assert (again.status, again.json["duplicate"], again.json["upload"]) == (200, True, None)
    assert again.json["image"]["id"] == there.image_id
    assert count(api) == 1


def test_content_that_never_came_is_awaited_under_the_name_it_was_announced_with(api: Api) -> None:
    first = enter(api)
    again = enter(api, name="holidays.jpg", content_type="image/png")
    assert (again.json["image"]["id"], again.json["duplicate"]) == (
        first.json["image"]["id"],
        False,
    )
    assert again.json["upload"]["fields"]["key"] == first.json["upload"]["fields"]["key"]
    assert again.json["upload"]["fields"]["Content-Type"] == "image/png"


def test_a_photograph_that_is_there_is_found_before_one_that_is_awaited(api: Api) -> None:
    enter(api, "k1")
    there = stored(api, enter(api, "k2", duplicates="store"))
    assert enter(api, name="other.jpg").json["image"]["id"] == there.image_id


def test_a_duplicate_is_stored_where_that_is_asked(api: Api) -> None:
    stored(api, enter(api))
    twice = [enter(api, duplicates="store") for _ in range(2)]
    assert [answer.status for answer in twice] == [201, 201]
    assert len({answer.json["image"]["id"] for answer in twice}) == 2


def test_a_key_says_which_of_two_equal_photographs_is_meant(api: Api) -> None:
    stored(api, enter(api))
    first = enter(api, "second", duplicates="store")
    assert (first.status, first.json["duplicate"]) == (201, False)
    assert enter(api, "second", duplicates="store").json["image"]["id"] == first.json["image"]["id"]


def test_another_owners_content_is_never_told_of(api: Api) -> None:
    stored(api, enter(api))
    answer = enter(api, as_="bob")
    assert (answer.status, answer.json["duplicate"]) == (201, False)
    assert answer.json["image"]["owner"] == "bob"


def test_what_was_uploaded_without_a_checksum_is_found_by_its_content(api: Api) -> None:
    there = stored(api, api.call("POST", "/images", KEYLESS))
    assert there.sha256 == SHA
    assert enter(api).json["image"]["id"] == there.image_id


def test_a_wrong_claim_does_not_make_a_later_photograph_look_stored(api: Api) -> None:
    wrong = stored(api, enter(api), b"something else")
    for key in (None, "k1"):
        honest = enter(api, key)
        assert (honest.json["duplicate"], honest.json["upload"] is None) == (False, False)
        assert honest.json["image"]["id"] != wrong.image_id
    assert stored(api, honest).sha256 == SHA
    assert record(api, honest).state is State.CAPTIONED
    untouched = api.catalogue.get(wrong.image_id)
    assert untouched == wrong


def test_a_form_lets_in_the_content_that_was_announced_alone(api: Api) -> None:
    assert enter(api).json["upload"]["fields"]["sha256"] == SHA


@pytest.mark.parametrize("sha256", ["", "ab", "g" * 64, 7, "ab" * 33])
def test_a_checksum_is_64_hexadecimal_digits(api: Api, sha256: object) -> None:
    answer = enter(api, sha256=sha256)
    assert (answer.status, answer.json["field"]) == (400, "sha256")


def test_a_checksum_may_be_written_in_capitals(api: Api) -> None:
    assert enter(api, sha256=SHA.upper()).json["image"]["id"] == enter(api).json["image"]["id"]


# What is said of it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stands", "comes", "text"),
    [
        (None, "import", "as imported"),
        (None, "user", "as imported"),
        ("import", "import", "as imported"),
        ("import", "user", "as imported"),
        ("user", "user", "as imported"),
        ("user", "import", "before"),
    ],
)
def test_an_import_corrects_imports_and_a_user_everyone(
    api: Api, stands: str | None, comes: str, text: str
) -> None:
    first: dict[str, Any] = {"caption": "before", "source": stands} if stands else {}
    stored(api, enter(api, **first))
    image = enter(api, caption="as imported", source=comes).json["image"]
    assert image["caption"]["text"] == text
    assert image["caption"]["source"] == (stands if text == "before" else comes)


def test_attributes_and_keywords_follow_the_same_rule(api: Api) -> None:
    said: dict[str, Any] = {"attributes": [{"subject": "dog"}], "keywords": ["pets"]}
    image = record(api, enter(api, source="import", **said))
    assert (image.attributes, image.attributes_source) == ((Attribute("dog"),), Source.IMPORT)
    assert (image.keywords, image.keywords_source) == (("pets",), Source.IMPORT)
    other: dict[str, Any] = {"attributes": [{"subject": "cat"}], "keywords": ["cats"]}
    image = record(api, enter(api, source="user", **other))
    assert (image.attributes, image.keywords) == ((Attribute("cat"),), ("cats",))
    image = record(api, enter(api, source="import", **said))
    assert (image.attributes_source, image.keywords) == (Source.USER, ("cats",))


def test_a_model_leaves_imported_attributes_alone(api: Api) -> None:
    image = stored(api, enter(api, source="import", attributes=[{"subject": "poodle"}]))
    assert image.attributes == (Attribute("poodle"),)


def test_the_same_import_again_writes_nothing(api: Api) -> None:
    told: dict[str, Any] = {"caption": "A dog", "keywords": ["pets"], "source": "import"}
    before = stored(api, enter(api, **told))
    assert enter(api, **told).json["image"]["rev"] == before.rev
