"""One page of an order, near duplicates left out where a query wants that."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chalicelib.search.fusion import DEPTH
from chalicelib.search.likeness import stand_out

Match = TypeVar("Match")
Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Walk(Generic[Match, Place]):
    """How an engine goes through an order.

    Attributes
    ----------
    on
        Gives as many of the best matches after a place as are asked for.
    place
        Of a match.
    likeness
        Its quantised visual vector, where it has one.
    """

    on: Callable[[Place | None, int], Sequence[Match]]
    place: Callable[[Match], Place]
    likeness: Callable[[Match], bytes | None]


@dataclass(frozen=True, slots=True)
class Page(Generic[Match, Place]):
    """Some matches.

    Attributes
    ----------
    matches
        To be shown.
    last
        Where the next page goes on; None where there is none.
    """

    matches: Sequence[Match]
    last: Place | None


def plain(walk: Walk[Match, Place], after: Place | None, limit: int) -> Page[Match, Place]:
    """Return the next ``limit`` matches."""
    found = walk.on(after, limit + 1)
    return Page(found[:limit], walk.place(found[limit - 1]) if len(found) > limit else None)


def collapsed(
    walk: Walk[Match, Place], after: Place | None, limit: int, earlier: Iterable[bytes]
) -> Page[Match, Place]:
    """Return the next ``limit`` matches of which none is a match before it over again.

    Where the next ``DEPTH`` matches hold fewer, the page is short and another follows.

    Parameters
    ----------
    earlier
        The visual vectors of all matches up to and with ``after``.
    """
    before, shown = list(earlier), list[Match]()
    at, seen, count = after, 0, 2 * limit
    while seen < DEPTH:
        walked = walk.on(at, count)
        rows = list(map(walk.likeness, walked))
        for one, is_new in zip(walked, stand_out(rows, before), strict=True):
            if is_new and len(shown) == limit:
                return Page(shown, at)
            at = walk.place(one)
            if is_new:
                shown.append(one)
        if len(walked) < count:
            return Page(shown, None)
        before += (row for row in rows if row is not None)
        seen += len(walked)
        count *= 2
    return Page(shown, at)
