"""The deployed stack, driven from outside: from a presigned POST to a search."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import skimage.data
from PIL import Image, ImageDraw

from chalicelib.ingest import NEVER_BEGUN
from image_repo_formats import xmp
from tests.deployed import DeployedStack, eventually

pytestmark = pytest.mark.stack

SETTLED = ("captioned", "needs_review", "failed")
COPIES = ("display", "large")
PERMANENT = {"permanent": "true"}
Described = dict[str, Any]


def photograph(colour: str = "teal", size: int = 240, form: str = "JPEG", **how: Any) -> bytes:
    """Return a picture that no other test makes: the same bytes would be a duplicate."""
    picture = Image.new("RGB", (size, size), colour)
    ImageDraw.Draw(picture).ellipse((20, 20, size - 40, size - 60), fill="white", outline="black")
    file = io.BytesIO()
    picture.save(file, form, **how)
    return file.getvalue()


@pytest.fixture(scope="module")
def client(stack: DeployedStack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def announce(client: httpx.Client, name: str, body: bytes, **more: Any) -> Described:
    document = {"name": name, "content_type": "image/jpeg", "size": len(body), **more}
    answer = client.post("/images", json=document)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def post(announced: Described, name: str, body: bytes) -> httpx.Response:
    form = announced["upload"]
    files = {"file": (name, body, "image/jpeg")}
    return httpx.post(form["url"], data=form["fields"], files=files, timeout=30)


def upload(client: httpx.Client, name: str, body: bytes, **more: Any) -> str:
    announced = announce(client, name, body, **more)
    answer = post(announced, name, body)
    assert answer.status_code in (200, 201, 204), answer.text
    return str(announced["image"]["id"])


def settled(client: httpx.Client, image_id: str, within: float = 90) -> Described:
    def look() -> Described | None:
        image = client.get(f"/images/{image_id}").json()
        return image if image["state"] in SETTLED else None

    return dict(eventually(look, within=within, because=lambda: f"{image_id} is still pending"))


def found(client: httpx.Client, document: Described) -> list[str]:
    path = "/search/image" if "image" in document else "/search"

    def ask() -> httpx.Response | None:
        answer = client.post(path, json=document)
        return None if answer.status_code == 503 else answer  # the encoder begins: "Retry-After"

    answer: httpx.Response = eventually(ask)
    assert answer.status_code == 200, answer.text
    return [hit["image"]["id"] for hit in answer.json()["hits"]]


def by_name(client: httpx.Client, name: str) -> Described | None:
    items = client.get("/images", params={"limit": 100}).json()["items"]
    return next((image for image in items if image["name"] == name), None)


def test_an_upload_is_described_by_the_model_and_found_by_what_it_says(
    client: httpx.Client,
) -> None:
    cat = io.BytesIO()
    Image.fromarray(skimage.data.chelsea()).save(cat, "JPEG")
    image = settled(client, upload(client, "cat.jpg", cat.getvalue()))
    assert image["state"] in ("captioned", "needs_review")
    assert (image["width"], image["height"]) == (451, 300)
    assert image["caption"] or image["labels"]
    asked: Described = {"filters": {"label": [label["word"] for label in image["labels"][:1]]}}
    if image["caption"]:
        assert image["caption"]["source"] == "model"
        asked = {"text": " ".join(image["caption"]["text"].split()[:4])}
    eventually(lambda: image["id"] in found(client, asked | {"limit": 100}))


@pytest.mark.fault(17)
def test_a_frame_of_one_colour_is_not_described_and_says_so(client: httpx.Client) -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 300), "black").save(file, "JPEG")
    image = settled(client, upload(client, "black.jpg", file.getvalue()))
    assert image["state"] == "needs_review"
    assert image["caption"] is None
    assert image["labels"] == []
    assert image["reason"]


def test_a_given_caption_stands_and_its_subject_colours_and_actions_are_found(
    client: httpx.Client,
) -> None:
    image_id = upload(
        client, "parrot.jpg", photograph("green"), caption="A green parrot eats a red apple"
    )
    image = settled(client, image_id)
    assert image["caption"]["text"] == "A green parrot eats a red apple"
    assert image["caption"]["source"] == "user"
    clause = {"subject": "parrot", "colours": ["green"]}
    eventually(lambda: image_id in found(client, {"attributes": clause}))
    swapped = {"subject": "parrot", "colours": ["red"]}
    assert image_id not in found(client, {"attributes": swapped})


def test_an_image_finds_itself_and_what_is_similar_leaves_itself_out(
    client: httpx.Client,
) -> None:
    body = photograph("orange")
    image = settled(client, upload(client, "orange.jpg", body))
    other = settled(client, upload(client, "orange2.jpg", photograph("orange", 260)))
    question = {"image": base64.b64encode(body).decode(), "limit": 3}
    eventually(lambda: image["id"] in found(client, question))
    eventually(lambda: other["id"] in similar(client, image["id"]))
    assert image["id"] not in similar(client, image["id"])


def similar(client: httpx.Client, image_id: str) -> list[str]:
    answer = client.get(f"/images/{image_id}/similar", params={"limit": 100})
    assert answer.status_code == 200, answer.text
    return [hit["image"]["id"] for hit in answer.json()["hits"]]


def test_the_copies_for_display_are_there_a_small_and_a_large_one(client: httpx.Client) -> None:
    image = settled(client, upload(client, "large.jpg", photograph("navy", 3000)))
    links = image["links"]
    sides = [max(Image.open(io.BytesIO(httpx.get(links[name]).content)).size) for name in COPIES]
    assert sides == [512, 2048]
    client.delete(f"/images/{image['id']}", params=PERMANENT).raise_for_status()
    eventually(lambda: {httpx.get(links[name]).status_code for name in COPIES} <= {403, 404})


def test_what_stands_in_the_file_is_its_caption_and_is_found(client: httpx.Client) -> None:
    body = photograph("teal", xmp=xmp.write("A heron above a weir", ["Lake Como"]))
    image = settled(client, upload(client, "heron.jpg", body))
    assert (image["caption"]["text"], image["caption"]["source"]) == (
        "A heron above a weir",
        "file",
    )
    assert (image["keywords"], image["keywords_source"]) == (["Lake Como"], "file")
    eventually(lambda: image["id"] in found(client, {"text": "como heron"}))
    eventually(lambda: image["id"] in found(client, {"filters": {"labels": ["lake como"]}}))


def test_an_edit_is_found_under_the_new_words_alone(client: httpx.Client) -> None:
    image_id = upload(client, "boat.jpg", photograph("blue"), caption="A fisherman in a canoe")
    image = settled(client, image_id)
    eventually(lambda: image_id in found(client, {"text": "canoe"}))
    edited = client.patch(
        f"/images/{image_id}",
        json={"caption": "A zeppelin above a harbour"},
        headers={"If-Match": f'"{image["rev"]}"'},
    )
    assert edited.status_code == 200, edited.text
    eventually(lambda: image_id in found(client, {"text": "zeppelin"}))
    assert image_id not in found(client, {"text": "canoe"})


def test_what_is_restored_from_the_trash_is_found_again_by_its_words(
    client: httpx.Client, stack: DeployedStack
) -> None:
    image_id = upload(client, "back.jpg", photograph("lime"), caption="A yak in a hammock")
    settled(client, image_id)
    eventually(lambda: image_id in found(client, {"text": "yak"}))
    client.delete(f"/images/{image_id}").raise_for_status()
    eventually(lambda: image_id not in found(client, {"text": "yak"}))
    assert image_id in [item["id"] for item in client.get("/trash").json()["items"]]
    assert "back.jpg" in keys(stack)
    client.post(f"/images/{image_id}/restore").raise_for_status()
    eventually(lambda: image_id in found(client, {"text": "yak"}))


def test_a_photograph_deleted_for_good_is_gone_from_list_search_and_bucket(
    client: httpx.Client, stack: DeployedStack
) -> None:
    image_id = upload(client, "gone.jpg", photograph("red"), caption="A walrus plays the trombone")
    settled(client, image_id)
    eventually(lambda: image_id in found(client, {"text": "walrus"}))
    assert client.delete(f"/images/{image_id}", params=PERMANENT).status_code == 204
    assert client.get(f"/images/{image_id}").status_code == 404
    eventually(lambda: image_id not in found(client, {"text": "walrus"}))
    eventually(lambda: "gone.jpg" not in keys(stack))


def keys(stack: DeployedStack) -> str:
    listed = stack.aws("s3").list_objects_v2(Bucket=stack.facts["bucket"], Prefix="uploads/")
    return "\n".join(item["Key"] for item in listed.get("Contents", []))


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("empty.jpg", b""),
        ("words.jpg", b"this is no photograph at all"),
        ("half.jpg", photograph("purple")[:900]),
    ],
)
def test_a_bad_file_in_the_bucket_fails_with_a_reason_and_is_not_tried_for_ever(
    stack: DeployedStack, client: httpx.Client, name: str, body: bytes
) -> None:
    key = f"uploads/default/bad/{name}"
    stack.aws("s3").put_object(Bucket=stack.facts["bucket"], Key=key, Body=body)
    image = eventually(lambda: state_of(client, name, "failed"), because=stack.log)
    assert image["reason"]
    assert image["caption"] is None


def state_of(client: httpx.Client, name: str, *states: str) -> Described | None:
    image = by_name(client, name)
    return image if image and image["state"] in states else None


@pytest.mark.fault(14)
def test_a_file_over_the_limit_is_refused_by_the_bucket(client: httpx.Client) -> None:
    body = photograph("gold")
    announced = announce(client, "gold.jpg", body)
    answer = post(announced, "gold.jpg", body + b"\0" * 100_000_000)
    assert answer.status_code in (400, 403)


@pytest.mark.fault(14)
def test_an_announcement_over_the_limit_is_refused_with_the_fields_name(
    client: httpx.Client,
) -> None:
    answer = client.post(
        "/images", json={"name": "a.jpg", "content_type": "image/jpeg", "size": 10**9}
    )
    assert answer.status_code in (400, 413)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "size" in answer.text


@pytest.mark.fault(4)
@pytest.mark.parametrize("name", ["by hand.jpg", "one+two%2B.jpg", "schnée 🐕.jpg"])
def test_a_photograph_placed_by_hand_is_taken_up_whatever_its_name(
    stack: DeployedStack, client: httpx.Client, name: str
) -> None:
    body = photograph("pink", 200 + len(name.encode()))
    stack.aws("s3").put_object(Bucket=stack.facts["bucket"], Key=f"uploads/{name}", Body=body)
    image = eventually(
        lambda: state_of(client, name, "captioned", "needs_review"), because=stack.log
    )
    assert image["owner"] == "default"


def test_a_photograph_removed_by_hand_disappears(
    stack: DeployedStack, client: httpx.Client
) -> None:
    where = {"Bucket": stack.facts["bucket"], "Key": "uploads/fleeting.jpg"}
    stack.aws("s3").put_object(**where, Body=photograph("brown"))
    eventually(lambda: state_of(client, "fleeting.jpg", *SETTLED))
    stack.aws("s3").delete_object(**where)
    eventually(lambda: by_name(client, "fleeting.jpg") is None)


@pytest.mark.fault(6)
def test_a_poisoned_file_among_many_harms_none_of_the_others(
    stack: DeployedStack, client: httpx.Client
) -> None:
    s3, bucket = stack.aws("s3"), stack.facts["bucket"]
    bodies = {f"crowd{n}.jpg": photograph("grey", 150 + n) for n in range(9)}
    bodies["crowdpoison.jpg"] = photograph("grey")[:400]
    for name, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=f"uploads/default/crowd/{name}", Body=body)

    def all_settled() -> dict[str, str] | None:
        items = client.get("/images", params={"limit": 100}).json()["items"]
        states = {i["name"]: i["state"] for i in items if i["name"].startswith("crowd")}
        done = len(states) == 10 and set(states.values()) <= set(SETTLED)
        return states if done else None

    states = eventually(all_settled, because=stack.log)
    assert [name for name, state in states.items() if state == "failed"] == ["crowdpoison.jpg"]


@pytest.mark.fault(30)
def test_an_event_that_was_given_up_fails_its_record(
    stack: DeployedStack, client: httpx.Client
) -> None:
    announced = announce(client, "vain.jpg", photograph("olive"))
    stack.give_up({"redrive": {"key": announced["upload"]["fields"]["key"]}})
    failed = client.get(f"/images/{announced['image']['id']}").json()
    assert (failed["state"], failed["reason"]) == ("failed", NEVER_BEGUN)


def test_nothing_but_health_and_the_gallery_answers_without_a_token(
    stack: DeployedStack,
) -> None:
    with httpx.Client(base_url=stack.api_url, timeout=30) as stranger:
        assert stranger.get("/health").status_code == 200
        assert stranger.get("/").status_code == 200
        for path in ("/images", "/search", "/stats"):
            assert stranger.get(path).status_code == 401, path
    with stack.client(token="imr_" + "x" * 43) as forger:
        assert forger.get("/images").status_code == 401


def test_what_never_reaches_the_function_is_a_problem_document_too(stack: DeployedStack) -> None:
    with stack.client(token="imr_" + "x" * 43) as forger:
        refused, lost = forger.get("/images"), forger.put("/nowhere")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    for answer, status in ((refused, 401), (lost, 404)):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code == status
