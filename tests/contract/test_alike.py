"""Every engine groups photographs that look the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import InvalidField
from chalicelib.search import Document, SearchIndex
from tests.corpora import START, vector
from tests.searching import told

DOG, NEAR_DOG, CAT = vector(1), vector(20, 1), vector(0, 1)


def shown(image_id: str, hours: int, visual: bytes | None, **more: Any) -> Document:
    """Return a photograph that was added some hours after the first, and looks so."""
    added = START + timedelta(hours=hours)
    known: dict[str, Any] = {"visual": visual, "created_at": added, "space": "m@1"}
    return told(image_id, **known, **more)


@pytest.fixture
def filled(index: SearchIndex) -> SearchIndex:
    """Return an engine with three alike, two alike and one that is like no other."""
    index.apply(
        [
            shown("dog-copy", 5, DOG),
            shown("dog", 1, DOG),
            shown("cat-copy", 4, CAT),
            shown("dog-small", 3, NEAR_DOG),
            shown("cat", 2, CAT),
            shown("alone", 0, vector(0, 0, 1)),
            shown("unseen", 6, None),
            shown("theirs", 0, DOG, owner="bob"),
        ]
    )
    return index


def test_groups_are_told_by_what_was_added_first(filled: SearchIndex) -> None:
    page = filled.alike("ann", None, 100)
    assert page.groups == (("dog", "dog-small", "dog-copy"), ("cat", "cat-copy"))
    assert (page.examined, page.cursor) == (7, None)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
def test_pages_tell_each_group_once_whatever_their_size(filled: SearchIndex, size: int) -> None:
    groups: list[tuple[str, ...]] = []
    examined, cursor = 0, None
    while True:
        page = filled.alike("ann", cursor, size)
        groups += page.groups
        examined, cursor = examined + page.examined, page.cursor
        if cursor is None:
            break
    assert groups == [("dog", "dog-small", "dog-copy"), ("cat", "cat-copy")]
    assert examined == 7


def test_what_is_removed_is_in_no_group_any_more(filled: SearchIndex) -> None:
    filled.apply([replace(shown("cat", 2, CAT), rev=2, deleted=True)])
    filled.apply([replace(shown("dog", 1, DOG), rev=2, deleted=True)])
    assert filled.alike("ann", None, 100).groups == (("dog-small", "dog-copy"),)


def test_vectors_of_two_models_make_no_group(index: SearchIndex) -> None:
    index.apply([shown("old", 0, DOG), replace(shown("new", 1, DOG), space="m@2")])
    assert index.alike("ann", None, 100).groups == ()


def test_everyones_are_compared_where_no_owner_is_named(filled: SearchIndex) -> None:
    assert ("theirs", "dog", "dog-small", "dog-copy") in filled.alike(None, None, 100).groups


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJhbGlrZSIsMSwiYSJd", "WyJhbGlrZSIsTmFOLDFd"])
def test_a_cursor_of_elsewhere_is_refused(filled: SearchIndex, cursor: str) -> None:
    with pytest.raises(InvalidField) as refused:
        filled.alike("ann", cursor, 10)
    assert refused.value.field == "cursor"
