"""After a kill: the catalogue from the bucket, the index from the catalogue.

The emulator has the bucket's objects on disk at once but saves everything else only when it is
asked to stop. After a kill the catalogue is therefore what it was at the last orderly stop, and
the published index in the bucket may know later revisions than the catalogue does, which would
make the index refuse what the catalogue is about to say. So the index goes, and both are made
again, by the API's own means.
"""

import time
from collections.abc import Mapping

import boto3

from chalicelib.names import INDEX
from local.api import client_of, wait_until_healthy
from local.steps import say, step

DRAIN_SECONDS = 3600


def recover(facts: Mapping[str, str]) -> None:
    """Make catalogue and index anew from what the bucket holds."""
    with (
        step("The stack was killed: rebuilding the catalogue from the bucket"),
        client_of(facts) as client,
    ):
        _forget_index(facts["bucket"])
        wait_until_healthy(client, 30)
        client.call("POST", "reindex")
        queued = sum(page["queued"] for page in client.post_pages("rebuild", {}, "after"))
        _wait_for_the_queue(facts["queue_url"])
    say(f"  {queued} photographs were described again")


def catch_up(facts: Mapping[str, str]) -> None:
    """Let the index read the catalogue again.

    What was written just before the stop may not have reached it, and the emulator does not keep
    its streams.
    """
    with step("Waiting for the API"), client_of(facts) as client:
        wait_until_healthy(client, 60)
        client.call("POST", "reindex")


def _forget_index(bucket: str) -> None:
    s3 = boto3.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=INDEX):
        for item in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])


def _wait_for_the_queue(url: str) -> None:
    sqs = boto3.client("sqs")
    end = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < end:
        answer = sqs.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )
        if not any(int(count) for count in answer["Attributes"].values()):
            return
        time.sleep(0.5)
