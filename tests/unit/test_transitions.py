"""What may become of a record, in any sequence of transitions."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.attributes import extract
from chalicelib.errors import NotFound
from chalicelib.events import EventKind, ObjectEvent, is_older
from chalicelib.images import (
    DESCRIBED,
    HUMAN_SOURCES,
    MAX_ALTERNATIVES,
    Attribute,
    Caption,
    Image,
    ModelRun,
    Prepared,
    Source,
    State,
)
from chalicelib.ingest import skip_reason
from chalicelib.transitions import (
    captioned_by_model,
    deleted,
    described,
    edited,
    expired,
    failed,
    imported,
    lost_its_file,
    pending,
    rejected,
    restored,
    seen,
    sent_again,
    trashed,
    untrashed,
)

BUCKET = "photographs"
KEY = "uploads/ada/dog.jpg"
START = datetime(2026, 1, 2, tzinfo=UTC)
NEW = pending(BUCKET, KEY, START, content_type="image/jpeg", size=9)
PREPARED = Prepared(
    captions=("a brown dog runs", "an animal"),
    confidence=0.7,
    needs_review=False,
    visual=b"\0" * 512,
    semantic=b"\1" * 512,
    width=4,
    height=3,
    placeholder="#0a141e",
    content_type="image/jpeg",
    display=b"webp",
    labels=(("Dog", 0.9),),
    taken_at=datetime.fromisoformat("2024-05-01T13:20"),
    camera="Canon EOS R5",
    orientation=6,
    position=(47.5, -8.25),
)

Transition = Callable[[Image, datetime], Image]


def event(
    sequencer: str | None, version: str | None = None, size: int | None = None
) -> ObjectEvent:
    return ObjectEvent(BUCKET, KEY, EventKind.CREATED, version, sequencer, size)


def captioned(
    image: Image = NEW,
    at: ObjectEvent = event("01", "v1"),  # noqa: B008  a frozen value
    prepared: Prepared = PREPARED,
    sha256: str = "aa",
) -> Image:
    run = ModelRun("net@1", 4, sha256)
    key = f"derived/x/{sha256}.webp"
    return captioned_by_model(
        image, at, run, prepared, derivative_key=key, large_key=f"{key}.large", now=START
    )


def texts(count: int) -> tuple[str, ...]:
    return tuple(f"caption {number}" for number in range(count))


def in_space(space: str | None, look: bytes) -> Prepared:
    return replace(PREPARED, space=space, visual=look * 512)


@pytest.mark.fault(36)
def test_the_look_of_a_former_model_stays_until_the_file_is_another() -> None:
    old = captioned(prepared=in_space(None, b"\1"))  # of a release that noted no space
    assert (old.vector_space, old.former_visual) == ("net@1", None)
    new = captioned(old, event("01", "v1"), in_space("net@2", b"\2"))
    again = captioned(new, event("01", "v1"), in_space("net@2", b"\2"))
    for record in (new, again):
        assert record.visual_in("net@2") == b"\2" * 512
        assert record.visual_in("net@1") == b"\1" * 512
        assert record.visual_in("net@0") is None
    replaced = captioned(again, event("02", "v2"), in_space("net@2", b"\3"), sha256="bb")
    assert replaced.visual_in("net@1") is None


@pytest.mark.fault(36)
def test_another_decoder_of_the_same_encoder_leaves_the_space_as_it_is() -> None:
    old = captioned(prepared=in_space("net@0", b"\1"))
    new = captioned(old, event("01", "v1"), in_space("net@0", b"\1"))
    assert (new.vector_space, new.former_visual) == ("net@0", None)


def test_a_new_record_waits_for_the_file_that_was_announced() -> None:
    announced = pending(BUCKET, KEY, START, content_type="image/jpeg", size=9)
    assert (announced.content_type, announced.size) == ("image/jpeg", 9)
    assert (announced.state, announced.created_at) == (State.PENDING, START)
    assert announced.updated_at == START
    unannounced = pending(BUCKET, KEY, START)
    assert (unannounced.content_type, unannounced.size) == (None, None)


def test_what_the_file_is_counts_for_more_than_what_was_announced() -> None:
    assert captioned(prepared=replace(PREPARED, content_type="image/png")).content_type == (
        "image/png"
    )


def test_when_and_how_the_newest_file_was_taken_stands_in_its_record() -> None:
    told = ("placeholder", "taken_at", "camera", "orientation", "position")
    record = captioned()
    assert [getattr(record, name) for name in told] == [getattr(PREPARED, name) for name in told]
    nothing: dict[str, Any] = dict.fromkeys(told)
    plain = replace(PREPARED, **nothing)
    newer = captioned(record, event("02", "v2"), plain, sha256="bb")
    assert [getattr(newer, name) for name in told] == [None] * 5


def test_a_tombstone_is_the_same_by_whichever_way_it_comes() -> None:
    record = edited(captioned(), START, attributes=(Attribute("poodle"),))
    told = deleted(record, START, sequencer="01")
    assert deleted(record, START) == replace(told, removed_at=None)
    assert told.processed_by is None


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_tombstone_holds_identity_order_and_times_only(by_hand: bool) -> None:
    record = edited(captioned(), START, caption="my Rex") if by_hand else captioned()
    record = replace(record, rev=3)
    tombstone = deleted(record, START + timedelta(1))
    assert tombstone.updated_at == START + timedelta(1)
    for name in ("created_at", "rev", "version_id", "sequencer"):
        assert getattr(tombstone, name) == getattr(record, name), name
    kept = {"image_id", "owner", "bucket", "key", "created_at", "updated_at"}
    kept |= {"state", "rev", "version_id", "sequencer"}
    empty = Image(record.image_id, record.owner, record.bucket, record.key)
    for name in {field.name for field in fields(Image)} - kept:
        assert getattr(tombstone, name) == getattr(empty, name), name


@pytest.mark.parametrize("text", ["mine", "caption 3"])
def test_alternatives_have_one_limit(text: str) -> None:
    many = replace(PREPARED, captions=texts(51))
    by_model = captioned(prepared=many)
    for record in (
        by_model,
        edited(by_model, START, caption=text),
        imported(by_model, text, START),
        captioned(edited(NEW, START, caption=text), prepared=many),
    ):
        assert record.caption is not None
        alternatives = record.caption.alternatives
        assert len(alternatives) == MAX_ALTERNATIVES == len(set(alternatives))
        assert record.caption.text not in alternatives


def test_a_caption_that_tells_of_no_subject_leaves_attributes_without_a_source() -> None:
    wordless = "so it was"
    assert not extract(wordless)
    for record in (
        edited(captioned(), START, caption=wordless),
        imported(captioned(), wordless, START),
        captioned(edited(NEW, START, caption=wordless)),
        captioned(prepared=replace(PREPARED, captions=(wordless,))),
    ):
        assert (record.attributes, record.attributes_source) == ((), None)


def test_a_user_may_say_that_there_are_no_subjects() -> None:
    record = captioned(edited(captioned(), START, attributes=()))
    assert (record.attributes, record.attributes_source) == ((), Source.USER)


def test_a_corrected_import_keeps_the_models_captions_and_not_the_wrong_one() -> None:
    wrong = imported(captioned(), "a borwn dog", START)
    right = imported(wrong, "a brown dog", START)
    assert right.caption == Caption(
        "a brown dog", Source.IMPORT, alternatives=("a brown dog runs", "an animal")
    )
    assert imported(right, "a brown dog", START + timedelta(1)) is right


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED])
def test_an_edit_mends_no_file(state: State) -> None:
    record = edited(replace(NEW, state=state, reason="damaged"), START, caption="my Rex")
    assert (record.state, record.reason) == (state, "damaged")


def test_a_refused_or_failed_file_keeps_nothing_of_the_one_before() -> None:
    newer = event("02", "v2", 8)
    assert failed(captioned(), event("02"), "captioning failed", START).size is None
    for record in (
        rejected(captioned(), newer, ModelRun("net@1", 8, "bb"), "damaged", START),
        failed(captioned(), newer, "captioning failed 3 times", START),
    ):
        assert (record.state, record.caption, record.attributes) == (State.FAILED, None, ())
        assert (record.visual, record.semantic, record.labels) == (None, None, ())
        assert (record.copies, record.width, record.size) == (frozenset(), None, 8)
        assert record.placeholder is None
        assert (record.version_id, record.sequencer) == ("v2", "02")
        assert record.sha256 != "aa"


def test_another_attempt_that_fails_is_about_the_same_file() -> None:
    first = failed(NEW, event("01", "v1", 8), "out of memory", START)
    again = failed(first, event(None), "out of memory", START)
    assert (again.version_id, again.sequencer, again.size) == ("v1", "01", 8)
    assert failed(first, event("01", "v1"), "out of memory", START).size == 8
    assert failed(first, event(None, "v1", 7), "out of memory", START).size == 7
    assert failed(first, event("02"), "out of memory", START).version_id is None


def test_a_persons_words_outlive_a_file_that_fails() -> None:
    mine = edited(captioned(), START, caption="my Rex", attributes=(Attribute("poodle"),))
    record = failed(mine, event("02", "v2"), "captioning failed 3 times", START)
    assert record.caption == Caption("my Rex", Source.USER)
    assert record.attributes == (Attribute("poodle"),)


@pytest.mark.parametrize("at", [event(None), event("01", "v1")])
def test_another_attempt_that_fails_takes_nothing_from_a_described_file(at: ObjectEvent) -> None:
    record = captioned()
    assert failed(record, at, "out of memory", START) is record


def test_a_request_claims_the_version_only_of_the_content_it_read() -> None:
    record = captioned(at=event("01", "v1"))
    assert captioned(record, event(None), sha256="aa").version_id == "v1"
    assert captioned(record, event(None), sha256="bb").version_id is None
    assert captioned(record, event(None, "v2"), sha256="aa").version_id == "v2"
    assert captioned(record, event("02"), sha256="aa").version_id is None
    refused = rejected(record, event(None), ModelRun("net@1", 8, "bb"), "damaged", START)
    assert refused.version_id is None


def test_a_deleted_photograph_takes_no_captions() -> None:
    gone = deleted(captioned(), START)
    with pytest.raises(NotFound):
        edited(gone, START, caption="my Rex")
    with pytest.raises(NotFound):
        imported(gone, "a dog", START)


def test_only_a_tombstone_whose_file_was_removed_comes_back_and_with_nothing_but_itself() -> None:
    mine = edited(captioned(), START, caption="my Rex")
    later = START + timedelta(days=1)
    for record in (mine, deleted(mine, START)):
        assert restored(record, later) is record
    assert restored(lost_its_file(mine, START), later).state is State.PENDING
    back = restored(deleted(mine, START, sequencer="02"), later)
    assert (back.state, back.caption, back.removed_at) == (State.PENDING, None, None)
    assert (back.sequencer, back.updated_at) == ("02", later)


def test_what_is_restored_from_the_trash_is_what_went_there() -> None:
    mine = edited(captioned(), START, caption="my Rex", keywords=("Rex",))
    later = START + timedelta(days=1)
    there = trashed(mine, later, version_id="v1")
    assert there == replace(mine, trashed_at=later, trashed_version="v1", updated_at=later)
    assert (there.is_hidden, there.counts_as, there.is_visible_to(None)) == (True, None, False)
    assert untrashed(there, later) == replace(mine, updated_at=later)


def test_what_is_in_the_trash_is_neither_moved_there_again_nor_edited() -> None:
    there = trashed(captioned(), START)
    for change in (trashed, lambda image, now: edited(image, now, caption="my Rex")):
        with pytest.raises(NotFound):
            change(there, START)
    for elsewhere in (captioned(), deleted(there, START)):
        with pytest.raises(NotFound):
            untrashed(elsewhere, START)


def test_a_late_model_and_a_description_leave_a_photograph_in_the_trash_and_stand() -> None:
    there = imported(captioned(trashed(NEW, START, version_id="v1")), "Rex", START)
    assert (there.state, there.trashed_at, there.trashed_version) == (State.CAPTIONED, START, "v1")
    assert there.caption and (there.caption.text, there.visual is None) == ("Rex", False)
    assert failed(there, event("02"), "out of memory", START).trashed_at == START


def test_a_tombstone_is_in_no_trash() -> None:
    gone = deleted(trashed(captioned(), START, version_id="v1"), START)
    assert (gone.trashed_at, gone.trashed_version) == (None, None)


def test_an_upload_whose_file_never_came_keeps_what_its_uploader_told_and_can_still_come() -> None:
    told = edited(NEW, START, caption="my Rex")
    record = expired(told, START + timedelta(hours=1))
    assert (record.state, record.size, record.caption) == (State.EXPIRED, 9, told.caption)
    assert record.reason and record.updated_at == START + timedelta(hours=1)
    late = captioned(record)
    assert (late.state, late.reason, late.form_until) == (State.CAPTIONED, None, None)
    assert late.caption and late.caption.text == "my Rex"


def test_only_what_waits_for_its_file_expires() -> None:
    for record in (captioned(), failed(NEW, event("01"), "damaged", START), deleted(NEW, START)):
        assert expired(record, START) is record


CAPTIONS = st.sampled_from(["a brown dog runs", "two girls in red", "so it was", *texts(7)])
KEYWORDS = st.lists(st.sampled_from(["Paris", "paris", "Rex", "İ"]), max_size=4).map(tuple)
VECTORS = st.sampled_from([None, b"\0" * 512])
FILES = st.builds(
    replace,
    st.just(PREPARED),
    captions=st.lists(CAPTIONS, unique=True).map(tuple),
    needs_review=st.booleans(),
    withheld=st.booleans(),
    visual=VECTORS,
    space=st.sampled_from([None, "net@0", "net@2"]),
    labels=st.sampled_from([(), (("Dog", 0.9),)]),
    embedded_caption=st.none() | CAPTIONS,
    keywords=KEYWORDS,
)
EVENTS = st.builds(
    event,
    st.sampled_from([None, "01", "012", "02", "03"]),
    st.sampled_from([None, "v1", "v2"]),
    st.sampled_from([None, 8]),
)
ATTRIBUTES = st.sampled_from([(), (Attribute("poodle", ("brown",)),)])


@st.composite
def transitions(draw: st.DrawFn) -> Transition:
    kinds = ("captioned", "rejected", "failed", "deleted", "edit", "import")
    by_itself = {"expired": expired, "restored": restored, "untrashed": untrashed}
    kind = draw(st.sampled_from((*kinds, *by_itself, "trashed")))
    text, keywords = draw(st.none() | CAPTIONS), draw(st.none() | KEYWORDS)
    if kind in by_itself:
        return by_itself[kind]
    if kind == "trashed":
        version_id = draw(st.sampled_from([None, "v1"]))
        return lambda image, now: trashed(image, now, version_id=version_id)
    if kind == "import":
        return lambda image, now: imported(image, text, now, keywords=keywords)
    if kind == "edit":
        attributes = draw(st.none() | ATTRIBUTES)
        return lambda image, now: edited(
            image, now, caption=text, attributes=attributes, keywords=keywords
        )
    at = draw(EVENTS)
    if kind == "deleted":
        if at.sequencer is None:
            return deleted
        at = replace(at, kind=EventKind.REMOVED)
    run = ModelRun(draw(st.sampled_from(["net@1", "net@2"])), 4, draw(st.sampled_from("ab")))
    large = draw(st.sampled_from([None, f"large/{run.sha256}"]))
    by_event: Callable[[Image, datetime, ObjectEvent, Prepared], Image] = {
        "captioned": lambda image, now, seen, file: captioned_by_model(
            image, seen, run, file, derivative_key=f"small/{run.sha256}", large_key=large, now=now
        ),
        "rejected": lambda image, now, seen, _: rejected(image, seen, run, "damaged", now),
        "failed": lambda image, now, seen, _: failed(image, seen, "no memory", now),
        "deleted": lambda image, now, seen, _: deleted(image, now, sequencer=seen.sequencer),
    }[kind]
    file = draw(FILES)

    def applied(image: Image, now: datetime) -> Image:
        seen = at if at.sequencer else replace(at, seen=image.sequencer)
        return image if skip_reason(image, seen, run.model) else by_event(image, now, seen, file)

    return applied


@settings(max_examples=300, deadline=None)
@given(st.lists(transitions(), min_size=2, max_size=12))
def test_every_sequence_of_transitions_keeps_the_invariants(steps: list[Transition]) -> None:
    record, now = NEW, START
    for step in steps:
        now += timedelta(seconds=1)
        try:
            after = step(record, now)
        except NotFound:
            assert record.trashed_at is None if step is untrashed else record.is_hidden
            continue
        assert_follows(record, after, now)
        assert step is untrashed or not record.trashed_at or after.is_hidden
        assert_consistent(after)
        record = after


def assert_follows(before: Image, after: Image, now: datetime) -> None:
    if after is before:
        return
    assert after.updated_at == now and after.rev == before.rev
    identity = ("image_id", "owner", "bucket", "key", "created_at")
    assert all(getattr(after, name) == getattr(before, name) for name in identity)
    if before.sequencer:
        assert after.sequencer and not is_older(after.sequencer, before.sequencer)
    if after.state is not State.DELETED:
        assert before.trashed_at in (None, after.trashed_at) or not after.is_hidden
        assert_users_words_stand(before, after)


def assert_users_words_stand(before: Image, after: Image) -> None:
    if before.caption and before.caption.source is Source.USER:
        assert after.caption and after.caption.source is Source.USER
    if before.caption and before.caption.source is Source.IMPORT:
        assert after.caption and after.caption.source in {Source.USER, Source.IMPORT}
    if before.attributes_source is Source.USER:
        assert after.attributes_source is Source.USER
    if before.keywords_source is Source.USER:
        assert after.keywords_source is Source.USER
    if before.keywords_source is Source.IMPORT:
        assert after.keywords_source in {Source.USER, Source.IMPORT}


def assert_consistent(record: Image) -> None:
    assert_state_and_reason_agree(record)
    assert_file_and_state_agree(record)
    assert_caption_is_whole(record)
    assert_attributes_have_their_source(record)
    assert_keywords_have_their_source(record)
    assert (record.former_visual is None) == (record.former_space is None)
    assert record.former_space is None or record.former_space != record.vector_space


def assert_state_and_reason_agree(record: Image) -> None:
    explained = {State.NEEDS_REVIEW, State.FAILED, State.EXPIRED}
    assert (record.reason is not None) == (record.state in explained)
    if record.state is State.CAPTIONED:
        assert record.caption is not None
    if record.state is State.NEEDS_REVIEW:
        assert record.caption is None or record.caption.source is Source.MODEL
    assert record.removed_at is None or record.state is State.DELETED
    if record.state is State.DELETED:
        assert (record.caption, record.attributes_source, record.size) == (None, None, None)
        assert (record.keywords_source, record.trashed_at) == (None, None)
    assert record.trashed_version is None or record.trashed_at is not None


def assert_file_and_state_agree(record: Image) -> None:
    described = record.state in DESCRIBED
    assert (record.derivative_key is not None) == described
    assert (record.width is not None) == described
    if described:
        assert record.processed_by and record.sha256
        return
    assert (record.visual, record.semantic, record.labels) == (None, None, ())
    assert (record.space, record.former_visual) == (None, None)
    assert record.large_key is None and record.keywords_source is not Source.FILE
    assert record.caption is None or record.caption.source in {Source.USER, Source.IMPORT}
    assert record.processed_by is None or record.state is State.FAILED


def assert_caption_is_whole(record: Image) -> None:
    caption = record.caption
    if caption is None:
        return
    assert (caption.model is not None) == (caption.source is Source.MODEL)
    assert caption.confidence is None or caption.source is Source.MODEL
    others = caption.alternatives
    assert len({caption.text, *others}) == 1 + len(others) <= 1 + MAX_ALTERNATIVES


def assert_attributes_have_their_source(record: Image) -> None:
    if record.attributes_source in HUMAN_SOURCES:
        return
    read = tuple(extract(record.caption.text)) if record.caption else ()
    assert record.attributes == read
    assert record.attributes_source == (Source.MODEL if read else None)


def assert_keywords_have_their_source(record: Image) -> None:
    assert len({keyword.casefold() for keyword in record.keywords}) == len(record.keywords)
    assert record.keywords_source is not Source.MODEL
    if record.keywords_source in {None, Source.FILE}:
        assert bool(record.keywords) == (record.keywords_source is Source.FILE)


def test_an_event_is_seen_once_and_no_older_one_after_it() -> None:
    later = START + timedelta(hours=1)
    event = ObjectEvent(BUCKET, KEY, EventKind.REMOVED, "v1", "05")
    image = replace(NEW, sequencer="04")
    assert seen(image, event, later) == replace(image, sequencer="05", updated_at=later)
    for known in ("05", "06"):
        image = replace(NEW, sequencer=known)
        assert seen(image, event, later) is image


def test_a_record_that_waits_waits_anew_when_its_event_is_sent_again() -> None:
    later = START + timedelta(hours=1)
    assert sent_again(NEW, later) == replace(NEW, form_until=later, updated_at=later)
    failure = replace(NEW, state=State.FAILED)
    assert sent_again(failure, later) is failure


@pytest.mark.parametrize("source", [Source.USER, Source.IMPORT])
def test_what_is_said_of_a_photograph_is_as_its_source_says(source: Source) -> None:
    later = START + timedelta(hours=1)
    dog = (Attribute("dog", ("brown",), ("run",)),)
    after = described(NEW, later, source, caption="A dog", attributes=dog, keywords=("Oslo",))
    assert after.caption == Caption("A dog", source)
    assert (after.attributes, after.attributes_source) == (dog, source)
    assert (after.keywords, after.keywords_source) == (("Oslo",), source)
    assert after.updated_at == later
    assert described(after, later + timedelta(hours=1), Source.IMPORT, attributes=None) is after


def test_what_a_file_says_of_attributes_leaves_a_users() -> None:
    later = START + timedelta(hours=1)
    dog, cat = ((Attribute(one, (), ()),) for one in ("dog", "cat"))
    users = described(NEW, START, Source.USER, attributes=dog)
    assert described(users, later, Source.IMPORT, attributes=cat) == users
    files = described(NEW, START, Source.IMPORT, attributes=dog)
    assert described(files, later, Source.IMPORT, attributes=cat).attributes == cat
    assert described(files, later, Source.IMPORT, attributes=dog) is files
