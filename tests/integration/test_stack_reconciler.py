"""What the reconciler finds on the deployed stack: lost events, files, copies, stream records."""

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from chalicelib.images import image_id_of
from tests.deployed import DeployedStack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow]

FOUND = ("captioned", "needs_review")


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (180, 140), colour).save(file, "JPEG")
    return file.getvalue()


class Person:
    """Uploads, and removes files by hand."""

    def __init__(self, stack: DeployedStack, client: httpx.Client) -> None:
        self.stack = stack
        self.client = client
        self.bucket = {"Bucket": stack.facts["bucket"]}
        self.s3 = stack.aws("s3")

    def announce(self, name: str, body: bytes) -> dict[str, Any]:
        new = {"name": name, "content_type": "image/jpeg", "size": len(body)}
        new["caption"] = f"a {name.removesuffix('.jpg')} by itself"
        return dict(self.client.post("/images", json=new).raise_for_status().json())

    def send(self, announced: dict[str, Any], body: bytes) -> None:
        form = announced["upload"]
        files = {"file": ("x.jpg", body, "image/jpeg")}
        httpx.post(form["url"], data=form["fields"], files=files, timeout=30).raise_for_status()

    def image(self, image_id: str) -> dict[str, Any]:
        return dict(self.client.get(f"/images/{image_id}").json())

    def is_found(self, image_id: str, text: str) -> bool:
        answer = self.client.post("/search", json={"text": text, "mode": "words"})
        return image_id in [hit["image"]["id"] for hit in answer.json().get("hits", ())]

    def reconciled(self) -> dict[str, int]:
        """Have everything compared, what changed just now too; return what was repaired."""
        asked = self.client.post("/reconcile", json={"margin_minutes": 0}).raise_for_status().json()

        def told() -> dict[str, Any] | None:
            report = self.client.get("/reconcile").json()
            is_over = report.get("id") == asked["id"] and report["state"] != "running"
            return report if is_over else None

        report = eventually(told, because=self.stack.log)
        assert report["state"] == "finished", report
        return dict(report["repaired"])

    def remove_marker(self, key: str) -> None:
        (marker,) = self.s3.list_object_versions(**self.bucket, Prefix=key)["DeleteMarkers"]
        self.s3.delete_object(**self.bucket, Key=key, VersionId=marker["VersionId"])


@pytest.fixture
def person(stack: DeployedStack) -> Iterator[Person]:
    with stack.client() as client:
        yield Person(stack, client)


def uploaded(person: Person, name: str, colour: str) -> tuple[str, str]:
    """Return the id and the key of a photograph that search finds."""
    body = picture(colour)
    announced = person.announce(name, body)
    person.send(announced, body)
    image_id = announced["image"]["id"]
    word = name.removesuffix(".jpg")
    eventually(lambda: person.is_found(image_id, word), because=person.stack.log)
    return image_id, announced["upload"]["fields"]["key"]


@pytest.mark.fault(31, 32)
def test_an_upload_whose_file_never_came_expires_and_one_whose_event_was_lost_is_captioned(
    person: Person,
) -> None:
    body = picture("navy")
    never, lost = person.announce("heron.jpg", body), person.announce("egret.jpg", body)
    with person.stack.without_events():
        person.send(lost, body)
    ids = {name: one["image"]["id"] for name, one in (("never", never), ("lost", lost))}
    before = person.client.get("/stats").json()["images"]
    for image_id in ids.values():
        person.stack.end_form(image_id)
    person.stack.reconcile()
    expired = person.image(ids["never"])
    assert expired["state"] == "expired"
    assert "no file came" in expired["reason"]
    listed = person.client.get("/images", params={"state": "expired"}).json()["items"]
    assert [image["id"] for image in listed] == [ids["never"]]
    eventually(lambda: person.image(ids["lost"])["state"] in FOUND, because=person.stack.log)
    after = person.client.get("/stats").json()["images"]
    assert after["expired"] == before["expired"] + 1
    assert after["pending"] == before["pending"] - 2

    key = never["upload"]["fields"]["key"]
    person.client.post("/recaption", json={"state": "expired"}).raise_for_status()
    person.s3.put_object(**person.bucket, Key=key, Body=body, ContentType="image/jpeg")
    eventually(lambda: person.image(ids["never"])["state"] in FOUND, because=person.stack.log)
    assert person.image(ids["never"])["caption"]["text"] == "a heron by itself"


