"""Near duplicates: of photographs that look the same only the best match is shown.

Or they are what is looked for, in groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.conditions import AllOf, Condition, LooksLike
from chalicelib.search.plan import DEPTH
from chalicelib.search.port import ByTime, Place, Retrieval, Stored, View
from chalicelib.search.ranking import Order
from chalicelib.search.text import SCALE
from chalicelib.search.tuned import NEAR_DUPLICATE

Look: TypeAlias = tuple[bytes, str | None]
"""A quantised visual vector, and the space that it is of."""


@dataclass(frozen=True, slots=True)
class MatchPage:
    """Some matches, and where the next page goes on; None where there is none."""

    places: Sequence[Place]
    last: Place | None


def collapsed(order: Order, view: View, after: Place | None, limit: int) -> MatchPage:
    """Return the next matches that are not near duplicates of an earlier one.

    Where the next ``DEPTH`` matches hold fewer, the page is short and another follows.
    """
    before = _earlier(order, view, after)
    shown: list[Place] = []
    at, seen, count = after, 0, 2 * limit
    while seen < DEPTH:
        walked = order.walk(at, count)
        looks = _looks(view, walked)
        for place, is_new in zip(walked, stand_out(looks, before), strict=True):
            if is_new and len(shown) == limit:
                return MatchPage(shown, at)
            at = place
            if is_new:
                shown.append(place)
        if len(walked) < count:
            return MatchPage(shown, None)
        before += filter(None, looks)
        seen += len(walked)
        count *= 2
    return MatchPage(shown, at)


def _earlier(order: Order, view: View, until: Place | None) -> list[Look]:
    """Return the looks of all matches up to and with a place."""
    found: list[Look] = []
    at: Place | None = None
    while until is not None:
        walked = order.walk(at, DEPTH)
        before = [place for place in walked if place <= until]
        found += filter(None, _looks(view, before))
        if len(before) < DEPTH:
            break
        at = before[-1]
    return found


def _looks(view: View, places: Sequence[Place]) -> list[Look | None]:
    keys = [key for _, key in places]
    stored = view.stored(keys, visual=True) if keys else {}
    return [_look(stored[key]) if key in stored else None for key in keys]


def _look(stored: Stored) -> Look | None:
    return None if stored.visual is None else (stored.visual, stored.space)


MAX_ALIKE = 100  # photographs in a group
_OLDEST_FIRST = ByTime("created", oldest_first=True)


@dataclass(frozen=True, slots=True)
class Alike:
    """Groups of photographs that look the same, of a page of all photographs.

    Attributes
    ----------
    groups
        Their ids, those added first at the front: each looks like the first of its group, which is
        one of the page.
    examined
        How many photographs the page has.
    last
        Where the next one begins; None where there is none.
    """

    groups: Sequence[Sequence[str]]
    examined: int
    last: Place | None


def alike(view: View, among: Condition, after: Place | None, size: int) -> Alike:
    """Return the groups whose first photographs are the next ``size``, the oldest first."""
    asked = Retrieval(among, _OLDEST_FIRST, size=size + 1, after=after, counts=False)
    (page,) = view.retrieve([asked])
    places = [*zip((-page.scores).tolist(), page.keys.tolist(), strict=True)]
    walked = places[:size]
    looks = {
        key: look
        for (_, key), look in zip(walked, _looks(view, walked), strict=True)
        if look is not None
    }
    found = view.retrieve(
        [
            Retrieval(
                AllOf((among, LooksLike(vector, NEAR_DUPLICATE, space))),
                _OLDEST_FIRST,
                size=MAX_ALIKE,
                counts=False,
            )
            for vector, space in looks.values()
        ]
    )
    groups = [
        one.keys.tolist()
        for first, one in zip(looks, found, strict=True)
        if len(one.keys) > 1 and int(one.keys[0]) == first
    ]
    stored = view.stored([key for group in groups for key in group]) if groups else {}
    told = [[stored[key].image_id for key in group if key in stored] for group in groups]
    return Alike(told, len(walked), walked[-1] if len(places) > size else None)


def stand_out(looks: Sequence[Look | None], earlier: Sequence[Look]) -> list[bool]:
    """Return whether each photograph is not a near duplicate of an earlier one.

    Parameters
    ----------
    looks
        In their order; a photograph without a vector is never a duplicate, nor is one of another
        space.
    earlier
        Those of all that came before.
    """
    held = [look for look in looks if look is not None]
    if not held:
        return [True] * len(looks)
    every = [*earlier, *held]
    products = cosines(rows([vector for vector, _ in held]), rows([vector for vector, _ in every]))
    products[_differ([space for _, space in held], [space for _, space in every])] = -1.0
    nearest = (
        products[at, : len(earlier) + at].max(initial=-1.0) < NEAR_DUPLICATE
        for at in range(len(held))
    )
    return [look is None or bool(next(nearest)) for look in looks]


def _differ(left: Sequence[str | None], right: Sequence[str | None]) -> npt.NDArray[np.bool_]:
    """Return which pairs (m, n) of spaces are not the same."""
    codes = {space: code for code, space in enumerate({*left, *right})}
    of_left, of_right = (np.array([codes[space] for space in one]) for one in (left, right))
    differ: npt.NDArray[np.bool_] = of_left[:, None] != of_right[None, :]
    return differ


def rows(vectors: list[bytes]) -> npt.NDArray[np.int8]:
    """Return quantised vectors as a matrix (vectors, 256)."""
    return np.frombuffer(b"".join(vectors), np.int8).reshape(len(vectors), VECTOR_SIZE)


def cosines(left: npt.NDArray[np.int8], right: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Return the cosines (m, n) of two matrices of quantised vectors (m, 256) and (n, 256)."""
    # Sums of 256 products of bytes are whole numbers that float32 holds exactly.
    products: npt.NDArray[np.float32] = left.astype(np.float32) @ right.astype(np.float32).T
    return products / np.float32(SCALE**2)
