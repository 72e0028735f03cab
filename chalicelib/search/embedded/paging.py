"""One page of an order, near duplicates left out where a query wants that."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.search.embedded.bits import members
from chalicelib.search.embedded.matrix import Matrix
from chalicelib.search.embedded.orders import Order, Place
from chalicelib.search.fusion import DEPTH
from chalicelib.search.likeness import stand_out


@dataclass(frozen=True, slots=True)
class Page:
    """Some places of an order.

    Attributes
    ----------
    places
        To be shown.
    last
        Where the next page goes on; None where there is none.
    """

    places: Sequence[Place]
    last: Place | None


def plain(found: Order, after: Place | None, limit: int) -> Page:
    """Return the next ``limit`` places."""
    places = found.after(after, limit + 1)
    return Page(places[:limit], places[limit - 1] if len(places) > limit else None)


def collapsed(found: Order, after: Place | None, limit: int, visual: Matrix) -> Page:
    """Return the next ``limit`` places of which none is a match before it over again.

    Where the next ``DEPTH`` matches hold fewer, the page is short and another follows.
    """
    earlier = [] if after is None else _rows(members(found.until(after)), visual)
    places: list[Place] = []
    at, seen, count = after, 0, 2 * limit
    while seen < DEPTH:
        walked = found.after(at, count)
        rows = [visual.row(doc) for _, doc in walked]
        for place, is_new in zip(walked, stand_out(rows, earlier), strict=True):
            if is_new and len(places) == limit:
                return Page(places, at)
            at = place
            if is_new:
                places.append(place)
        if len(walked) < count:
            return Page(places, None)
        earlier += (row for row in rows if row is not None)
        seen += len(walked)
        count *= 2
    return Page(places, at)


def _rows(docs: Sequence[int], visual: Matrix) -> list[bytes]:
    return [row for row in map(visual.row, docs) if row is not None]
