"""Pages of an order: where one ends, bound to its query, and near duplicates left out."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from chalicelib.errors import InvalidField
from chalicelib.search.plan import DEPTH
from chalicelib.search.port import Place, View
from chalicelib.search.query import Query
from chalicelib.search.ranking import Order
from chalicelib.search.tuned import NEAR_DUPLICATE
from chalicelib.search.vectors import cosines, rows

_MAX_CHARS = 2_000
_MAX_WEIGHT = 1_000  # more than the idf of any word of any collection


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a page ended.

    Attributes
    ----------
    place
        Of the last match looked at: scores depend on photograph and query alone.
    weights
        The idf of the query's terms as its first page had it: it moves with the collection, and
        scores must not move between pages.
    bound
        The least score of a match, as the first page had it.
    """

    place: Place
    weights: tuple[int, ...] = ()
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class MatchPage:
    """Some matches, and where the next page goes on; None where there is none."""

    places: Sequence[Place]
    last: Place | None


def page_of(order: Order, view: View, after: Place | None, query: Query) -> MatchPage:
    """Return the next matches of a query."""
    if query.collapse is not None:
        return _collapsed(order, view, after, query.limit)
    found = order.walk(after, query.limit + 1)
    places = found[: query.limit]
    return MatchPage(places, places[-1] if len(found) > query.limit else None)


def _collapsed(order: Order, view: View, after: Place | None, limit: int) -> MatchPage:
    """Return the next matches that are not near duplicates of an earlier one.

    Where the next ``DEPTH`` matches hold fewer, the page is short and another follows.
    """
    before = _earlier(order, view, after)
    shown: list[Place] = []
    at, seen, count = after, 0, 2 * limit
    while seen < DEPTH:
        walked = order.walk(at, count)
        vectors = _vectors(view, walked)
        for place, is_new in zip(walked, stand_out(vectors, before), strict=True):
            if is_new and len(shown) == limit:
                return MatchPage(shown, at)
            at = place
            if is_new:
                shown.append(place)
        if len(walked) < count:
            return MatchPage(shown, None)
        before += (vector for vector in vectors if vector is not None)
        seen += len(walked)
        count *= 2
    return MatchPage(shown, at)


def _earlier(order: Order, view: View, until: Place | None) -> list[bytes]:
    """Return the visual vectors of all matches up to and with a place."""
    found: list[bytes] = []
    at: Place | None = None
    while until is not None:
        walked = order.walk(at, DEPTH)
        before = [place for place in walked if place <= until]
        found += (vector for vector in _vectors(view, before) if vector is not None)
        if len(before) < DEPTH:
            break
        at = before[-1]
    return found


def _vectors(view: View, places: Sequence[Place]) -> list[bytes | None]:
    keys = [key for _, key in places]
    stored = view.stored(keys, visual=True) if keys else {}
    return [stored[key].visual if key in stored else None for key in keys]


def stand_out(vectors: Sequence[bytes | None], earlier: Sequence[bytes]) -> list[bool]:
    """Return whether each photograph is not a near duplicate of an earlier one.

    Parameters
    ----------
    vectors
        Quantised visual vectors in their order; one without a vector is never a duplicate.
    earlier
        Those of all that came before.
    """
    held = [vector for vector in vectors if vector is not None]
    if not held:
        return [True] * len(vectors)
    products = cosines(rows(held), rows([*earlier, *held]))
    nearest = (
        products[at, : len(earlier) + at].max(initial=-1.0) < NEAR_DUPLICATE
        for at in range(len(held))
    )
    return [vector is None or bool(next(nearest)) for vector in vectors]


def encoded(query: Query, anchor: Anchor) -> str:
    """Return the opaque cursor that continues ``query`` after ``anchor``."""
    content: list[object] = [*anchor.place, list(anchor.weights), anchor.bound]
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
        score, key, weights, bound = content
        if checksum != _checksum(query, content) or not _are_weights(weights):
            raise ValueError
    except (ValueError, TypeError, RecursionError) as error:
        raise wrong_cursor() from error
    bound = None if bound is None else float(bound)
    return Anchor((float(score), int(key)), tuple(weights), bound)


def wrong_cursor() -> InvalidField:
    """Return the error of a cursor that belongs elsewhere."""
    return InvalidField("cursor", "is not one that this query returned")


def _are_weights(weights: object) -> bool:
    return isinstance(weights, list) and all(
        isinstance(weight, int) and 0 < weight <= _MAX_WEIGHT for weight in weights
    )


def _checksum(query: Query, content: list[object]) -> str:
    """Return a digest of the page's place and of all that decides which hits there are.

    It keeps honest mistakes apart; a cursor gives no access that its query would not have.
    """
    return sha256(f"{digest(query)}{content!r}".encode()).hexdigest()[:20]


def digest(query: Query) -> str:
    """Return what a query and its further pages have in common."""
    asked = replace(query, cursor=None, limit=1, explain=False, facets=())
    return sha256(f"{asked!r}".encode("utf-8", "replace")).hexdigest()[:20]
