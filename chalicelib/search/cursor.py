"""Where a page ended, bound to the query it belongs to."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from hashlib import sha256

from chalicelib.errors import InvalidField
from chalicelib.search.query import Query

_MAX_CHARS = 2_000
_MAX_WEIGHT = 1_000  # more than the inverse frequency of any word of any collection
TRAIL = 4


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a page ended.

    Attributes
    ----------
    trail
        Ids of the page's last hits, the last one first. In another index than the page's, the
        next one goes on after the place that the first of them to match has there.
    score
        Of the last hit.
    lineage, newest
        Which index file it was and the last document it held: later ones stay out of the pages
        that follow.
    weights
        Of the query's words and clauses as its first page had them: inverse frequencies move with
        the collection, and scores must not move between pages.
    bound
        The least score of a match, as the first page had it.
    """

    trail: tuple[str, ...]
    score: float
    lineage: str
    newest: int
    weights: tuple[int, ...] = ()
    bound: float | None = None


def encoded(query: Query, anchor: Anchor) -> str:
    """Return the opaque cursor that continues ``query`` after ``anchor``."""
    place: list[object] = [list(anchor.trail), anchor.score, anchor.lineage, anchor.newest]
    content = [*place, list(anchor.weights), anchor.bound]
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
        trail, score, lineage, newest, weights, bound = content
        if checksum != _checksum(query, content) or not _is_weighing(weights):
            raise ValueError
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidField("cursor", "is not one that this query returned") from error
    bound = None if bound is None else float(bound)
    return Anchor(tuple(trail), float(score), str(lineage), int(newest), tuple(weights), bound)


def _is_weighing(weights: object) -> bool:
    return isinstance(weights, list) and all(
        isinstance(weight, int) and 0 < weight <= _MAX_WEIGHT for weight in weights
    )


def _checksum(query: Query, content: list[object]) -> str:
    """Return a digest of the page's place and of all that decides which hits there are.

    It keeps honest mistakes apart; a cursor gives no access that its query would not have.
    """
    asked = replace(query, cursor=None, limit=1, explain=False, facets=())
    return sha256(f"{asked!r}{content!r}".encode("utf-8", "replace")).hexdigest()[:20]
