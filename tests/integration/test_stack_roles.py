"""What every function asks of AWS, held against its role, and its role against that.

No account is needed: the functions of the deployed stack record their calls, through everything
that the API offers, and an evaluator of policies tells what IAM would answer.
"""

import base64
import hashlib
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from PIL import Image

from chalicelib.names import DERIVED, EMBEDDED, INDEXER, OPENSEARCH, RECOUNT_PROGRESS
from chalicelib.reconciling.index import LambdaIndexRepair
from tests.deployed import DeployedStack, eventually
from tests.opensearch import needs_opensearch
from tests.recording.authorization import Request
from tests.recording.roles import Roles
from tests.templates import engine_assembly

pytestmark = [pytest.mark.stack, pytest.mark.slow]

DESCRIBED = ("captioned", "needs_review")
FOLDER = "uploads/default/walk/"

LAMBDAS_OWN = "Lambda itself does so in the name of the function"
POLLED = f"{LAMBDAS_OWN}, to read its event source"
LONG_IMPORT = "only an import of more lines than one invocation can apply goes on as a message"
SUSPECTS = "only of several messages that failed or killed before, all but one are put aside"
# What is granted and not asked for here, and why.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
UNASKED = {
    ("*", "logs:CreateLogStream"): LAMBDAS_OWN,
    ("*", "logs:PutLogEvents"): LAMBDAS_OWN,
    ("*", "xray:PutTraceSegments"): LAMBDAS_OWN,
    ("*", "xray:PutTelemetryRecords"): LAMBDAS_OWN,
    ("PipelineCaptioner", "sqs:ReceiveMessage"): POLLED,
    ("PipelineCaptioner", "sqs:DeleteMessage"): POLLED,
    ("PipelineCaptioner", "sqs:GetQueueAttributes"): POLLED,
    ("PipelineCaptioner", "sqs:ChangeMessageVisibility"): SUSPECTS,
    ("PipelineCaptioner", "sqs:SendMessage"): LONG_IMPORT,
    ("SearchIndexer", "dynamodb:ListStreams"): POLLED,
    ("SearchIndexer", "dynamodb:DescribeStream"): POLLED,
    ("SearchIndexer", "dynamodb:GetShardIterator"): POLLED,
    ("SearchIndexer", "dynamodb:GetRecords"): POLLED,
    ("SearchIndexer", "sqs:SendMessage"): f"{LAMBDAS_OWN}, with batches that it gives up",
    ("SearchIndexer", "sqs:GetQueueAttributes"): "the CDK grants it with SendMessage",
    ("SearchIndexer", "sqs:GetQueueUrl"): "the CDK grants it with SendMessage",
}
OF_ENGINE: dict[str, dict[tuple[str, str], str]] = {
    EMBEDDED: {},
    OPENSEARCH: {
        ("SearchIndexer", "lambda:InvokeFunction"): "an index of another release is rebuilt unasked"
    },
}


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (200, 160), colour).save(file, "JPEG")
    return file.getvalue()


