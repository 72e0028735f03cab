"""Cursors of listings: only what was made for a listing opens it."""

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalogue.cursor import seal, unseal
from chalicelib.errors import InvalidField

texts = st.text(min_size=1, max_size=40)
positions = st.fixed_dictionaries({"created_at": texts, "image_id": texts})


@given(texts, positions)
def test_a_cursor_leads_back_to_its_position(listing: str, position: dict[str, str]) -> None:
    assert unseal(listing, seal(listing, position)) == position


@pytest.mark.fault(35)
@pytest.mark.parametrize(
    ("image_id", "cursor"),
    [
        ("b", "FmqdqK0Efgp7ImNyZWF0ZWRfYXQiOiJhIiwiaW1hZ2VfaWQiOiJiIn0"),
        ("bbb", "suP4VIiWZol7ImNyZWF0ZWRfYXQiOiJhIiwiaW1hZ2VfaWQiOiJiYmIifQ"),
    ],
)
def test_a_cursor_of_one_release_is_that_of_the_next(image_id: str, cursor: str) -> None:
    assert seal("ann", {"image_id": image_id, "created_at": "a"}) == cursor
    assert unseal("ann", cursor) == {"image_id": image_id, "created_at": "a"}


@pytest.mark.parametrize("between", ["!", "!!!!", " ", "\n", "=", "+"])
def test_a_cursor_with_what_none_has_is_refused(between: str) -> None:
    cursor = seal("ann", {"image_id": "b", "created_at": "a"})
    with pytest.raises(InvalidField):
        unseal("ann", cursor[:20] + between + cursor[20:])


@given(texts, texts, positions)
def test_a_cursor_of_another_listing_is_refused(
    one: str, other: str, position: dict[str, str]
) -> None:
    if one != other:
        with pytest.raises(InvalidField):
            unseal(other, seal(one, position))


@given(texts, st.text(max_size=200))
def test_no_text_is_a_cursor_by_chance(listing: str, forged: str) -> None:
    with pytest.raises(InvalidField) as raised:
        unseal(listing, forged)
    assert str(raised.value) == ("cursor: not a cursor of this listing; begin again without it")


@given(positions, st.data())
def test_a_cursor_with_one_character_changed_is_refused(
    position: dict[str, str], data: st.DataObject
) -> None:
    cursor = seal("ann", position)
    at = data.draw(st.integers(0, len(cursor) - 2))  # the last one may hold bits that say nothing
    other = data.draw(st.sampled_from("AZaz09-_").filter(lambda letter: letter != cursor[at]))
    with pytest.raises(InvalidField):
        unseal("ann", cursor[:at] + other + cursor[at + 1 :])


@pytest.mark.parametrize(
    "position",
    [
        [],
        {},
        {"created_at": 5, "image_id": "a"},
        {"created_at": "a", "image_id": ""},
        {"created_at": "a", "image_id": "b", "owner": "bob"},
        "x",
        None,
    ],
)
def test_nonsense_is_refused_though_its_check_is_right(position: object) -> None:
    body = json.dumps(position).encode()
    check = hashlib.sha256(b"ann\0" + body).digest()[:8]
    with pytest.raises(InvalidField):
        unseal("ann", base64.urlsafe_b64encode(check + body).decode())
