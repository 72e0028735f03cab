"""The runbook of docs/operations.md: backup, destroy, adopt, deploy; everything is found again."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from chalicelib.names import STACK
from infra.adopt import adopt
from tests.deployed import DeployedStack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow]

EVERYTHING = {"limit": 100, "filters": {"states": ["captioned", "needs_review"]}}
KEPT = {"ash.jpg", "birch.jpg"}


@pytest.fixture
def stack(assembly: Path, tmp_path: Path) -> Iterator[DeployedStack]:
    deployed = DeployedStack(tmp_path)
    deployed.take_assembly(assembly)
    try:
        deployed.up()
        yield deployed
    finally:
        deployed.down()


@pytest.fixture
def credentials(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": stack.facts["aws_endpoint_url"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("credentials")
def test_what_a_removed_stack_leaves_and_a_backup_holds_is_taken_up_again(
    stack: DeployedStack,
) -> None:
    for name in sorted(KEPT):
        upload(stack, name)
    eventually(lambda: searchable(stack) == KEPT, because=stack.log)
    with stack.client() as client:
        ash = records(client)["ash.jpg"]
        assert client.patch(f"/images/{ash['id']}", json={"caption": "An ash in fog"}).is_success
        eventually(lambda: found_by(client, "fog") == ["ash.jpg"], because=stack.log)
    before = stack.facts
    restore(stack, before["table"], "restored")
    destroy(stack)

    context = adopt(before["bucket"], "restored", before["tokens_table"])
    stack.up(context=context)

    now = stack.facts
    assert (now["bucket"], now["table"]) == (before["bucket"], "restored")
    assert now["token"] == before["token"]  # the tokens' table was adopted, too
    with stack.client() as client:
        # Its counts went with the stack: asked for, they are made anew.
        eventually(lambda: client.get("/stats").json()["complete"], because=stack.log)
        assert client.get("/stats").json()["total"] == len(KEPT)
        assert client.post("/reindex").status_code == 202
        eventually(lambda: searchable(stack) == KEPT, because=stack.log)
        assert found_by(client, "fog") == ["ash.jpg"]
        upload(stack, "cedar.jpg")
        eventually(lambda: searchable(stack) == {*KEPT, "cedar.jpg"}, because=stack.log)
        cedar = records(client)["cedar.jpg"]
        assert client.delete(f"/images/{cedar['id']}").is_success
        eventually(lambda: searchable(stack) == KEPT, because=stack.log)
        assert client.get("/stats").json()["total"] == len(KEPT)


def restore(stack: DeployedStack, source: str, target: str) -> None:
    """Restore a table to the point in time now."""
    stack.aws("dynamodb").restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=target, UseLatestRestorableTime=True
    )


def destroy(stack: DeployedStack) -> None:
    """Remove the stack, as 'make destroy' does; bucket and tables stay."""
    cloudformation, facts = stack.aws("cloudformation"), stack.facts
    cloudformation.delete_stack(StackName=STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK)
    assert {facts["table"], "restored"} <= {*stack.aws("dynamodb").list_tables()["TableNames"]}
    held = stack.aws("s3").get_bucket_notification_configuration(Bucket=facts["bucket"])
    assert held["QueueConfigurations"]  # which lead to a queue that is gone


def upload(stack: DeployedStack, name: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (160, 120 + len(name)), (90, 90, 200)).save(file, "JPEG")
    body = file.getvalue()
    document = {"name": name, "content_type": "image/jpeg", "size": len(body)}
    with stack.client() as client:
        form = client.post("/images", json=document).json()["upload"]
    files = {"file": (name, body, "image/jpeg")}
    assert httpx.post(form["url"], data=form["fields"], files=files, timeout=30).is_success


def records(client: httpx.Client) -> dict[str, dict[str, Any]]:
    items = client.get("/images", params={"limit": 100}).json()["items"]
    return {item["name"]: item for item in items}


def searchable(stack: DeployedStack) -> set[str]:
    with stack.client() as client:
        answer = client.post("/search", json=EVERYTHING)
    return {hit["image"]["name"] for hit in answer.json().get("hits", ())}


def found_by(client: httpx.Client, text: str) -> list[str]:
    hits = client.post("/search", json={"text": text}).json()["hits"]
    return [hit["image"]["name"] for hit in hits]
