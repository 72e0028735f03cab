"""One page of an order, near duplicates left out where a query wants that."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.search.fusion import DEPTH
from chalicelib.search.likeness import stand_out
from chalicelib.search.opensearch.orders import Found, Order, Place, earlier


@dataclass(frozen=True, slots=True)
class Page:
    """Some matches.

    Attributes
    ----------
    found
        To be shown.
    last
        Where the next page goes on; None where there is none.
    """

    found: Sequence[Found]
    last: Place | None


def plain(order: Order, after: Place | None, limit: int) -> Page:
    """Return the next ``limit`` matches."""
    found = order.walk(after, limit + 1)
    return Page(found[:limit], found[limit - 1].place if len(found) > limit else None)


def collapsed(order: Order, after: Place | None, limit: int) -> Page:
    """Return the next ``limit`` matches of which none is a match before it over again.

    Where the next ``DEPTH`` matches hold fewer, the page is short and another follows.
    """
    before = [] if after is None else earlier(order, after)
    shown: list[Found] = []
    at, seen, count = after, 0, 2 * limit
    while seen < DEPTH:
        walked = order.walk(at, count, likeness=True)
        rows = [one.likeness for one in walked]
        for one, is_new in zip(walked, stand_out(rows, before), strict=True):
            if is_new and len(shown) == limit:
                return Page(shown, at)
            at = one.place
            if is_new:
                shown.append(one)
        if len(walked) < count:
            return Page(shown, None)
        before += (row for row in rows if row is not None)
        seen += len(walked)
        count *= 2
    return Page(shown, at)
