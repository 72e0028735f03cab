"""What the event bus is told of a photograph."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from chalicelib.announcements import EventBus
from chalicelib.images import Caption, Image, Source, State


class Bus:
    def __init__(self) -> None:
        self.client = boto3.client(
            "events",
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        self.lost: list[str] = []
        self.bus = EventBus(self.client, "image-repo", lambda: self.lost.append("lost"))


def image(state: State) -> Image:
    caption = Caption("a private dog", Source.USER)
    return Image("an-id", "ada", "photographs", "uploads/ada/a.jpg", state, 3, caption=caption)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (State.CAPTIONED, "ImageCaptioned"),
        (State.NEEDS_REVIEW, "ImageCaptioned"),
        (State.FAILED, "ImageFailed"),
        (State.DELETED, "ImageDeleted"),
    ],
)
def test_an_announcement_names_the_record_and_no_caption(state: State, kind: str) -> None:
    told = Bus()
    detail = {"image_id": "an-id", "owner": "ada", "state": state.value, "rev": 3}
    entry = {
        "EventBusName": "image-repo",
        "Source": "image-repo",
        "DetailType": kind,
        "Detail": json.dumps(detail),
    }
    with Stubber(told.client) as stub:
        stub.add_response("put_events", {"FailedEntryCount": 0}, {"Entries": [entry]})
        told.bus.announce(image(state))
        stub.assert_no_pending_responses()
    assert told.lost == []


def refused(stub: Stubber) -> None:
    stub.add_response("put_events", {"FailedEntryCount": 1}, {"Entries": ANY})


def failing(stub: Stubber) -> None:
    stub.add_client_error("put_events", "InternalException")


@pytest.mark.parametrize("fault", [refused, failing])
def test_an_announcement_that_is_lost_is_counted_and_stops_nothing(fault: Any) -> None:
    told = Bus()
    with Stubber(told.client) as stub:
        fault(stub)
        told.bus.announce(image(State.CAPTIONED))
    assert told.lost == ["lost"]
