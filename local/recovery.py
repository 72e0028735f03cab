"""The API of a stack that has just started, and what it has to do after a stop or a kill.

The emulator has the bucket's objects on disk at once but saves everything else only when it is
asked to stop. After a kill the catalogue is therefore what it was at the last orderly stop, and
the published index in the bucket may know later revisions than the catalogue does, which would
make the index refuse what the catalogue is about to say. So the index goes, and both are made
again, by the API's own means.
"""

from collections.abc import Mapping

import boto3

from chalicelib.names import INDEX
from image_repo import Client, CommandError
from local.errors import LocalError
from local.processes import until
from local.steps import say, step

DRAIN_SECONDS = 3600


def client_of(facts: Mapping[str, str]) -> Client:
    """Return an administrator's client of the stack that ``stack.json`` tells of."""
    return Client(facts["api_url"], facts["token"])


def wait_until_healthy(client: Client, seconds: float = 60, poll: float = 0.3) -> None:
    """Wait until the API answers.

    Raises
    ------
    LocalError
        It does not.
    """
    said: list[CommandError] = []

    def healthy() -> bool:
        try:
            client.call("GET", "health")
        except CommandError as problem:
            said.append(problem)
            return False
        return True

    if not until(healthy, seconds, poll):
        raise LocalError(
            f"the API does not answer: {said[-1]}",
            "read the newest lines of .local/logs/ministack.log",
        )


def recover(facts: Mapping[str, str]) -> None:
    """Make catalogue and index anew from what the bucket holds."""
    with (
        step("The stack was killed: rebuilding the catalogue from the bucket"),
        client_of(facts) as client,
    ):
        boto3.resource("s3").Bucket(facts["bucket"]).objects.filter(Prefix=INDEX).delete()
        wait_until_healthy(client)
        client.call("POST", "reindex")
        queued = sum(page["queued"] for page in client.post_pages("rebuild", {}, "after"))
        until(lambda: is_drained(facts["queue_url"]), DRAIN_SECONDS, poll=0.5)
    say(f"  {queued} photographs were described again")


def catch_up(facts: Mapping[str, str]) -> None:
    """Let the index read the catalogue again.

    What was written just before the stop may not have reached it, and the emulator does not keep
    its streams.
    """
    with step("Waiting for the API"), client_of(facts) as client:
        wait_until_healthy(client)
        client.call("POST", "reindex")


def is_drained(queue_url: str) -> bool:
    """Tell whether a queue holds no message, and nobody works on one."""
    answer = boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return not any(map(int, answer["Attributes"].values()))
