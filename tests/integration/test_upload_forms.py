"""What an upload form does not allow is refused by the bucket, and again by the captioner.

The emulator checks signatures here, as S3 does:
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
"""

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.config import Config

import chalicelib.storage as storage_module
from chalicelib.bootstrap import S3_CONFIGURATION
from chalicelib.images import State
from chalicelib.storage import PresignedPost
from local.emulator import Emulator
from local.layout import Layout
from local.processes import any_free
from tests.buckets import S3Bucket, adapters
from tests.histories import Life

KEY = "uploads/ada/x/dog.jpg"
FOREIGN = "uploads/bob/x/dog.jpg"
FILE = b"runs"
LIMIT = 100


@pytest.fixture(scope="module")
def checking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an emulator that checks credentials and signatures."""
    layout = Layout(tmp_path_factory.mktemp("checking"))
    layout.make()
    emulator = Emulator(layout, any_free())
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTH", "true")
        emulator.start({}, "")
    yield emulator.url
    emulator.stop()


@pytest.fixture(scope="module")
def bucket(checking: str) -> S3Bucket:
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=checking,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=S3_CONFIGURATION.merge(Config(s3={"addressing_style": "path"})),
    )
    client.create_bucket(Bucket="photographs")
    return S3Bucket(client, "photographs")


@pytest.fixture
def form(bucket: S3Bucket) -> PresignedPost:
    bucket.delete(KEY)
    return bucket.presigned_post(KEY, content_type="image/jpeg", max_bytes=LIMIT)


def sent(form: PresignedPost, body: bytes = FILE, **fields: str) -> tuple[int, str]:
    """Upload a file by a form with some other fields; return status and answer."""
    files = {"file": ("dog.jpg", body, "image/jpeg")}
    answer = httpx.post(form.url, data=form.fields | fields, files=files, timeout=30)
    return answer.status_code, answer.text


def altered(form: PresignedPost, **changes: Any) -> str:
    """Return the policy of a form with other conditions, or another end."""
    document = json.loads(base64.b64decode(form.fields["policy"])) | changes
    return base64.b64encode(json.dumps(document).encode()).decode()


@pytest.mark.fault(14, by="the emulator, which checks signatures")
def test_a_form_lets_the_file_in_that_it_was_made_for(
    bucket: S3Bucket, form: PresignedPost
) -> None:
    assert sent(form)[0] == 204
    assert bucket.read(KEY, limit=LIMIT) == FILE


@pytest.mark.fault(14, by="the emulator, which checks signatures")
@pytest.mark.parametrize(
    ("body", "fields", "told"),
    [
        (b"x" * (LIMIT + 1), {}, "EntityTooLarge"),
        (b"", {}, "EntityTooSmall"),
        (FILE, {"Content-Type": "text/html"}, "AccessDenied"),
        (FILE, {"key": FOREIGN}, "AccessDenied"),
        (FILE, {"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch"),
    ],
)
def test_what_a_form_does_not_allow_is_refused(
    bucket: S3Bucket, form: PresignedPost, body: bytes, fields: dict[str, str], told: str
) -> None:
    status, answer = sent(form, body, **fields)
    assert status in {400, 403} and told in answer
    assert [*bucket.objects("uploads/")] == []


@pytest.mark.fault(14, by="the emulator, which checks signatures")
@pytest.mark.parametrize("changes", [{"expiration": "2099-01-01T00:00:00Z"}, {"conditions": []}])
def test_an_altered_policy_is_refused(
    bucket: S3Bucket, form: PresignedPost, changes: dict[str, Any]
) -> None:
    status, answer = sent(form, policy=altered(form, **changes), key=FOREIGN)
    assert status == 403 and "SignatureDoesNotMatch" in answer
    assert [*bucket.objects("uploads/")] == []


@pytest.mark.fault(14, by="the emulator, which checks signatures")
@pytest.mark.fault(31, by="the emulator, which checks signatures")
def test_an_expired_policy_is_refused(bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.delete(KEY)
    monkeypatch.setattr(storage_module, "UPLOAD_SECONDS", -1)
    form = bucket.presigned_post(KEY, content_type="image/jpeg", max_bytes=LIMIT)
    status, answer = sent(form)
    assert status == 403 and "Policy expired" in answer
    assert [*bucket.objects("uploads/")] == []


@pytest.mark.fault(14, by="the emulator, which checks signatures")
def test_nobody_uploads_without_a_form(checking: str, bucket: S3Bucket) -> None:
    address = f"{checking}/{bucket.bucket}/{FOREIGN}"
    assert httpx.put(address, content=FILE, timeout=30).status_code == 403
    assert bucket.read(FOREIGN, limit=LIMIT) is None


@pytest.mark.fault(14, by="moto and the emulator")
@pytest.mark.parametrize("kind", ["moto", "emulator"])
@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"x" * (LIMIT + 1), "101 bytes, at most 100"), (b"no image", "no JPEG, PNG, WebP or GIF")],
)
def test_what_came_by_no_form_is_refused_by_the_captioner(
    kind: str, body: bytes, reason: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("emulator") if kind == "emulator" else ""
    with adapters(kind, url, f"photographs-{uuid4().hex}") as (catalogue, storage):
        life = Life(catalogue, storage)
        life.upload(body)
        life.deliver(0)
        assert life.record and life.record.state is State.FAILED
        assert reason in (life.record.reason or "")
        assert life.record.caption is None and life.copies == set()
