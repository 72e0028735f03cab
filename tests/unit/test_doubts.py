"""What is doubtful about a model over many photographs."""

from dataclasses import replace

import pytest

from captioner.doubts import Doubts
from chalicelib.errors import RejectedImage
from chalicelib.images import Prepared

PREPARED = Prepared(("a dog runs",), 0.9, False, b"\0" * 512, b"\0" * 512, 1, 1, "image/png", b"")


class Told:
    def __init__(self) -> None:
        self.rates: list[tuple[str, bool]] = []

    def rate(self, what: str, is_so: bool) -> None:
        self.rates.append((what, is_so))


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    ("said", "doubtful"),
    [
        (["a dog", "a cat", "a dog"], [False, False, False]),
        (["a dog", "a dog", "a dog", "a cat"], [False, True, True, False]),
        ([None, None, "a dog"], [True, True, False]),
    ],
)
def test_what_is_said_twice_in_turn_or_wants_review_is_doubtful(
    said: list[str | None], doubtful: list[bool]
) -> None:
    told, coming = Told(), iter(said)

    def prepare(_: bytes) -> Prepared:
        caption = next(coming)
        if caption is None:
            return replace(PREPARED, captions=(), needs_review=True)
        return replace(PREPARED, captions=(caption,))

    watched = Doubts(prepare, told)
    assert [watched(b"").captions[:1] for _ in said] == [(one,) if one else () for one in said]
    assert told.rates == [("doubtful", so) for so in doubtful]


def test_a_file_that_is_refused_is_doubtful_and_says_why_all_the_same() -> None:
    told = Told()

    def prepare(_: bytes) -> Prepared:
        raise RejectedImage("it is damaged")

    with pytest.raises(RejectedImage, match="damaged"):
        Doubts(prepare, told)(b"")
    assert told.rates == [("doubtful", True)]
