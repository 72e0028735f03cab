"""The messages of the captioner's queue: S3 events and the repository's own requests."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.names import UPLOADS

_log = logging.getLogger(__name__)


class EventKind(StrEnum):
    """What happened to an object."""

    CREATED = "created"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One object was created or removed, or is to be processed again (a *redrive*).

    Attributes
    ----------
    key
        Decoded once; S3 writes it URL-encoded.
    version_id
        Of the photograph; None where S3 named none or only a delete marker's.
    sequencer
        Orders the events of one key (`is_older`); None for a redrive.
    force
        Of a redrive: caption again although nothing changed.
    seen
        Of a redrive: the record's sequencer when processing began.
    """

    bucket: str
    key: str
    kind: EventKind
    version_id: str | None = None
    sequencer: str | None = None
    size: int | None = None
    force: bool = False
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class ContinueImport:
    """A request to continue an import from a line of its descriptions."""

    import_id: str
    line: int


Message = ObjectEvent | ContinueImport

_KINDS = {
    "ObjectCreated": EventKind.CREATED,
    "ObjectRemoved": EventKind.REMOVED,
    "LifecycleExpiration": EventKind.REMOVED,
}


def read(body: str, bucket: str) -> tuple[Message, ...]:
    """Parse the body of a message.

    Parameters
    ----------
    body
        Of the SQS message.
    bucket
        The repository's; events of another one are logged and ignored.

    Returns
    -------
    tuple[Message, ...]
        Empty for S3's test event and for what is not the repository's; both are acknowledged.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    match document:
        case {"redrive": {"key": str(key), **more}} if key.startswith(UPLOADS):
            return (_redrive(bucket, key, more),)
        case {"import": {"id": str(import_id), "line": int(line)}}:
            return (ContinueImport(import_id, line),)
        case {"Records": [*records]}:
            found = (_event(record, bucket) for record in records)
            return tuple(event for event in found if event is not None)
        case {"Event": "s3:TestEvent"}:
            _log.info("the bucket's test event arrived")
        case _:
            _log.warning("a message is none of the repository's")
    return ()


def redrive(key: str, *, size: int | None = None, force: bool = False) -> dict[str, Any]:
    """Return the message of a request to process a key again."""
    return {"redrive": {"key": key, "size": size, "force": force}}


def continue_import(request: ContinueImport) -> dict[str, Any]:
    """Return the message of a request to continue an import."""
    return {"import": {"id": request.import_id, "line": request.line}}


def is_older(sequencer: str | None, than: str | None) -> bool:
    """Compare two sequencers of one key; None, of no event, is older than any.

    The shorter is padded with zeros at its right, as the S3 user guide ("Event message
    structure") says.
    """
    one, other = sequencer or "", than or ""
    width = max(len(one), len(other))
    return one.ljust(width, "0") < other.ljust(width, "0")


def _redrive(bucket: str, key: str, more: Mapping[Any, Any]) -> ObjectEvent:
    size = more.get("size")
    return ObjectEvent(
        bucket,
        key,
        EventKind.CREATED,
        size=size if isinstance(size, int) else None,
        force=more.get("force") is True,
    )


def _event(record: object, bucket: str) -> ObjectEvent | None:
    match record:
        case {
            "eventName": str(name),
            "s3": {"bucket": {"name": str(named)}, "object": {"key": str(quoted), **more}},
        }:
            found: Mapping[Any, Any] = more
            kind = _KINDS.get(name.removeprefix("s3:").split(":")[0])
            key = unquote_plus(quoted)
            if named == bucket and kind and key.startswith(UPLOADS) and not key.endswith("/"):
                version = None if name.endswith("DeleteMarkerCreated") else found.get("versionId")
                sequencer, size = found.get("sequencer"), found.get("size")
                return ObjectEvent(bucket, key, kind, version, sequencer, size)
            _log.info("an event concerns no upload of this bucket")
        case _:
            _log.warning("a record of an event is not S3's")
    return None
