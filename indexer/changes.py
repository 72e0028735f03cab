"""What one record of the stream says, and the events of it on the event bus."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.catalogue.dynamodb import image_of
from chalicelib.errors import Unavailable
from chalicelib.images import Image, State
from chalicelib.transitions import deleted

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
class Change:
    """One write to the catalogue.

    Attributes
    ----------
    number
        The stream record's sequence number, by which Lambda is told what to deliver again.
    before
        None where the record is new.
    after
        A tombstone where the item itself was removed.
    """

    number: str
    before: Image | None
    after: Image

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Read a stream record of view type NEW_AND_OLD_IMAGES.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is not one, or its item is no record of the catalogue.
        """
        stream = record["dynamodb"]
        old, new = stream.get("OldImage"), stream.get("NewImage")
        before = image_of(old) if old else None
        if new:
            after = image_of(new)
        elif before is not None:
            after = deleted(replace(before, rev=before.rev + 1), before.updated_at)
        else:
            raise ValueError("a stream record without images")
        return cls(str(stream["SequenceNumber"]), before, after)

    def event(self) -> "PutEventsRequestEntryTypeDef | None":
        """Return its event, without the caption, which may be private.

        None where the write brought the photograph into no state that is published. Into the trash
        it goes like a deleted one, and comes out of it like a new one.
        """
        image, state = self.after, self.after.shown_state
        if state not in NAMES or (self.before and self.before.shown_state is state):
            return None
        detail = {
            "image_id": image.image_id,
            "owner": image.owner,
            "key": image.key,
            "rev": image.rev,
            "state": state.value,
            "reason": None if image.is_hidden else image.reason,
        }
        return {
            "Source": SOURCE,
            "DetailType": NAMES[state],
            "Detail": json.dumps(detail),
        }


class EventBus:
    """Sends events to an EventBridge bus, at least once."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, events: Sequence["PutEventsRequestEntryTypeDef"]) -> None:
        """Send all, ten a call.

        Raises
        ------
        Unavailable
            Not all were accepted; sending all again is right.
        """
        entries = [event | {"EventBusName": self._name} for event in events]
        for start in range(0, len(entries), _PUT_LIMIT):
            try:
                answer = self._client.put_events(Entries=entries[start : start + _PUT_LIMIT])
            except (ClientError, BotoCoreError) as error:
                raise Unavailable("the event bus does not answer") from error
            if answer.get("FailedEntryCount"):
                raise Unavailable(f"the event bus refused {answer['FailedEntryCount']} events")
