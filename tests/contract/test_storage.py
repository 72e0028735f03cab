"""Every storage keeps the same promises."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from chalicelib.errors import PayloadTooLarge
from chalicelib.storage import NULL_VERSION, S3Storage, owner_of
from tests.buckets import VersionedStorage, s3_bucket
from tests.memory.storage import MemoryStorage


@pytest.fixture(params=["memory", "moto", "emulator"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def unversioned(kind: str, request: pytest.FixtureRequest) -> Iterator[VersionedStorage]:
    """Yield a bucket that keeps no versions yet."""
    if kind == "memory":
        yield MemoryStorage("photographs", versioned=False)
    elif kind == "moto":
        with mock_aws():
            yield s3_bucket("photographs", versioned=False)
    else:
        url = request.getfixturevalue("emulator")
        yield s3_bucket(f"photographs-{uuid4().hex}", url, versioned=False)


@pytest.fixture
def storage(unversioned: VersionedStorage) -> VersionedStorage:
    unversioned.keep_versions()
    return unversioned


KEYS = ["uploads/ann/a b+c%2B.jpg", "uploads/ann/é🐕.png", "uploads/bob/x.jpg"]


def test_an_object_comes_back_whatever_its_key(storage: VersionedStorage) -> None:
    for key in KEYS:
        storage.write(key, key.encode(), content_type="image/jpeg")
    assert [storage.read(key, limit=100) for key in KEYS] == [key.encode() for key in KEYS]


def test_what_is_gone_is_none_and_deleting_it_is_no_error(storage: VersionedStorage) -> None:
    storage.delete("uploads/ann/none.jpg")
    assert storage.read("uploads/ann/none.jpg", limit=10) is None


@pytest.mark.parametrize("key", ["k" * 1_025, "é" * 513])
def test_nothing_is_asked_of_a_key_that_is_too_long_for_an_object(key: str) -> None:
    client = boto3.client("s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    storage = S3Storage(client, "photographs")
    with Stubber(client):
        assert storage.head(key) is None
        assert storage.read(key, limit=1) is None


def test_what_a_key_holds_now_is_told_without_its_bytes(storage: VersionedStorage) -> None:
    assert storage.head(KEYS[0]) is None
    storage.write(KEYS[0], b"12345", content_type="image/jpeg")
    storage.write(KEYS[0], b"123", content_type="image/jpeg")
    found = storage.head(KEYS[0])
    assert found is not None
    assert (found.key, found.size) == (KEYS[0], 3)
    assert storage.read(KEYS[0], version_id=found.version_id, limit=9) == b"123"
    storage.delete(KEYS[0])
    assert storage.head(KEYS[0]) is None


def written(storage: VersionedStorage, *bodies: bytes) -> list[str | None]:
    """Store versions of a key, the oldest first; return their ids."""
    ids = []
    for body in bodies:
        storage.write(KEYS[0], body, content_type="image/jpeg")
        found = storage.head(KEYS[0])
        assert found is not None
        ids.append(found.version_id)
    return ids


def test_each_version_is_read_by_its_id_and_the_newest_without_one(
    storage: VersionedStorage,
) -> None:
    first, second = written(storage, b"one", b"two")
    assert first != second
    assert storage.read(KEYS[0], version_id=first, limit=9) == b"one"
    assert storage.read(KEYS[0], version_id=second, limit=9) == b"two"
    assert storage.read(KEYS[0], limit=9) == b"two"


def test_equal_contents_have_one_etag_and_two_versions(storage: VersionedStorage) -> None:
    etags = set()
    for body in (b"same", b"same", b"other"):
        storage.write(KEYS[0], body, content_type="image/jpeg")
        found = storage.head(KEYS[0])
        assert found is not None
        etags.add(found.etag)
    assert len(etags) == 2
    assert storage.versions(KEYS[0]) == 3


def test_under_a_delete_marker_only_versions_by_their_ids_are_found(
    storage: VersionedStorage,
) -> None:
    (version,) = written(storage, b"one")
    storage.delete(KEYS[0])
    assert storage.head(KEYS[0]) is None
    assert storage.read(KEYS[0], limit=9) is None
    assert storage.read(KEYS[0], version_id=version, limit=9) == b"one"
    assert list(storage.objects("uploads/")) == []
    assert storage.versions(KEYS[0]) == 2


def test_a_delete_marker_has_an_id_and_is_no_object(storage: VersionedStorage) -> None:
    written(storage, b"one")
    storage.delete(KEYS[0])
    marker = storage.purge(KEYS[0])
    storage.delete(KEYS[0])
    other = storage.purge(KEYS[0])
    storage.delete(KEYS[0])
    assert marker != other
    assert storage.read(KEYS[0], version_id=other, limit=9) is None


def test_a_delete_marker_that_is_removed_shows_the_version_below(
    storage: VersionedStorage,
) -> None:
    first, second = written(storage, b"one", b"two")
    storage.delete(KEYS[0])
    storage.purge(KEYS[0])
    found = storage.head(KEYS[0])
    assert found is not None and found.version_id == second
    assert storage.purge(KEYS[0]) == second
    found = storage.head(KEYS[0])
    assert found is not None and found.version_id == first


def test_a_version_that_is_deleted_for_good_is_gone_and_its_id_is_not_used_again(
    storage: VersionedStorage,
) -> None:
    (version,) = written(storage, b"one")
    storage.purge(KEYS[0], version)
    assert storage.read(KEYS[0], version_id=version, limit=9) is None
    assert storage.head(KEYS[0]) is None
    (newer,) = written(storage, b"two")
    assert newer != version


def test_a_deletion_of_what_was_never_there_leaves_a_marker_that_a_new_object_covers(
    storage: VersionedStorage, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "moto":
        request.applymarker(pytest.mark.xfail(reason="moto leaves none, as S3 and MiniStack do"))
    storage.delete(KEYS[0])
    assert storage.versions(KEYS[0]) == 1
    written(storage, b"one")
    assert storage.read(KEYS[0], limit=9) == b"one"


def test_where_no_versions_are_kept_an_object_replaces_the_former_one(
    unversioned: VersionedStorage,
) -> None:
    ids = {version or NULL_VERSION for version in written(unversioned, b"one", b"two")}
    assert ids == {NULL_VERSION}
    unversioned.delete(KEYS[0])
    assert unversioned.read(KEYS[0], limit=9) is None


def test_what_was_there_before_versions_were_kept_is_the_null_version(
    unversioned: VersionedStorage,
) -> None:
    written(unversioned, b"one")
    unversioned.keep_versions()
    found = unversioned.head(KEYS[0])
    assert found is not None and found.version_id in {None, NULL_VERSION}
    (newer,) = written(unversioned, b"two")
    assert newer not in {None, NULL_VERSION}
    assert unversioned.read(KEYS[0], version_id=NULL_VERSION, limit=9) == b"one"
    unversioned.delete(KEYS[0])
    assert unversioned.read(KEYS[0], version_id=NULL_VERSION, limit=9) == b"one"


def test_an_object_over_the_limit_is_refused(storage: VersionedStorage) -> None:
    storage.write(KEYS[0], b"x" * 11, content_type="image/jpeg")
    with pytest.raises(PayloadTooLarge, match="11 bytes, at most 10"):
        storage.read(KEYS[0], limit=10)


def test_objects_are_listed_in_key_order_from_anywhere(storage: VersionedStorage) -> None:
    for key in KEYS:
        storage.write(key, b"x", content_type="image/jpeg")
    assert [found.key for found in storage.objects("uploads/ann/")] == KEYS[:2]
    assert [found.key for found in storage.objects("uploads/", after=KEYS[0])] == KEYS[1:]


def test_the_newest_version_of_each_key_is_listed_with_its_id_and_when_it_was_stored(
    storage: VersionedStorage,
) -> None:
    for body in (b"x", b"newer"):
        for key in (*KEYS, "uploads/ann/gone.jpg"):
            storage.write(key, body, content_type="image/jpeg")
    storage.delete("uploads/ann/gone.jpg")
    listed = [*storage.newest_versions("uploads/")]
    assert [found.key for found in listed] == KEYS
    for found in listed:
        held = storage.head(found.key)
        assert held and held.modified_at and found.modified_at
        # A header tells seconds alone.
        moment = found.modified_at.replace(microsecond=held.modified_at.microsecond)
        assert replace(found, modified_at=moment) == held
    for at, key in enumerate(KEYS):
        assert [*storage.newest_versions("uploads/", after=key)] == listed[at + 1 :]
    assert {one.key: one.modified_at for one in storage.objects("uploads/")} == {
        one.key: one.modified_at for one in listed
    }


def test_versions_are_listed_over_several_pages() -> None:
    with mock_aws():
        bucket = s3_bucket("photographs")
        for number in range(600):
            for _ in range(2):
                bucket.write(f"uploads/{number:04}", b"x", content_type="image/jpeg")
        listed = [found.key for found in bucket.newest_versions("uploads/")]
        assert listed == [f"uploads/{number:04}" for number in range(600)]
        rest = bucket.newest_versions("uploads/", after="uploads/0555")
        assert [found.key for found in rest] == listed[556:]


def test_a_form_names_the_key_and_the_type(storage: VersionedStorage) -> None:
    form = storage.presigned_post(KEYS[0], content_type="image/png", max_bytes=5)
    assert form.fields["key"] == KEYS[0]
    assert form.fields["Content-Type"] == "image/png"
    assert form.url


def test_a_link_to_save_differs_from_a_link_to_show(storage: VersionedStorage) -> None:
    assert storage.presigned_gets({KEYS[2]: None}) != storage.presigned_gets({KEYS[2]: "x.jpg"})


@pytest.mark.fault(14, by="moto")
def test_the_policy_fixes_key_and_type_limits_the_size_and_links_never_run_in_a_browser() -> None:
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        storage = S3Storage(client, "photographs")
        form = storage.presigned_post(KEYS[1], content_type="image/png", max_bytes=5)
        link = storage.presigned_gets({KEYS[1]: "a b é.html"})[KEYS[1]]
    conditions = json.loads(base64.b64decode(form.fields["policy"]))["conditions"]
    for wanted in ({"key": KEYS[1]}, {"Content-Type": "image/png"}, {"bucket": "photographs"}):
        assert wanted in conditions
    assert ["content-length-range", 1, 5] in conditions
    assert not any(condition[0] == "starts-with" for condition in conditions if len(condition) > 2)
    asked = parse_qs(urlsplit(link).query)
    assert asked["response-content-type"] == ["application/octet-stream"]
    disposition = "attachment; filename*=UTF-8''a%20b%20%C3%A9.html"
    assert asked["response-content-disposition"] == [disposition]


def test_the_policy_fixes_the_content_where_it_was_announced() -> None:
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        storage = S3Storage(client, "photographs")
        digest = hashlib.sha256(b"a photograph").digest()
        form = storage.presigned_post(
            KEYS[1], content_type="image/png", max_bytes=5, sha256=digest.hex()
        )
    fields = {
        "x-amz-checksum-algorithm": "SHA256",
        "x-amz-checksum-sha256": base64.b64encode(digest).decode(),
    }
    assert fields.items() <= form.fields.items()
    conditions = json.loads(base64.b64decode(form.fields["policy"]))["conditions"]
    assert all({name: value} in conditions for name, value in fields.items())


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("uploads/ann/x.jpg", "ann"),
        ("uploads/ann/a/b.jpg", "ann"),
        ("uploads/x.jpg", "default"),
        ("uploads//x.jpg", "default"),
    ],
)
def test_a_photograph_belongs_to_its_folder(key: str, owner: str) -> None:
    assert owner_of(key) == owner
