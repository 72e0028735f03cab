"""Events about photographs, published on the event bus."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable
from chalicelib.images import State
from indexer.changes import Change

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "image-repo"
NAMES: Mapping[State, str] = {
    State.CAPTIONED: "ImageCaptioned",
    State.FAILED: "ImageFailed",
    State.DELETED: "ImageDeleted",
}
_PUT_LIMIT = 10  # entries of one PutEvents call (EventBridge quotas)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event: what happened to which photograph; no caption, which may be private."""

    name: str
    detail: Mapping[str, str | int | None]


class EventPublisher(Protocol):
    """Port. Adapter: ``EventBridge``; events are sent at least once."""

    def publish(self, announcements: Sequence[Announcement]) -> None:
        """Send all of them.

        Raises
        ------
        Unavailable
            Not all were accepted; sending all again is right.
        """


def announcement_of(change: Change) -> Announcement | None:
    """Return the event of a change, None where it brought no state that is published."""
    name = NAMES.get(change.enters) if change.enters else None
    if name is None:
        return None
    image = change.after
    detail: dict[str, str | int | None] = {
        "image_id": image.image_id,
        "owner": image.owner,
        "key": image.key,
        "rev": image.rev,
        "state": image.state.value,
        "reason": image.reason,
    }
    return Announcement(name, detail)


class EventBridge:
    """Sends to an EventBridge bus."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, announcements: Sequence[Announcement]) -> None:
        """Send all, ten a call."""
        for start in range(0, len(announcements), _PUT_LIMIT):
            self._send(announcements[start : start + _PUT_LIMIT])

    def _send(self, announcements: Sequence[Announcement]) -> None:
        entries = [self._entry(announcement) for announcement in announcements]
        try:
            answer = self._client.put_events(Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("the event bus does not answer") from error
        if answer.get("FailedEntryCount"):
            raise Unavailable(f"the event bus refused {answer['FailedEntryCount']} events")

    def _entry(self, announcement: Announcement) -> "PutEventsRequestEntryTypeDef":
        return {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": announcement.name,
            "Detail": json.dumps(announcement.detail),
        }
