"""What the beginning of a word may become, and what an unknown word may have meant."""

import pytest

from chalicelib.images import Attribute
from chalicelib.search import Query, SearchIndex
from tests.searching import document


def test_a_beginning_is_completed_by_what_is_there(index: SearchIndex) -> None:
    index.apply(
        [
            document("a", "a brown dog runs", attributes=(Attribute("dog", ("brown",), ("run",)),)),
            document("b", "dogs doze outdoors", attributes=(Attribute("dog", (), ("doze",)),)),
            document("c", "a doll", owner="bob", attributes=(Attribute("doll"),)),
        ]
    )
    found = [(one.kind, one.value, one.count) for one in index.suggest("ann", "brown DO", 10)]
    assert found == [("subject", "dog", 2), ("word", "dogs", 2), ("action", "doze", 1)]
    assert [one.value for one in index.suggest("ann", "br", 10)] == ["brown"]
    assert [one.value for one in index.suggest(None, "dol", 10)] == ["doll"]
    assert len(index.suggest("ann", "do", 2)) == 2


@pytest.mark.parametrize("prefix", ["", " ", "brown ", "zz", "*", ".", "[", "\\", '"', "\0", "%"])
def test_nothing_is_completed_where_nothing_begins_so(index: SearchIndex, prefix: str) -> None:
    index.apply([document("a", "a brown dog runs")])
    assert index.suggest("ann", prefix, 10) == ()


def test_a_word_of_a_thousand_letters_is_no_trouble(index: SearchIndex) -> None:
    index.apply([document("a", "x" * 1_000)])
    assert index.suggest("ann", "x" * 999, 10) == ()
    assert index.nearest("ann", ("x" * 999, "y" * 500)) == {}
    assert index.search(Query("ann", text="x" * 1_000)).total == 1


def test_what_was_removed_is_not_suggested(index: SearchIndex) -> None:
    index.apply([document("a", "a zebra", attributes=(Attribute("zebra"),))])
    assert [one.value for one in index.suggest("ann", "ze", 10)] == ["zebra"]
    index.apply([document("a", rev=2, deleted=True), document("b", "a zeppelin")])
    assert [one.value for one in index.suggest("ann", "ze", 10)] == ["zeppelin"]


def test_unknown_words_are_near_known_ones(index: SearchIndex) -> None:
    index.apply(
        [
            document("a", "a snowboarder and a dog"),
            document("b", "dogs and a fog"),
            document("c", "a dig", owner="bob"),
        ]
    )
    words = ("odg", "dogs", "snowbaorders", "snowbordr", "zebra", "og", "dgi")
    assert index.nearest("ann", words) == {
        "odg": "dog",
        "snowbaorders": "snowboarder",
        "snowbordr": "snowboarder",
    }
    assert index.nearest("bob", ("dgi",)) == {"dgi": "dig"}
    assert index.nearest(None, ("dgi",)) == {"dgi": "dig"}


def test_of_equally_near_words_the_commonest_is_meant(index: SearchIndex) -> None:
    index.apply([document("a", "a cat"), document("b", "cats"), document("c", "a cap")])
    assert index.nearest("ann", ("car",)) == {"car": "cat"}
