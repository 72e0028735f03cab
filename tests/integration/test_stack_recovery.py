"""Stopped, killed, emptied: what the stack knows afterwards."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from local.processes import any_free
from tests.deployed import DeployedStack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow]

EVERYTHING = {"limit": 100, "filters": {"states": ["captioned", "needs_review"]}}
NAMES = ("ash.jpg", "birch.jpg", "cedar.jpg")


@pytest.fixture(scope="module")
def own_stack(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """Yield a stack with three photographs, that the tests here may stop and kill."""
    deployed = DeployedStack(tmp_path_factory.mktemp("own-stack"))
    deployed.take_assembly(assembly)
    try:
        deployed.up()
        fill(deployed)
        yield deployed
    finally:
        deployed.down()


def fill(stack: DeployedStack) -> None:
    for n, name in enumerate(NAMES):
        put(stack, name, Image.new("RGB", (160, 120 + n), (40 * n, 90, 200)))
    eventually(lambda: searchable(stack) == set(NAMES), because=stack.log)


def put(stack: DeployedStack, name: str, image: Image.Image) -> None:
    file = io.BytesIO()
    image.save(file, Image.registered_extensions()[Path(name).suffix])
    stack.aws("s3").put_object(
        Bucket=stack.facts["bucket"], Key=f"uploads/{name}", Body=file.getvalue()
    )


def records(stack: DeployedStack) -> dict[str, dict[str, Any]]:
    with stack.client() as client:
        items = client.get("/images", params={"limit": 100}).json()["items"]
    return {item["name"]: item for item in items}


def said(stack: DeployedStack) -> dict[str, tuple[str, int, str]]:
    """Return what records say that no start may change: identity, revision and caption."""
    return {
        name: (record["id"], record["rev"], record["caption"]["text"])
        for name, record in records(stack).items()
    }


def described(stack: DeployedStack, name: str) -> bool:
    return records(stack)[name]["state"] in ("captioned", "needs_review")


def searchable(stack: DeployedStack) -> set[str]:
    with stack.client() as client:
        answer = client.post("/search", json=EVERYTHING)
    assert answer.status_code == 200, answer.text
    return {hit["image"]["name"] for hit in answer.json()["hits"]}


def pages(client: httpx.Client, path: str, position: str) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    document: dict[str, Any] = {}
    while not answers or document[position]:
        answer = client.post(path, json=document)
        assert answer.status_code in (200, 202), answer.text
        answers.append(answer.json())
        document = {position: answers[-1]["cursor"]}
    return answers


def test_no_event_of_a_new_stack_meets_functions_that_are_being_stopped(
    own_stack: DeployedStack,
) -> None:
    log = (own_stack.home / "logs" / "ministack.log").read_text()
    assert "failed processing SQS batch" not in log


def test_a_stack_that_is_killed_before_its_first_stop_comes_back(own_stack: DeployedStack) -> None:
    unpacked = own_stack.unpacked()
    assert unpacked
    own_stack.kill()
    assert "The stack was killed" in own_stack.up()
    assert not unpacked & own_stack.unpacked()
    eventually(lambda: set(records(own_stack)) == set(NAMES), because=own_stack.log)
    eventually(lambda: searchable(own_stack) == set(NAMES), because=own_stack.log)
    eventually(own_stack.is_drained)


def test_a_stopped_stack_comes_back_as_it_was(own_stack: DeployedStack) -> None:
    before, facts = records(own_stack), own_stack.facts
    with own_stack.client() as client:
        image = before["ash.jpg"]
        edited = client.patch(f"/images/{image['id']}", json={"caption": "An ash by a river"})
        assert edited.status_code == 200, edited.text
    own_stack.down()
    assert not own_stack.unpacked()
    own_stack.up()
    assert own_stack.facts == facts
    after = records(own_stack)
    assert after["ash.jpg"]["caption"]["text"] == "An ash by a river"
    assert set(after) == set(NAMES)
    eventually(lambda: searchable(own_stack) == set(NAMES))


def test_what_is_edited_after_a_restart_is_found_by_its_new_words(own_stack: DeployedStack) -> None:
    image = records(own_stack)["cedar.jpg"]
    with own_stack.client() as client:
        client.patch(f"/images/{image['id']}", json={"caption": "A cedar under the moon"})
        eventually(lambda: found_by(client, "moon") == ["cedar.jpg"], because=own_stack.log)


def found_by(client: httpx.Client, text: str) -> list[str]:
    hits = client.post("/search", json={"text": text}).json()["hits"]
    return [hit["image"]["name"] for hit in hits]


def test_a_stopped_stack_goes_on_at_another_port(own_stack: DeployedStack) -> None:
    port = str(any_free())
    own_stack.down()
    own_stack.up(port=port)
    assert f":{port}/" in own_stack.facts["queue_url"]
    put(own_stack, "elder.jpg", Image.new("RGB", (150, 150), "teal"))
    eventually(lambda: "elder.jpg" in searchable(own_stack), because=own_stack.log)
    with own_stack.client() as client:
        elder = records(own_stack)["elder.jpg"]
        assert client.delete(f"/images/{elder['id']}?permanent=true").is_success
    eventually(lambda: searchable(own_stack) == set(NAMES), because=own_stack.log)


def test_a_second_start_of_a_running_stack_changes_nothing(own_stack: DeployedStack) -> None:
    facts = own_stack.facts
    told = own_stack.up()
    assert own_stack.facts == facts
    assert "Starting the emulator" not in told
    assert "Deploying" not in told


def test_the_index_is_rebuilt_from_the_catalogue(own_stack: DeployedStack) -> None:
    s3, bucket = own_stack.aws("s3"), own_stack.facts["bucket"]
    for item in s3.list_objects_v2(Bucket=bucket, Prefix="index/").get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"])
    with own_stack.client() as client:
        assert client.post("/reindex").status_code == 202
    eventually(lambda: searchable(own_stack) == set(NAMES), because=own_stack.log)


def test_the_catalogue_is_rebuilt_from_the_bucket_without_doing_finished_work_again(
    own_stack: DeployedStack,
) -> None:
    table, lost = own_stack.facts["table"], records(own_stack)["birch.jpg"]
    own_stack.aws("dynamodb").delete_item(TableName=table, Key={"image_id": {"S": lost["id"]}})
    kept = records(own_stack)["cedar.jpg"]
    with own_stack.client() as client:
        answers = pages(client, "/rebuild", "after")
    assert sum(answer["examined"] for answer in answers) == len(NAMES)
    eventually(lambda: "birch.jpg" in records(own_stack) and own_stack.is_drained())
    eventually(lambda: described(own_stack, "birch.jpg"), because=own_stack.log)
    assert records(own_stack)["birch.jpg"]["id"] == lost["id"]
    assert records(own_stack)["cedar.jpg"]["rev"] == kept["rev"]
    assert records(own_stack)["cedar.jpg"]["caption"] == kept["caption"]


@pytest.mark.fault(27)
def test_a_kill_loses_no_edit_and_no_upload(own_stack: DeployedStack) -> None:
    with own_stack.client() as client:
        image = records(own_stack)["birch.jpg"]
        edited = client.patch(f"/images/{image['id']}", json={"caption": "A birch in the fog"})
        assert edited.status_code == 200, edited.text
    put(own_stack, "dogwood.png", Image.new("RGB", (130, 130), "olive"))
    own_stack.kill()
    own_stack.up()
    assert records(own_stack)["birch.jpg"]["caption"]["text"] == "A birch in the fog"
    everything = {*NAMES, "dogwood.png"}
    eventually(lambda: searchable(own_stack) == everything, because=own_stack.log)
    with own_stack.client() as client:
        eventually(lambda: found_by(client, "fog") == ["birch.jpg"], because=own_stack.log)
    eventually(own_stack.is_drained)


@pytest.mark.fault(27)
def test_a_kill_loses_no_removal(own_stack: DeployedStack) -> None:
    with own_stack.client() as client:
        assert client.delete(f"/images/{records(own_stack)['dogwood.png']['id']}").is_success
    own_stack.kill()
    own_stack.up()
    eventually(own_stack.is_drained)
    assert set(records(own_stack)) == set(NAMES)
    eventually(lambda: searchable(own_stack) == set(NAMES), because=own_stack.log)


@pytest.mark.fault(27)
def test_a_stack_whose_first_start_was_killed_takes_up_what_is_there(
    own_stack: DeployedStack,
) -> None:
    before = said(own_stack)
    own_stack.kill()
    # As it is before the first deployment is saved, but with photographs.
    shutil.rmtree(own_stack.home / "state")
    (own_stack.home / "deployed.json").unlink()
    own_stack.up()
    assert said(own_stack) == before
    eventually(lambda: searchable(own_stack) == set(NAMES), because=own_stack.log)


@pytest.mark.fault(27)
def test_a_deployment_that_is_killed_half_way_is_done_again(own_stack: DeployedStack) -> None:
    before = said(own_stack)
    (own_stack.home / "deployed.json").unlink()
    told = own_stack.up()
    assert "Updating the stack" in told
    assert said(own_stack) == before


def test_the_bucket_has_the_lifecycle_of_the_template(own_stack: DeployedStack) -> None:
    bucket = own_stack.facts["bucket"]
    rules = own_stack.aws("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    days = {
        rule["Filter"]["Prefix"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in rules
        if "NoncurrentVersionExpiration" in rule
    }
    assert days == {"uploads/": 30, "index/": 1, "derived/": 1}
