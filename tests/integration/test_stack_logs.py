"""What the deployed stack logs: neither tokens nor what was sent, asked or answered."""

import base64

import httpx
import pytest

from tests.deployed import DeployedStack, eventually
from tests.integration.test_stack_pipeline import found, photograph, settled, upload

pytestmark = [pytest.mark.stack]

CAPTION, CORRECTED, QUERY = "A quokka naps", "A wombat yawns", "numbat"
KEYWORD, IMPORTED, REFUSED, BROKEN = "bilby", "A potoroo hops", "bandicoot", "pademelon"
SERVICES = ("Api", "Authorizer", "TokenRoutes", "Captioner", "Encoder", "Indexer")


def logged(stack: DeployedStack) -> dict[str, str]:
    """Return what each function has logged to CloudWatch, and every process to its file."""
    logs = stack.aws("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    told = {
        group: "\n".join(
            event["message"]
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            for event in page["events"]
        )
        for group in groups
    }
    files = (stack.home / "logs").glob("*.log")
    return told | {file.name: file.read_text(errors="replace") for file in files}


@pytest.mark.fault(28)
def test_neither_tokens_nor_texts_nor_images_are_in_any_log(stack: DeployedStack) -> None:
    body = photograph("rosybrown")
    encoded = base64.b64encode(body).decode()
    forged = "imr_" + "quoll" * 9
    with stack.client() as admin:
        made = admin.post("/tokens", json={"owner": "logged", "scopes": ["read", "write"]})
    token = made.json()["token"]
    with stack.client(forged) as stranger:
        assert stranger.get("/images").status_code == 401
    with stack.client(token) as client:
        image = upload(client, "a.jpg", body, caption=CAPTION, keywords=[KEYWORD])
        settled(client, image)
        assert client.patch(f"/images/{image}", json={"caption": CORRECTED}).is_success
        eventually(lambda: found(client, {"text": "wombat"}) == [image], because=stack.log)
        found(client, {"image": encoded})
        assert client.get("/search", params={"q": QUERY}).is_success
        assert client.get("/search", params={"q": QUERY, "limit": "none"}).status_code == 400
        refused = {"caption": [REFUSED], REFUSED: REFUSED}
        assert client.patch(f"/images/{image}", json=refused).status_code == 400
        no_image = base64.b64encode(BROKEN.encode() * 20).decode()
        assert client.post("/search/image", json={"image": no_image}).status_code == 400
        broken = upload(client, "broken.jpg", BROKEN.encode() * 20, caption=f"A {BROKEN}")
        settled(client, broken)
        import_captions(stack, client)
        assert client.delete(f"/images/{image}").is_success
    told = logged(stack)
    for service in SERVICES:
        (group,) = (name for name in told if f"{service}IdentityLogs" in name)
        assert told[group], service
    secrets = (token, stack.token, forged, *CAPTION.split()[1:], *CORRECTED.split()[1:], QUERY)
    others = (KEYWORD, *IMPORTED.split()[1:], REFUSED, BROKEN, encoded[:60], no_image[:60])
    assert [
        (secret, name)
        for name, text in told.items()
        for secret in (*secrets, *others)
        if secret in text
    ] == []


def import_captions(stack: DeployedStack, client: httpx.Client) -> None:
    """Have captions imported of which not all can be."""
    lines = f"nobody.jpg {IMPORTED}\n{IMPORTED}\n".encode()
    where = {"Bucket": stack.facts["bucket"], "Key": "uploads/logged/told/descriptions.txt"}
    stack.aws("s3").put_object(**where, Body=lines)
    asked = client.post("/imports", json={"prefix": "uploads/logged/told/"}).json()

    def is_over() -> bool:
        return bool(client.get(f"/imports/{asked['id']}").json()["state"] != "running")

    eventually(is_over, because=stack.log)
