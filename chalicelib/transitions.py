"""How a record may change: the only place where its rules stand.

Each function takes a record and returns the next one; `chalicelib.catalogue.update` saves it.
Events that no longer matter are skipped before (`chalicelib.ingest.skip_reason`).

From `pending` on, every sequence of transitions keeps these invariants, whatever the events:

* Identity (``image_id``, ``owner``, ``bucket``, ``key``) and ``created_at`` never change, and
  ``sequencer`` never goes back to None.
* A user's caption, attributes, keywords and albums stand until the user changes them or the
  photograph is deleted. An import replaces what a model, the file or an earlier import said, never
  a user's. What a person wrote into the file stands where neither said anything.
* ``captioned`` has a caption and no ``reason``; ``needs_review`` has a ``reason`` and no
  person's caption; ``failed`` and ``expired`` have a ``reason``; ``pending`` and ``deleted`` have
  none.
* What the file and the model gave (measures, colour, checksum, when and how it was taken, labels,
  vectors, copies for display, the file's or a model's caption, the file's keywords,
  ``processed_by``) stands only where the model could read the newest file. While that is awaited,
  type, size and checksum are as announced.
  ``failed`` keeps its size, and ``processed_by`` where the decoder refused the file for good.
* ``deleted`` holds identity, version, sequencer and times, and nothing else. Only there is a
  ``removed_at``; with it the file may come back, and the record with what the model makes of it.
* ``trashed_at`` stands beside any state but ``deleted``. Only moving to the trash sets it; only
  restoring, another file and a deletion end it. Whatever else happens to the record meanwhile
  leaves it there, and nobody edits it. A ``trashed_version`` stands with it alone.
* ``former_visual`` and ``former_space`` stand together, are of the very file that ``visual`` is of,
  and of another space than that.
* Alternatives differ from each other and from the caption; at most ``MAX_ALTERNATIVES``.
* Attributes have the source ``user`` or ``import`` (who may say that there are none), or ``model``
  where they were read out of the present caption; none were read where the source is None.
* A caption has a model's name if and only if a model wrote it.
* Keywords and albums are as `images.fitting` leaves them. Keywords have the source of the person
  who gave them; a user or an import may say that there are none, a file has some.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.attributes import extract
from chalicelib.errors import NotFound
from chalicelib.events import ObjectEvent, is_older
from chalicelib.images import (
    DESCRIBED,
    HUMAN_SOURCES,
    MAX_ALBUMS,
    Attribute,
    Caption,
    Image,
    Label,
    ModelRun,
    Prepared,
    Source,
    State,
    fitting,
    image_id_of,
)
from chalicelib.storage import owner_of
from image_repo_formats import MAX_KEYWORDS

NO_CAPTION = "the model found no caption"
TOO_UNSURE = "the model was too unsure to write a caption"
UNSURE = "the model is not sure of its caption"
NEVER_CAME = "no file came while its upload form was good; upload it again"
_OUTLIVING_THE_FILE = HUMAN_SOURCES - {Source.FILE}


def pending(
    bucket: str,
    key: str,
    now: datetime,
    *,
    content_type: str | None = None,
    size: int | None = None,
    sha256: str | None = None,
    form_until: datetime | None = None,
) -> Image:
    """Return a new record, which waits for its file, with what its uploader announced of it.

    ``form_until`` is the end of the form that its uploader was given.
    """
    return Image(
        image_id=image_id_of(bucket, key),
        owner=owner_of(key),
        bucket=bucket,
        key=key,
        content_type=content_type,
        size=size,
        sha256=sha256,
        form_until=form_until,
        created_at=now,
        updated_at=now,
    )


def awaited(image: Image, announced: Image, now: datetime) -> Image:
    """Record that a file that never came is announced again, with the form it is to come by."""
    return replace(
        living(image),
        state=State.PENDING,
        reason=None,
        content_type=announced.content_type,
        size=announced.size,
        sha256=announced.sha256,
        form_until=announced.form_until,
        updated_at=now,
    )


def expired(image: Image, now: datetime) -> Image:
    """Record that the file of an upload never came; what its uploader told of it stays.

    A record that waits no longer is returned as it is.
    """
    if image.state is not State.PENDING:
        return image
    return replace(image, state=State.EXPIRED, reason=NEVER_CAME, updated_at=now)


def captioned_by_model(
    image: Image,
    event: ObjectEvent,
    run: ModelRun,
    prepared: Prepared,
    *,
    derivative_key: str,
    large_key: str | None = None,
    now: datetime,
) -> Image:
    """Record what a model made of the newest file.

    A person's caption stays, with the file's and the model's as alternatives.
    """
    described = replace(
        _after_run(image, event, run, now),
        width=prepared.width,
        height=prepared.height,
        placeholder=prepared.placeholder,
        content_type=prepared.content_type,
        labels=tuple(Label(word.lower(), sure) for word, sure in prepared.labels),
        visual=prepared.visual,
        semantic=prepared.semantic,
        space=prepared.space,
        **_former(image, prepared.space or run.model, run.sha256),
        derivative_key=derivative_key,
        large_key=large_key,
        taken_at=prepared.taken_at,
        camera=prepared.camera,
        orientation=prepared.orientation,
        position=prepared.position,
    )
    described = _with_embedded(described, prepared)
    captions = () if prepared.withheld else prepared.captions
    if described.caption:
        embedded = (prepared.embedded_caption,) if prepared.embedded_caption else ()
        caption = described.caption.with_alternatives((*embedded, *captions))
        return replace(described, state=State.CAPTIONED, caption=caption)
    state, reason = _judgement(prepared)
    described = replace(described, state=state, reason=reason)
    if not captions:
        return described
    caption = Caption(captions[0], Source.MODEL, run.model, prepared.confidence)
    return _with_caption(described, caption.with_alternatives(captions))


def rejected(image: Image, event: ObjectEvent, run: ModelRun, reason: str, now: datetime) -> Image:
    """Record that the newest file can never be a photograph, and why."""
    return replace(_after_run(image, event, run, now), state=State.FAILED, reason=reason)


def failed(image: Image, event: ObjectEvent, reason: str, now: datetime) -> Image:
    """Record that captioning the newest file failed, and why; it may be tried again.

    A file that is described already loses nothing by another attempt that fails: the record is
    returned as it is.
    """
    is_newer = is_older(image.sequencer, event.sequencer)
    if image.state in DESCRIBED and image.processed_by and not is_newer:
        return image
    return replace(
        _without_file(image, now),
        state=State.FAILED,
        reason=reason,
        sequencer=event.sequencer or image.sequencer,
        version_id=event.version_id or (None if event.sequencer else image.version_id),
        size=image.size if event.size is None and not is_newer else event.size,
    )


def deleted(
    image: Image, now: datetime, *, sequencer: str | None = None, version_id: str | None = None
) -> Image:
    """Return the tombstone.

    Parameters
    ----------
    sequencer
        Of the event that told of the file's removal; None where the API deletes.
    version_id
        Where the API deletes: of the file that is to be removed, if it is known.
    """
    return replace(
        _emptied(image, now),
        state=State.DELETED,
        version_id=version_id or image.version_id,
        sequencer=sequencer or image.sequencer,
        removed_at=(image.removed_at or now) if sequencer else None,
    )


def trashed(image: Image, now: datetime, *, version_id: str | None = None) -> Image:
    """Move a photograph to the trash: it is hidden, and keeps all it has.

    ``version_id`` is that of the file that its key holds now, None where it holds none.

    Raises
    ------
    NotFound
        The photograph is deleted, or in the trash already.
    """
    return replace(living(image), trashed_at=now, trashed_version=version_id, updated_at=now)


def untrashed(image: Image, now: datetime) -> Image:
    """Take a photograph out of the trash, with all it had.

    Raises
    ------
    NotFound
        It is not there.
    """
    if image.trashed_at is None:
        raise NotFound("there is no such photograph in the trash")
    return replace(image, trashed_at=None, trashed_version=None, updated_at=now)


def seen(image: Image, event: ObjectEvent, now: datetime) -> Image:
    """Return a record that holds after an event, too, though that changed nothing else of it."""
    if not is_older(image.sequencer, event.sequencer):
        return image
    return replace(image, sequencer=event.sequencer, updated_at=now)


def file_removed(image: Image, now: datetime) -> Image:
    """Return a tombstone whose file was removed, too, so that it may come back.

    Any other record, and a tombstone that knows it already, is returned as it is.
    """
    if image.state is not State.DELETED or image.removed_at is not None:
        return image
    return replace(image, removed_at=now, updated_at=now)


def restored(image: Image, now: datetime) -> Image:
    """Return a tombstone whose file is in the bucket again as a record that waits for its caption.

    What people wrote is not known any more. Any other record is returned as it is.
    """
    return image if image.removed_at is None else _emptied(image, now)


def lost_its_file(image: Image, now: datetime) -> Image:
    """Return the tombstone of a photograph whose file is gone though no event told of it."""
    return replace(deleted(image, now), removed_at=now)


def sent_again(image: Image, now: datetime) -> Image:
    """Record that the event of an awaited file is sent again, so that it is waited for anew.

    A record that waits no longer is returned as it is.
    """
    if image.state is not State.PENDING:
        return image
    return replace(image, form_until=now, updated_at=now)


def of_another_version(image: Image, now: datetime) -> Image:
    """Record that the key holds another version than the one described, which may be the same.

    No model has worked on it yet, so that a failure to describe it shows.
    """
    return replace(image, version_id=None, processed_by=None, updated_at=now)


def edited(
    image: Image,
    now: datetime,
    *,
    caption: str | None = None,
    attributes: tuple[Attribute, ...] | None = None,
    keywords: tuple[str, ...] | None = None,
    albums: tuple[str, ...] | None = None,
) -> Image:
    """Record what a user wrote; None changes nothing.

    The former caption becomes the first alternative.

    Raises
    ------
    NotFound
        The photograph is deleted.
    """
    image = replace(living(image), updated_at=now)
    if caption is not None:
        image = _with_persons_caption(image, caption, Source.USER)
    if attributes is not None:
        image = replace(image, attributes=attributes, attributes_source=Source.USER)
    if albums is not None:
        image = replace(image, albums=fitting(albums, MAX_ALBUMS))
    return image if keywords is None else _with_keywords(image, keywords, Source.USER)


def imported(
    image: Image, text: str | None, now: datetime, *, keywords: tuple[str, ...] | None = None
) -> Image:
    """Record the caption and keywords of a description; a user's stand, None changes nothing.

    A corrected import does not keep the caption it corrects, so that the order in which
    descriptions and photographs arrive makes no difference. The same again returns the record as
    it is. What is in the trash learns it, too, to have it when it is restored.

    Raises
    ------
    NotFound
        The photograph is deleted.
    """
    after = kept(image)
    if text is not None and not (after.caption and after.caption.source is Source.USER):
        after = _with_persons_caption(after, text, Source.IMPORT)
    if keywords is not None and after.keywords_source is not Source.USER:
        after = _with_keywords(after, keywords, Source.IMPORT)
    return image if after == image else replace(after, updated_at=now)


def described(
    image: Image,
    now: datetime,
    source: Source,
    *,
    caption: str | None = None,
    attributes: tuple[Attribute, ...] | None = None,
    keywords: tuple[str, ...] | None = None,
    albums: tuple[str, ...] | None = None,
) -> Image:
    """Record what a user (`edited`) or an import (`imported`) says; None changes nothing.

    An import adds to the albums that a photograph is in.

    Raises
    ------
    NotFound
        The photograph is deleted.
    """
    if source is Source.USER:
        return edited(
            image, now, caption=caption, attributes=attributes, keywords=keywords, albums=albums
        )
    after = imported(image, caption, now, keywords=keywords)
    if albums is not None:
        after = replace(after, albums=fitting((*after.albums, *albums), MAX_ALBUMS))
    if attributes is not None and after.attributes_source is not Source.USER:
        after = replace(after, attributes=attributes, attributes_source=source)
    return image if after == image else replace(after, updated_at=now)


def living(image: Image | None) -> Image:
    """Return a record that exists and is neither deleted nor in the trash.

    Raises
    ------
    NotFound
        There is none.
    """
    if image is None or image.is_hidden:
        raise NotFound("there is no such photograph")
    return image


def kept(image: Image | None) -> Image:
    """Return a record that exists and is not deleted, be it in the trash.

    Raises
    ------
    NotFound
        There is none.
    """
    if image is None or image.state is State.DELETED:
        raise NotFound("there is no such photograph")
    return image


def _emptied(image: Image, now: datetime) -> Image:
    """Return what even a tombstone holds."""
    return Image(
        image_id=image.image_id,
        owner=image.owner,
        bucket=image.bucket,
        key=image.key,
        rev=image.rev,
        version_id=image.version_id,
        sequencer=image.sequencer,
        created_at=image.created_at,
        updated_at=now,
        counted=image.counted,
    )


def _without_file(image: Image, now: datetime) -> Image:
    """Return what holds for whatever file comes next: what a person wrote beside it."""
    left = replace(
        _emptied(image, now),
        entry=image.entry,
        albums=image.albums,
        trashed_at=image.trashed_at,
        trashed_version=image.trashed_version,
    )
    if image.attributes_source in HUMAN_SOURCES:
        left = replace(left, attributes=image.attributes, attributes_source=image.attributes_source)
    if image.keywords_source in _OUTLIVING_THE_FILE:
        left = replace(left, keywords=image.keywords, keywords_source=image.keywords_source)
    caption = image.caption
    stands = caption is not None and caption.source in _OUTLIVING_THE_FILE
    return _with_caption(
        left, Caption(caption.text, caption.source) if caption and stands else None
    )


def _after_run(image: Image, event: ObjectEvent, run: ModelRun, now: datetime) -> Image:
    """Return what holds of a file that was processed, whatever came of it."""
    return replace(
        _without_file(image, now),
        sequencer=event.sequencer or image.sequencer,
        version_id=_version_read(image, event, run.sha256),
        size=run.size,
        sha256=run.sha256,
        processed_by=run.model,
    )


def _former(image: Image, space: str, sha256: str | None) -> dict[str, Any]:
    """Return the vector of the same file that stays for what is not captioned again yet."""
    known = ((image.visual, image.vector_space), (image.former_visual, image.former_space))
    for visual, of in known if sha256 and image.sha256 == sha256 else ():
        if visual is not None and of != space:
            return {"former_visual": visual, "former_space": of}
    return {}


def _with_embedded(image: Image, prepared: Prepared) -> Image:
    """Add what a person wrote into the file, where nobody has said anything beside it."""
    if prepared.embedded_caption and image.caption is None:
        image = _with_caption(image, Caption(prepared.embedded_caption, Source.FILE))
    if prepared.keywords and image.keywords_source is None:
        image = _with_keywords(image, prepared.keywords, Source.FILE)
    return image


def _with_keywords(image: Image, keywords: tuple[str, ...], source: Source) -> Image:
    return replace(image, keywords=fitting(keywords, MAX_KEYWORDS), keywords_source=source)


def _with_persons_caption(image: Image, text: str, source: Source) -> Image:
    former = image.caption
    others = (former.text, *former.alternatives) if former else ()
    if former and former.source is source is Source.IMPORT:
        others = former.alternatives
    if image.state is State.NEEDS_REVIEW:
        image = replace(image, state=State.CAPTIONED, reason=None)
    return _with_caption(image, Caption(text, source).with_alternatives(others))


def _with_caption(image: Image, caption: Caption | None) -> Image:
    """Set the caption, and the attributes that are read out of it unless a person gave some."""
    image = replace(image, caption=caption)
    if image.attributes_source in HUMAN_SOURCES:
        return image
    found = extract(caption.text) if caption else ()
    return replace(image, attributes=found, attributes_source=Source.MODEL if found else None)


def _judgement(prepared: Prepared) -> tuple[State, str | None]:
    if prepared.withheld and (prepared.captions or prepared.labels):
        return State.NEEDS_REVIEW, TOO_UNSURE
    if not prepared.captions:
        return State.NEEDS_REVIEW, NO_CAPTION
    if prepared.needs_review:
        return State.NEEDS_REVIEW, UNSURE
    return State.CAPTIONED, None


def _version_read(image: Image, event: ObjectEvent, sha256: str | None) -> str | None:
    """Return the version that was read, None where its id is not known.

    A redrive without a version reads the newest one, which is the record's if its content is.
    """
    if event.version_id or event.sequencer:
        return event.version_id
    return image.version_id if sha256 and sha256 == image.sha256 else None
