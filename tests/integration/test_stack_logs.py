"""What the deployed functions log: neither tokens nor what was sent, asked or answered."""

import base64

import pytest

from local.function import HANDLERS
from tests.deployed import DeployedStack, eventually
from tests.integration.test_stack_pipeline import found, photograph, settled, upload

pytestmark = [pytest.mark.stack]

CAPTION, CORRECTED, QUERY = "A quokka naps", "A wombat yawns", "numbat"


def logged(stack: DeployedStack) -> str:
    """Return all that functions have logged: to CloudWatch, and the images' to files."""
    logs = stack.aws("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    events = [
        event["message"]
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
    ]
    files = [stack.home / "logs" / f"{name}.log" for name in HANDLERS]
    return "\n".join([*events, *(file.read_text(errors="replace") for file in files)])


def test_neither_tokens_nor_texts_nor_images_are_in_any_log(stack: DeployedStack) -> None:
    body = photograph("rosybrown")
    encoded = base64.b64encode(body).decode()
    with stack.client() as admin:
        made = admin.post("/tokens", json={"owner": "logged", "scopes": ["read", "write"]})
    token = made.json()["token"]
    with stack.client(token) as client:
        image = upload(client, "a.jpg", body, caption=CAPTION)
        settled(client, image)
        assert client.patch(f"/images/{image}", json={"caption": CORRECTED}).is_success
        eventually(lambda: found(client, {"text": "wombat"}) == [image], because=stack.log)
        found(client, {"image": encoded})
        assert client.get("/search", params={"q": QUERY}).is_success
        assert client.get("/search", params={"q": QUERY, "limit": "none"}).status_code == 400
        assert client.delete(f"/images/{image}").is_success
    told = logged(stack)
    for service in ("api", "captioner", "indexer"):
        assert f'"service":"{service}"' in told
    secrets = (token, stack.token, *CAPTION.split()[1:], *CORRECTED.split()[1:], QUERY)
    assert [secret for secret in (*secrets, encoded[:60]) if secret in told] == []