@pytest.mark.fault(33)
def test_a_delete_marker_that_is_removed_brings_the_photograph_back(person: Person) -> None:
    image_id, key = uploaded(person, "bittern.jpg", "olive")
    person.s3.delete_object(**person.bucket, Key=key)
    eventually(lambda: person.client.get(f"/images/{image_id}").status_code == 404)
    person.remove_marker(key)
    back = eventually(
        lambda: person.image(image_id).get("state") in FOUND and person.image(image_id),
        because=person.stack.log,
    )
    assert (back["caption"] or {}).get("source") != "user"
    words = {"filters": {"states": list(FOUND)}, "limit": 100}

    def is_searchable() -> bool:
        hits = person.client.post("/search", json=words).json()["hits"]
        return image_id in [hit["image"]["id"] for hit in hits]

    eventually(is_searchable, because=person.stack.log)


@pytest.mark.fault(33)
def test_a_photograph_comes_back_though_no_event_told_of_its_delete_marker(
    person: Person,
) -> None:
    image_id, key = uploaded(person, "curlew.jpg", "maroon")
    person.client.delete(f"/images/{image_id}?permanent=true").raise_for_status()
    eventually(person.stack.is_drained, because=person.stack.log)
    with person.stack.without_events():
        person.remove_marker(key)
    assert person.reconciled()["PhotographsRestored"] == 1
    eventually(lambda: person.image(image_id).get("state") in FOUND, because=person.stack.log)


def test_an_old_version_deleted_for_good_leaves_the_photograph_as_it_is(person: Person) -> None:
    image_id, key = uploaded(person, "plover.jpg", "teal")
    before = person.image(image_id)
    body = picture("gold")
    person.s3.put_object(**person.bucket, Key=key, Body=body, ContentType="image/jpeg")
    eventually(lambda: person.image(image_id)["sha256"] != before["sha256"])
    newer = person.image(image_id)
    versions = person.s3.list_object_versions(**person.bucket, Prefix=key)["Versions"]
    (old,) = (version for version in versions if not version["IsLatest"])
    person.s3.delete_object(**person.bucket, Key=key, VersionId=old["VersionId"])
    after, _ = uploaded(person, "godwit.jpg", "gray")
    beside = {"links": None, "rev": None, "updated_at": None}
    assert after and person.image(image_id) | beside == newer | beside


@pytest.mark.fault(32)
def test_a_pass_finds_what_lost_its_event_its_file_its_copies_and_its_place_in_the_index(
    person: Person,
) -> None:
    removed, removed_key = uploaded(person, "dunlin.jpg", "indigo")
    copyless, _ = uploaded(person, "knot.jpg", "salmon")
    unindexed, _ = uploaded(person, "ruff.jpg", "sienna")
    person.reconciled()  # what others of these tests left
    table, s3, bucket = person.stack.facts["table"], person.s3, person.bucket
    lost_key = "uploads/default/smew.jpg"
    with person.stack.without_events():
        s3.put_object(**bucket, Key=lost_key, Body=picture("khaki"), ContentType="image/jpeg")
        s3.delete_object(**bucket, Key=removed_key)
    copies = s3.list_objects_v2(**bucket, Prefix=f"derived/{copyless}/")["Contents"]
    for copy in copies:
        s3.delete_object(**bucket, Key=copy["Key"])
    # A stream record that is lost leaves a document behind without its record.
    person.stack.aws("dynamodb").delete_item(TableName=table, Key={"image_id": {"S": unindexed}})
    eventually(lambda: person.client.get(f"/images/{unindexed}").status_code == 404)

    repaired = person.reconciled()
    assert repaired["LostFilesRecorded"] == 1
    assert repaired["CopiesMadeAgain"] == 1
    assert repaired["LostEventsResent"] == 2
    assert person.client.get(f"/images/{removed}").status_code == 404

    def is_whole() -> bool:
        lost = image_id_of(person.stack.facts["bucket"], lost_key)
        images = [person.image(name) for name in (lost, unindexed, copyless)]
        return all(one.get("state") in FOUND and one["links"]["display"] for one in images)

    eventually(is_whole, because=person.stack.log)
    eventually(lambda: s3.list_objects_v2(**bucket, Prefix=f"derived/{copyless}/")["KeyCount"])
    assert not {"LostFilesRecorded", "CopiesMadeAgain", "LostEventsResent"} & {*person.reconciled()}
