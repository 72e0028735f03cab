"""Cursors of listings: opaque, and bound to the listing that made them."""

import base64
import hashlib
import json
from typing import Any

from chalicelib.errors import InvalidField

_CHECK_BYTES = 8
_FIELDS = frozenset({"created_at", "image_id"})


def seal(listing: str, position: dict[str, str]) -> str:
    """Return a cursor for a position in a listing.

    Parameters
    ----------
    listing
        What is listed, with all its conditions; a cursor of another one is refused.
    position
        ``created_at`` and ``image_id`` of the last record that was shown.
    """
    body = json.dumps(position, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(_check(listing, body) + body).decode().rstrip("=")


def unseal(listing: str, cursor: str) -> dict[str, str]:
    """Return the position a cursor stands for.

    The check is no secret: it catches mistakes, and a cursor grants nothing that its
    listing does not, because the listing's own conditions are applied again.

    Raises
    ------
    InvalidField
        The cursor was not made by ``seal`` for this listing.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, body = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        position: Any = json.loads(body) if check == _check(listing, body) else None
    except (ValueError, RecursionError):
        position = None
    # Whoever knows how a cursor is made could seal anything.
    is_position = isinstance(position, dict) and position.keys() == _FIELDS
    if not is_position or not all(isinstance(it, str) and it for it in position.values()):
        raise InvalidField("cursor", "not a cursor of this listing; begin again without it")
    return dict(position)


def _check(listing: str, body: bytes) -> bytes:
    return hashlib.sha256(listing.encode() + b"\0" + body).digest()[:_CHECK_BYTES]
