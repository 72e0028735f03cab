"""What a person wrote into a file, beside what users, imports and the model say of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.images import Caption, Image, Prepared, Source, State
from chalicelib.transitions import edited, failed, imported
from tests.unit.test_transitions import NEW, PREPARED, START, captioned, event

WRITTEN = replace(
    PREPARED,
    embedded_caption="our Rex at the lake",
    keywords=("Rex", "Lake Como"),
    needs_review=True,
)
Step = Callable[[Image], Image]


def file_of(prepared: Prepared, sequencer: str = "01") -> Step:
    return lambda image: captioned(image, event(sequencer), prepared, sha256=sequencer)


def test_what_stands_in_the_file_is_its_caption_and_the_models_are_alternatives() -> None:
    record = captioned(prepared=WRITTEN)
    assert record.caption == Caption(
        "our Rex at the lake", Source.FILE, alternatives=("a brown dog runs", "an animal")
    )
    assert (record.state, record.reason) == (State.CAPTIONED, None)
    assert (record.keywords, record.keywords_source) == (("Rex", "Lake Como"), Source.FILE)


def test_a_user_who_files_it_under_nothing_is_heeded() -> None:
    record = captioned(edited(NEW, START, keywords=()), prepared=WRITTEN)
    assert (record.keywords, record.keywords_source) == ((), Source.USER)


def test_keywords_that_differ_by_case_alone_are_one() -> None:
    record = edited(NEW, START, keywords=("Paris", "Rex", "paris", "REX", "Seine"))
    assert record.keywords == ("Paris", "Rex", "Seine")


def test_the_same_import_again_changes_nothing() -> None:
    first = imported(captioned(prepared=WRITTEN), "a dog", START, keywords=("dog",))
    later = START + timedelta(1)
    assert imported(first, "a dog", later, keywords=("dog",)) is first
    assert imported(first, None, later) is first


ORDERS = st.permutations(
    [
        file_of(WRITTEN),
        lambda image: imported(image, "imported", START, keywords=("from outside",)),
        lambda image: edited(image, START, caption="mine", keywords=("my own",)),
    ]
)


@given(ORDERS, st.integers(0, 2))
def test_whoever_ranks_highest_is_heeded_in_whatever_order_they_come(
    steps: Sequence[Step], left_out: int
) -> None:
    """A user before an import before the file; without the user, an import."""
    for kept in (steps, [step for step in steps if step is not steps[left_out]]):
        record = NEW
        for step in kept:
            record = step(record)
        said = [step(NEW) for step in kept]
        ranks = [Source.USER, Source.IMPORT, Source.FILE]
        best = min(said, key=lambda one: ranks.index(one.keywords_source or Source.FILE))
        assert record.caption and best.caption
        assert (record.caption.text, record.caption.source) == (
            best.caption.text,
            best.caption.source,
        )
        assert (record.keywords, record.keywords_source) == (best.keywords, best.keywords_source)


def test_with_the_file_goes_what_stood_in_it() -> None:
    for step in (
        file_of(PREPARED, "02"),
        lambda image: failed(image, event("02"), "no memory", START),
    ):
        record = step(captioned(prepared=WRITTEN))
        assert (record.keywords, record.keywords_source) == ((), None)
        texts = record.caption and (record.caption.text, *record.caption.alternatives)
        assert "our Rex at the lake" not in (texts or ())


def test_a_persons_own_words_outlive_the_file() -> None:
    mine = edited(captioned(prepared=WRITTEN), START, caption="mine", keywords=("my own",))
    record = file_of(PREPARED, "02")(mine)
    assert record.caption == Caption(
        "mine", Source.USER, alternatives=("a brown dog runs", "an animal")
    )
    assert record.keywords == ("my own",)
