"""The deployed stack with a real OpenSearch node behind its template's domain."""

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opensearchpy import OpenSearch
from PIL import Image

from chalicelib.reindexing import RUN_STATE_KEY
from chalicelib.search.opensearch import connect
from chalicelib.search.opensearch.schema import definition, version
from tests.deployed import DeployedStack, eventually
from tests.opensearch import needs_opensearch
from tests.recording.roles import Roles

pytestmark = [pytest.mark.stack, pytest.mark.slow, needs_opensearch]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    stack = DeployedStack(tmp_path_factory.mktemp("opensearch"))
    try:
        stack.up("opensearch")
        yield stack
        roles = Roles(stack)
        assert roles.denied(roles.asked()) == []
    finally:
        stack.forget()


@pytest.fixture(scope="module")
def client(stack: DeployedStack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def upload(client: httpx.Client, colour: str, caption: str) -> str:
    file = io.BytesIO()
    Image.new("RGB", (200, 160), colour).save(file, "JPEG")
    body = file.getvalue()
    document = {
        "name": f"{colour}.jpg",
        "content_type": "image/jpeg",
        "size": len(body),
        "caption": caption,
    }
    announced = client.post("/images", json=document).json()
    form = announced["upload"]
    files = {"file": (f"{colour}.jpg", body, "image/jpeg")}
    assert httpx.post(form["url"], data=form["fields"], files=files, timeout=30).is_success
    return str(announced["image"]["id"])


def found(client: httpx.Client, text: str) -> list[str]:
    answer = client.post("/search", json={"text": text, "mode": "words"})
    assert answer.status_code in (200, 503), answer.text
    return [hit["image"]["id"] for hit in answer.json().get("hits", ())]


def followed(client: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    started = client.post("/reindex", json=asked)
    assert started.status_code == 202, started.text

    def look() -> dict[str, Any] | None:
        told = client.get("/reindex").json()
        is_over = told.get("id") == started.json()["id"] and told["state"] != "running"
        return dict(told) if is_over else None

    return dict(eventually(look, within=120))


def test_photographs_are_found_from_the_stream_through_a_rebuild_and_a_roll_back(
    client: httpx.Client,
) -> None:
    lake = upload(client, "steelblue", "a quiet lake below the mountains")
    eventually(lambda: found(client, "lakes") == [lake], within=120)

    told = followed(client, {})
    assert (told["state"], told["records"]) == ("finished", 1)
    assert found(client, "lakes") == [lake]

    forest = upload(client, "darkgreen", "a dark forest")
    eventually(lambda: found(client, "forest") == [forest], within=120)
    assert followed(client, {"roll_back": True})["state"] == "finished"
    assert found(client, "forest") == [forest]
    assert client.get("/stats").json()["searchable"] == 2

    assert client.delete(f"/images/{lake}").status_code == 204
    eventually(lambda: found(client, "lakes") == [], within=120)


@pytest.mark.fault(35)
def test_an_index_of_an_earlier_release_is_rebuilt_by_the_indexer_itself(
    stack: DeployedStack, client: httpx.Client
) -> None:
    desert = upload(client, "sandybrown", "a wide desert")
    eventually(lambda: found(client, "desert") == [desert], within=120)
    node = connect(stack.facts["search_url"], 30)
    bucket = stack.facts["bucket"]
    stack.aws("s3").delete_object(Bucket=bucket, Key=RUN_STATE_KEY)  # nothing ran lately
    exchange_for_an_empty_one(node)

    river = upload(client, "royalblue", "a broad river")
    eventually(lambda: found(client, "river") == [river], within=120)
    eventually(lambda: found(client, "desert") == [desert], within=120)
    (live,) = node.indices.get_alias(name="image-repo")
    assert live.endswith(version(stack.facts["table"]))
    eventually(lambda: client.get("/reindex").json()["state"] == "finished")
    node.close()


def test_the_indexer_may_invoke_itself_and_no_other_function(stack: DeployedStack) -> None:
    template = json.loads((stack.home / "cdk.out" / "ImageRepo.template.json").read_text())
    invoked = [
        json.dumps(statement["Resource"])
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy"
        and "Indexer" in json.dumps(resource["Properties"]["Roles"])
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        if "lambda:InvokeFunction" in statement["Action"]
    ]
    assert len(invoked) == 1 and invoked[0].endswith(':function:image-repo-indexer"]]}')


def exchange_for_an_empty_one(node: OpenSearch) -> None:
    """Let an index of another release, without a photograph, be searched."""
    (live,) = node.indices.get_alias(name="image-repo")
    name = "image-repo-000100-v1"
    node.indices.create(index=name, body=definition())
    node.indices.put_settings(index=name, body={"index": {"refresh_interval": "1s"}})
    actions = [
        {"remove": {"index": live, "alias": "image-repo"}},
        {"add": {"index": name, "alias": "image-repo"}},
    ]
    node.indices.update_aliases(body={"actions": actions})