class Person:
    """Whoever uses the stack, and its operator."""

    def __init__(self, stack: DeployedStack, client: httpx.Client) -> None:
        self.stack = stack
        self.client = client
        self.forms: set[tuple[str, Request]] = set()

    def call(self, method: str, path: str, **request: Any) -> Any:
        answer = self.client.request(method, path, **request)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def upload(self, name: str, caption: str | None = None) -> str:
        body = picture(name.removesuffix(".jpg"))
        new = {"name": name, "content_type": "image/jpeg", "size": len(body), "caption": caption}
        new["sha256"] = hashlib.sha256(body).hexdigest()
        announced = self.call("POST", "/images", json=new)
        form = announced["upload"]
        # The bucket lets it in by the rights of whoever signed it.
        key = f"arn:aws:s3:::{self.stack.facts['bucket']}/{form['fields']['key']}"
        self.forms.add(("APIHandler", Request("s3:PutObject", key)))
        files = {"file": (name, body, "image/jpeg")}
        assert httpx.post(form["url"], data=form["fields"], files=files, timeout=30).is_success
        return str(announced["image"]["id"])

    def put(self, key: str, body: bytes) -> None:
        self.stack.aws("s3").put_object(Bucket=self.stack.facts["bucket"], Key=key, Body=body)

    def image(self, image_id: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/images/{image_id}"))

    def described(self, image_id: str, after: int = 0) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            image = self.image(image_id)
            return image if image["state"] in DESCRIBED and image["rev"] > after else None

        return dict(eventually(look, because=self.stack.log))

    def named(self, name: str) -> dict[str, Any] | None:
        items = self.call("GET", "/images", params={"limit": 100})["items"]
        return next((image for image in items if image["name"] == name), None)

    def found(self, text: str) -> list[str]:
        answer = self.client.post("/search", json={"text": text, "mode": "words"})
        return [hit["image"]["id"] for hit in answer.json().get("hits", ())]

    def reindex(self, *, roll_back: bool = False) -> None:
        run = self.call("POST", "/reindex", json={"roll_back": roll_back})

        def is_over() -> bool:
            told = self.client.get("/reindex").json()
            return bool(told.get("id") == run["id"] and told["state"] != "running")

        eventually(is_over, because=self.stack.log)


def photographs(person: Person) -> None:
    """Upload, list, edit, search, replace and delete."""
    lake = person.upload("teal.jpg", "a quiet lake below the mountains")
    person.described(lake)
    eventually(lambda: person.found("lakes") == [lake], because=person.stack.log)
    image = person.call("PATCH", f"/images/{lake}", json={"caption": "a lake and a canoe"})
    person.call("GET", "/suggest", params={"prefix": "can"})
    person.call("GET", "/stats")
    asked = {"image": base64.b64encode(picture("teal")).decode()}
    person.call("POST", "/search/image", json=asked)
    person.call("GET", f"/images/{lake}/similar", params={"crop": "0,0,0.5,0.5"})
    person.put(key_of(person, "teal.jpg"), picture("purple"))
    person.described(lake, after=image["rev"])
    person.call("DELETE", f"/images/{person.upload('red.jpg')}?permanent=true")
    forest = person.upload("green.jpg")
    person.described(forest)
    person.call("DELETE", f"/images/{forest}")
    person.call("GET", "/trash")
    person.call("POST", f"/images/{forest}/restore")


def key_of(person: Person, name: str) -> str:
    bucket = person.stack.facts["bucket"]
    listed = person.stack.aws("s3").list_objects_v2(Bucket=bucket, Prefix="uploads/")
    (key,) = (entry["Key"] for entry in listed["Contents"] if entry["Key"].endswith(f"/{name}"))
    return str(key)


def imports(person: Person) -> None:
    """Let captions come with a folder, and ask for them."""
    person.put(f"{FOLDER}kite.jpg", picture("orange"))
    person.put(f"{FOLDER}descriptions.txt", b"kite.jpg a purple kite\nnobody.jpg a ghost\n")
    run = person.call("POST", "/imports", json={"prefix": FOLDER})
    eventually(lambda: person.call("GET", f"/imports/{run['id']}")["state"] == "finished")
    eventually(lambda: (person.named("kite.jpg") or {}).get("caption"), because=person.stack.log)


def upkeep(person: Person) -> None:
    """Have the catalogue and the index made again."""
    kite = person.named("kite.jpg")
    assert kite
    person.call("POST", "/recaption", json={"ids": [kite["id"]]})
    person.call("POST", "/recaption", json={"state": "failed"})
    eventually(lambda: person.image(kite["id"])["rev"] > kite["rev"], because=person.stack.log)
    lose_record(person, kite["id"])
    person.call("POST", "/rebuild", json={})
    eventually(lambda: person.named("kite.jpg"), because=person.stack.log)
    person.described(kite["id"])  # without a version, of which no event told
    person.call("GET", f"/images/{kite['id']}/similar", params={"crop": "0,0,0.5,0.5"})
    for _ in range(3):
        person.reindex()
    person.reindex(roll_back=True)


def lose_record(person: Person, image_id: str) -> None:
    key = {"image_id": {"S": image_id}}
    person.stack.aws("dynamodb").delete_item(TableName=person.stack.facts["table"], Key=key)


def tokens(person: Person) -> None:
    """Make a token, use it and revoke it."""
    made = person.call("POST", "/tokens", json={"owner": "default", "scopes": ["read"]})
    with person.stack.client(made["token"]) as owner:
        assert owner.get("/images").is_success
        assert owner.get("/images", params={"state": "failed"}).is_success
        assert owner.get("/stats").is_success
    (listed,) = (t for t in person.call("GET", "/tokens")["items"] if t["id"] == made["id"])
    assert listed["last_used_at"]
    person.call("DELETE", f"/tokens/{made['id']}")


def dead_letters(person: Person) -> None:
    """Settle what the captioner gave up: a photograph, a removal, a folder's captions."""
    new = {"name": "vain.jpg", "content_type": "image/jpeg", "size": 9}
    announced = person.call("POST", "/images", json=new)
    lost = {"redrive": {"key": announced["upload"]["fields"]["key"]}}
    removed = event(person, "ObjectRemoved:Delete", f"{FOLDER}kite.jpg")
    described = event(person, "ObjectCreated:Put", f"{FOLDER}descriptions.txt")
    with person.stack.without_events():
        person.stack.aws("s3").delete_object(
            Bucket=person.stack.facts["bucket"], Key=f"{FOLDER}kite.jpg"
        )
    person.stack.give_up(lost, described, removed)
    assert person.image(announced["image"]["id"])["state"] == "failed"
    assert person.named("kite.jpg") is None


def reconciler(person: Person) -> None:
    """Let an upload without a file expire; lose an event, and a deletion's end; compare all."""
    new = {"name": "never.jpg", "content_type": "image/jpeg", "size": 9}
    never = person.call("POST", "/images", json=new)["image"]["id"]
    with person.stack.without_events():
        lost = person.upload("navy.jpg")
    for image_id in (never, lost):
        person.stack.end_form(image_id)
    person.stack.reconcile()
    assert person.image(never)["state"] == "expired"
    person.described(lost)
    cut = person.upload("silver.jpg")
    person.described(cut)
    with person.stack.without_events():
        key = key_of(person, "silver.jpg")
        person.call("DELETE", f"/images/{cut}?permanent=true")
        undo_removal(person, cut, key)
    lose_copies(person, lost)
    asked = person.call("POST", "/reconcile", json={"margin_minutes": 0})

    def is_over() -> bool:
        told = person.client.get("/reconcile").json()
        return bool(told.get("id") == asked["id"] and told["state"] == "finished")

    eventually(is_over, because=person.stack.log)
    # As where a stream record was lost, which the emulator does not do.
    mended = LambdaIndexRepair(lambda: person.stack.aws("lambda"), INDEXER).mend([lost, "nobody"])
    assert (mended.removed, mended.passed_over) == (0, 0)


def lose_copies(person: Person, image_id: str) -> None:
    s3, bucket = person.stack.aws("s3"), {"Bucket": person.stack.facts["bucket"]}
    for copy in s3.list_objects_v2(**bucket, Prefix=f"{DERIVED}{image_id}/")["Contents"]:
        s3.delete_object(**bucket, Key=copy["Key"])


def undo_removal(person: Person, image_id: str, key: str) -> None:
    """Leave a deletion as if it had been cut before it removed the file."""
    bucket = {"Bucket": person.stack.facts["bucket"]}
    s3 = person.stack.aws("s3")
    (marker,) = s3.list_object_versions(**bucket, Prefix=key)["DeleteMarkers"]
    s3.delete_object(**bucket, Key=key, VersionId=marker["VersionId"])
    person.stack.aws("dynamodb").update_item(
        TableName=person.stack.facts["table"],
        Key={"image_id": {"S": image_id}},
        UpdateExpression="REMOVE removed_at",
    )


def counts(person: Person) -> None:
    """Wait until the recount is over that the first look at the counts began."""
    eventually(lambda: person.call("GET", "/stats")["complete"], because=person.stack.log)
    s3, bucket = person.stack.aws("s3"), person.stack.facts["bucket"]
    progress = {"Bucket": bucket, "Prefix": RECOUNT_PROGRESS}
    eventually(lambda: not s3.list_objects_v2(**progress)["KeyCount"], because=person.stack.log)


def event(person: Person, name: str, key: str) -> dict[str, Any]:
    bucket = {"name": person.stack.facts["bucket"]}
    found = {"key": key, "sequencer": "F" * 16}
    return {"Records": [{"eventName": name, "s3": {"bucket": bucket, "object": found}}]}


class Used(NamedTuple):
    """A stack's roles, and what was asked of them while everything was used."""

    engine: str
    roles: Roles
    asked: set[tuple[str, Request]]


@pytest.fixture(scope="module", params=[EMBEDDED, pytest.param(OPENSEARCH, marks=needs_opensearch)])
def used(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Used]:
    stack = DeployedStack(tmp_path_factory.mktemp(request.param))
    stack.take_assembly(engine_assembly(request.param))
    try:
        stack.up(request.param)
        with stack.client() as client:
            person = Person(stack, client)
            for use in (photographs, imports, upkeep, tokens, dead_letters, reconciler, counts):
                use(person)
        roles = Roles(stack)
        yield Used(request.param, roles, roles.asked() | person.forms)
    finally:
        stack.forget()


def test_no_function_asks_for_what_its_role_denies(used: Used) -> None:
    assert {function for function, _ in used.asked} == used.roles.functions
    assert used.roles.denied(used.asked) == []


def test_no_role_grants_what_its_function_never_asks_for(used: Used) -> None:
    explained = UNASKED.keys() | OF_ENGINE[used.engine].keys()
    unused = used.roles.unused(used.asked)
    reasons = {grant: {("*", grant.action), (grant.function, grant.action)} for grant in unused}
    assert [grant for grant in sorted(unused) if not reasons[grant] & explained] == []
    assert explained <= {reason for found in reasons.values() for reason in found}
