"""Records as DynamoDB items and back, in the low-level form that streams carry too."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

from chalicelib.attributes.kinds import TRAITS
from chalicelib.images import Attribute, Caption, Garment, Image, Label, Source, State

_TIMES = frozenset({"created_at", "updated_at"})
EVERYONE = "all"

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def item_of(image: Image) -> dict[str, Any]:
    """Return the item that stores ``image``; empty fields are left out."""
    plain = {field.name: _plain(getattr(image, field.name)) for field in fields(image)}
    plain |= _index_attributes(image)
    return {name: _serialize(value) for name, value in plain.items() if value is not None}


def image_of(item: Mapping[str, Any]) -> Image:
    """Return the record an item (or a stream's ``NewImage``) holds."""
    plain = {name: _deserialize(_with_bytes(value)) for name, value in item.items()}
    known = {field.name for field in fields(Image)} | {"tombstone_owner"}
    values = {name: _typed(name, value) for name, value in plain.items() if name in known}
    owner = values.pop("tombstone_owner", None)
    return Image(**({"owner": owner} | values if owner else values))


def _with_bytes(value: Any) -> Any:
    """Return a value as the SDK has it: in a function's event binary ones are base64 text."""
    binary = value.get("B")
    return {"B": b64decode(binary)} if isinstance(binary, str) else value


def _index_attributes(image: Image) -> dict[str, str | None]:
    if image.state is State.DELETED:
        # Without `owner` the tombstone leaves the owner's listing, yet says whose it was.
        return {"owner": None, "tombstone_owner": image.owner}
    return {
        "listing": EVERYONE,
        "owner_state": f"{image.owner}#{image.state.value}",
    }


def _plain(value: object) -> object:
    match value:
        case datetime():
            return time_text(value)
        case Caption():
            return _caption_map(value)
        case tuple():
            return [*map(_entry_map, value)] or None
        case State() | Source():
            return value.value
        case _:
            return value


def time_text(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC with microseconds, which sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _caption_map(caption: Caption) -> dict[str, object]:
    whole = {
        "text": caption.text,
        "source": caption.source.value,
        "model": caption.model,
        # DynamoDB has no float; a string keeps the digits.
        "confidence": None if caption.confidence is None else repr(caption.confidence),
        "alternatives": list(caption.alternatives) or None,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _entry_map(entry: Attribute | Label) -> dict[str, object]:
    if isinstance(entry, Label):
        return {"word": entry.word, "probability": repr(entry.probability)}
    return _attribute_map(entry)


def _attribute_map(attribute: Attribute) -> dict[str, object]:
    told: dict[str, object] = {"subject": attribute.subject}
    told |= {kind.field: list(kind.values(attribute)) for kind in TRAITS}
    worn = [{"garment": one.garment, "colours": list(one.colours)} for one in attribute.garments]
    return told | {"garments": worn} if worn else told


def _typed(name: str, value: Any) -> Any:
    if name in _TIMES:
        return datetime.fromisoformat(value)
    if name in _CONVERTERS:
        return _CONVERTERS[name](value)
    return value.value if isinstance(value, Binary) else value  # type: ignore[attr-defined]


def _caption_of(value: Mapping[str, Any]) -> Caption:
    confidence = value.get("confidence")
    return Caption(
        text=value["text"],
        source=Source(value["source"]),
        model=value.get("model"),
        confidence=None if confidence is None else float(confidence),
        alternatives=tuple(value.get("alternatives", ())),
    )


def _attributes_of(value: list[Mapping[str, Any]]) -> tuple[Attribute, ...]:
    return tuple(map(_attribute_of, value))


def _attribute_of(entry: Mapping[str, Any]) -> Attribute:
    worn = (Garment(one["garment"], tuple(one["colours"])) for one in entry.get("garments", ()))
    # An item says nothing of a kind that came after it was written.
    traits: dict[str, Any] = {kind.field: tuple(entry.get(kind.field, ())) for kind in TRAITS}
    return Attribute(entry["subject"], garments=tuple(worn), **traits)


def _labels_of(value: list[Mapping[str, Any]]) -> tuple[Label, ...]:
    return tuple(Label(entry["word"], float(entry["probability"])) for entry in value)


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "state": State,
    "attributes_source": Source,
    "caption": _caption_of,
    "attributes": _attributes_of,
    "labels": _labels_of,
    "rev": int,
    "size": int,
    "width": int,
    "height": int,
}
