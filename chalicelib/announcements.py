"""What became of a photograph, told on the event bus to whoever listens."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.images import Image, State

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "image-repo"
_KINDS = {
    State.CAPTIONED: "ImageCaptioned",
    State.NEEDS_REVIEW: "ImageCaptioned",
    State.FAILED: "ImageFailed",
    State.DELETED: "ImageDeleted",
}


class EventBus:
    """Announce records on EventBridge: ids, owner, state and revision, never a caption.

    Parameters
    ----------
    lost
        Called where the bus did not take an event. The record stands all the same, and the
        table's stream tells of it for certain.
    """

    def __init__(self, client: "EventBridgeClient", bus: str, lost: Callable[[], None]) -> None:
        self._client = client
        self._bus = bus
        self._lost = lost

    def announce(self, image: Image) -> None:
        """Tell of a record that was saved."""
        detail = {
            "image_id": image.image_id,
            "owner": image.owner,
            "state": image.state.value,
            "rev": image.rev,
        }
        entry = {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": _KINDS[image.state],
            "Detail": json.dumps(detail),
        }
        try:
            answer = self._client.put_events(Entries=[entry])  # type: ignore[list-item]
        except (BotoCoreError, ClientError):
            self._lost()
            return
        if answer["FailedEntryCount"]:
            self._lost()
