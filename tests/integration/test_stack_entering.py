"""A photograph is entered once on the deployed stack."""

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.deployed import DeployedStack, eventually

pytestmark = pytest.mark.stack

DESCRIBED = ("captioned", "needs_review")


@pytest.fixture(scope="module")
def client(stack: DeployedStack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def photograph() -> bytes:
    """Return a picture that no other test makes."""
    file = io.BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(file, "PNG")
    return file.getvalue()


def enter(
    client: httpx.Client, body: bytes, name: str = "noise.png", key: str | None = None, **more: Any
) -> httpx.Response:
    new = {"name": name, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/images", json=new | more, headers=headers)


def send(answer: httpx.Response, body: bytes) -> None:
    form = answer.json()["upload"]
    sent = httpx.post(form["url"], data=form["fields"], files={"file": ("x", body)}, timeout=30)
    assert sent.is_success, sent.text


def described(client: httpx.Client, image_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        image = client.get(f"/images/{image_id}").json()
        return image if image["state"] in DESCRIBED else None

    return dict(eventually(look, within=90, because=lambda: f"{image_id} is not described"))


@pytest.mark.fault(34)
@pytest.mark.parametrize("key", [None, "camera-1/IMG_0001"])
def test_equal_requests_at_once_meet_in_one_record(client: httpx.Client, key: str | None) -> None:
    body = photograph()
    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(lambda _: enter(client, body, key=key), range(4))]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["image"]["id"] for answer in answers}) == 1


def test_what_is_there_is_answered_late_and_under_another_name(client: httpx.Client) -> None:
    body = photograph()
    first = enter(client, body, "my $5 bill.png", caption="A bill", source="import")
    send(first, body)
    image = described(client, first.json()["image"]["id"])
    assert (image["name"], image["sha256"]) == ("my $5 bill.png", hashlib.sha256(body).hexdigest())
    for name in ("my $5 bill.png", "renamed.png"):
        again = enter(client, body, name, caption="A banknote", source="import").json()
        assert (again["image"]["id"], again["duplicate"]) == (image["id"], True)
        assert again["upload"] is None
        assert again["image"]["caption"]["text"] == "A banknote"


def test_what_was_deleted_is_entered_anew(client: httpx.Client) -> None:
    body = photograph()
    first = enter(client, body, key="once")
    send(first, body)
    old = described(client, first.json()["image"]["id"])
    assert client.delete(f"/images/{old['id']}").is_success
    again = enter(client, body, key="once", caption="Noise")
    send(again, body)
    new = described(client, again.json()["image"]["id"])
    assert (new["state"], new["caption"]["text"]) == ("captioned", "Noise")
    assert client.get(f"/images/{old['id']}").status_code == 404


def test_a_key_that_comes_with_another_file_is_refused(client: httpx.Client) -> None:
    assert enter(client, photograph(), key="twice").status_code == 201
    assert enter(client, photograph(), key="twice").status_code == 422
