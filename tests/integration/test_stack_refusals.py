"""What the deployed stack takes no notice of, and what it refuses to look at."""

import base64
import io
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from chalicelib.images import image_id_of
from local.function import HANDLERS
from tests.deployed import DeployedStack, eventually
from tests.integration.test_stack_pipeline import photograph, settled, upload

pytestmark = [pytest.mark.stack]

KEY = "derived/x/display.webp"


@pytest.fixture(scope="module")
def client(stack: DeployedStack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def record(bucket: str, key: str) -> dict[str, Any]:
    """Return what S3 tells of a new object."""
    of = {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "01", "size": 1}}
    return {"eventName": "ObjectCreated:Put", "s3": of}


def errors(stack: DeployedStack) -> int:
    """Return how many errors the captioner has logged."""
    files = [stack.home / "logs" / f"{name}.log" for name in HANDLERS]
    return sum(file.read_text(errors="replace").count('"level":"ERROR"') for file in files)


@pytest.mark.fault(5)
def test_messages_that_tell_of_no_upload_are_acknowledged_and_are_no_errors(
    stack: DeployedStack, client: httpx.Client
) -> None:
    bucket = stack.facts["bucket"]
    eventually(stack.is_drained, because=stack.log)
    given_up, before = stack.waiting("dead_letter_queue_url"), errors(stack)
    for body in (
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": bucket}),
        "{}",
        "[]",
        "no document",
        json.dumps({"Records": []}),
        json.dumps({"Records": [record("somebody-elses", "uploads/ann/a.jpg")]}),
        json.dumps({"Records": [record(bucket, KEY)]}),
        json.dumps({"Records": [record(bucket, "index/manifest.json")]}),
    ):
        stack.aws("sqs").send_message(QueueUrl=stack.facts["queue_url"], MessageBody=body)
    image = settled(client, upload(client, "after.jpg", photograph("salmon"), caption="A fish"))
    assert image["state"] == "captioned"
    eventually(stack.is_drained, because=stack.log)
    assert stack.waiting("dead_letter_queue_url") == given_up
    assert errors(stack) == before
    for where, key in (("somebody-elses", "uploads/ann/a.jpg"), (bucket, KEY)):
        assert client.get(f"/images/{image_id_of(where, key)}").status_code == 404


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yield a server of this machine to which nobody is to connect."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        yield server


@pytest.mark.fault(23)
def test_a_search_by_an_image_fetches_nothing_whatever_it_names(
    client: httpx.Client, listener: socket.socket
) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.jpg"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'
    for address in (url, "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"):
        for body, field in (
            ({"image": address}, "image"),
            ({"image": base64.b64encode(address.encode()).decode()}, "image"),
            ({"url": address}, "url"),
            ({"url": address, "image": "eHh4"}, "url"),
        ):
            answer = client.post("/search/image", json=body)
            assert (answer.status_code, answer.json()["field"]) == (400, field), body
            assert "root:" not in answer.text
    answer = client.post("/search/image", json={"image": base64.b64encode(svg.encode()).decode()})
    assert (answer.status_code, answer.json()["field"]) == (400, "image")
    with pytest.raises(TimeoutError):
        listener.accept()


@pytest.mark.fault(23)
@pytest.mark.parametrize("content", [b"", b"words", b"%PDF-1.7", b"%!PS-Adobe", b"\xff\xd8\xff"])
def test_what_is_no_image_is_not_searched_by(client: httpx.Client, content: bytes) -> None:
    body = {"image": base64.b64encode(content).decode()}
    answer = client.post("/search/image", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, "image")


@pytest.mark.fault(23)
def test_an_image_over_the_limit_is_not_searched_by_and_one_below_is(client: httpx.Client) -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "plum").save(file, "JPEG")
    for padding, status in ((4_000_001, 413), (1_000_000, 200)):
        content = file.getvalue() + b"\0" * (padding - len(file.getvalue()))
        body = {"image": base64.b64encode(content).decode()}
        answer = client.post("/search/image", json=body)
        assert answer.status_code == status, answer.text[:200]


@pytest.mark.fault(25)
def test_an_edit_of_owner_state_or_model_is_refused(client: httpx.Client) -> None:
    image_id = upload(client, "mine.jpg", photograph("orchid"), caption="A dog sits")
    before = settled(client, image_id)
    for field, value in (("owner", "bob"), ("status", "failed"), ("model", "mine@1")):
        answer = client.patch(f"/images/{image_id}", json={field: value, "caption": "A cat"})
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    after = client.get(f"/images/{image_id}").json()
    assert (after["rev"], after["owner"]) == (before["rev"], before["owner"])
    assert after["caption"] == before["caption"]
