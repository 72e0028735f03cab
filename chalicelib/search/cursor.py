"""Where a page ended, bound to the query it belongs to."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from chalicelib.errors import InvalidField
from chalicelib.search.query import Query

_MAX_CHARS = 400


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last hit of a page.

    Attributes
    ----------
    image_id, score
        Of that hit. Where it still matches, the next page goes on after its place of now, so
        that a changed collection does not shift the pages; else after its score.
    lineage, newest
        Which index file it was and the last document it held: later ones stay out of the pages
        that follow.
    """

    image_id: str
    score: float
    lineage: str
    newest: int


def encoded(query: Query, anchor: Anchor) -> str:
    """Return the opaque cursor that continues ``query`` after ``anchor``."""
    content = [*asdict(anchor).values()]
    packed = json.dumps([_checksum(query, content), *content], separators=(",", ":"))
    return urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decoded(query: Query) -> Anchor | None:
    """Return where ``query`` goes on, None for its first page.

    Raises
    ------
    InvalidField
        The cursor is damaged, forged, or of another query.
    """
    if query.cursor is None:
        return None
    try:
        if len(query.cursor) > _MAX_CHARS:
            raise ValueError
        padded = query.cursor.encode("ascii") + b"=" * (-len(query.cursor) % 4)
        checksum, *content = json.loads(urlsafe_b64decode(padded))
        image_id, score, lineage, newest = content
        if checksum != _checksum(query, content):
            raise ValueError
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidField("cursor", "is not one that this query returned") from error
    return Anchor(str(image_id), float(score), str(lineage), int(newest))


def _checksum(query: Query, content: list[object]) -> str:
    """Return a digest of the page's place and of all that decides which hits there are.

    It keeps honest mistakes apart; a cursor gives no access that its query would not have.
    """
    asked = replace(query, cursor=None, limit=1, explain=False, facets=())
    return sha256(f"{asked!r}{content!r}".encode("utf-8", "replace")).hexdigest()[:20]
