"""The API of a stack that has just started, and what it has to do after a stop or a kill.

Objects, records and messages are on disk when they are answered for. What is not is the table's
stream, so the index reads the catalogue again; and an upload that was cut off may have left its
file without an event, so after a kill the bucket is compared with the catalogue.
"""

from collections.abc import Mapping

import boto3

from chalicelib.names import INDEX
from image_repo import Client, CommandError
from local.errors import LocalError
from local.processes import until
from local.steps import say, step


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
            "read the newest lines of ministack.log",
        )


def recover(facts: Mapping[str, str], *, without_index: bool) -> None:
    """Let index and catalogue catch up with what a kill left.

    Parameters
    ----------
    without_index
        The catalogue may be another than the published index knows, which would refuse it.
    """
    with (
        step("The stack was killed: comparing the bucket with the catalogue"),
        client_of(facts) as client,
    ):
        if without_index:
            boto3.resource("s3").Bucket(facts["bucket"]).objects.filter(Prefix=INDEX).delete()
        wait_until_healthy(client)
        client.call("POST", "reindex")
        queued = sum(page["queued"] for page in client.post_pages("rebuild", {}, "after"))
    say(f"  {queued} photographs are being described again")


def catch_up(facts: Mapping[str, str]) -> None:
    """Let the index read the catalogue again.

    What was written just before the stop may not have reached it, and the emulator does not keep
    its streams.
    """
    with step("Waiting for the API"), client_of(facts) as client:
        wait_until_healthy(client)
        client.call("POST", "reindex")
