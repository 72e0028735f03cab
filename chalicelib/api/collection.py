"""What a person does with photographs: add, look at, edit, delete."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.access import Caller
from chalicelib.api.requests import ImageEdit, Listing, NewImage
from chalicelib.api.visibility import visible
from chalicelib.attributes import extract
from chalicelib.catalogue import Catalogue, Page
from chalicelib.errors import InvalidField, RevisionConflict, RevisionMismatch
from chalicelib.images import Caption, Image, Source, State, image_id_of
from chalicelib.storage import DERIVED, UPLOADS, PresignedPost, Storage

MAX_KEY_BYTES = 1_024  # Amazon S3 user guide, "Creating object key names"
MAX_ALTERNATIVES = 5
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Collection:
    """The photographs a caller may see.

    Attributes
    ----------
    max_upload_bytes
        Largest file accepted; the presigned form enforces it.
    """

    catalogue: Catalogue
    storage: Storage
    max_upload_bytes: int
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def add(self, caller: Caller, new: NewImage) -> tuple[Image, PresignedPost]:
        """Enter a record as ``pending`` and return it with the form that uploads its file."""
        if new.size > self.max_upload_bytes:
            raise InvalidField("size", f"must be at most {self.max_upload_bytes} bytes")
        image = self._pending(caller.owner, new)
        stored = self.catalogue.save(image, expected_rev=0)
        form = self.storage.presigned_post(
            image.key, content_type=new.content_type, max_bytes=self.max_upload_bytes
        )
        return stored, form

    def get(self, caller: Caller, image_id: str) -> Image:
        """Return a record; another owner's does not exist for the caller."""
        return visible(self.catalogue, caller, image_id)

    def list(self, caller: Caller, listing: Listing) -> Page:
        """Return a page of records, newest first."""
        if listing.state is State.DELETED:
            raise InvalidField("state", "deleted photographs are not listed")
        owner = caller.visible_owner(listing.owner)
        return self.catalogue.list(
            owner, state=listing.state, limit=listing.limit, cursor=listing.cursor
        )

    def edit(self, caller: Caller, image_id: str, edit: ImageEdit, rev: int | None) -> Image:
        """Change caption or attributes; what a person writes no model overwrites.

        Parameters
        ----------
        rev
            The revision the caller saw (``If-Match``); None lets the last writer win.
        """
        return self._changed(caller, image_id, rev, lambda image: self._edited(image, edit))

    def delete(self, caller: Caller, image_id: str, rev: int | None) -> None:
        """Leave a tombstone, then remove the files: cut in between, nothing is found any more.

        Asked again, it removes what was left, though there is no such photograph any more.
        """
        held = self.catalogue.get(image_id)
        if held is not None and caller.sees(held.owner) and held.state is State.DELETED:
            self._remove_files(held)
        self._remove_files(self._changed(caller, image_id, rev, self._tombstone))

    def _remove_files(self, image: Image) -> None:
        self.storage.delete(image.key)
        for copy in tuple(self.storage.objects(f"{DERIVED}{image.image_id}/")):
            self.storage.delete(copy.key)

    def _pending(self, owner: str, new: NewImage) -> Image:
        key = f"{UPLOADS}{owner}/{secrets.token_urlsafe(12)}/{new.name}"
        if len(key.encode()) > MAX_KEY_BYTES:
            raise InvalidField("name", f"its key would be longer than {MAX_KEY_BYTES} bytes")
        now = self.clock()
        image = Image(
            image_id=image_id_of(self.storage.bucket, key),
            owner=owner,
            bucket=self.storage.bucket,
            key=key,
            content_type=new.content_type,
            size=new.size,
            created_at=now,
            updated_at=now,
        )
        told = {name: getattr(new, name) for name in ("caption", "attributes")}
        given = {name: value for name, value in told.items() if value is not None}
        return self._edited(image, ImageEdit.model_validate(given)) if given else image

    def _edited(self, image: Image, edit: ImageEdit) -> Image:
        changes: dict[str, object] = {}
        if edit.caption is not None:
            changes |= _recaptioned(image, edit.caption)
        if edit.attributes is not None:
            changes["attributes"] = tuple(one.attribute() for one in edit.attributes)
            changes["attributes_source"] = Source.USER
        return image.changed(self.clock(), changes)

    def _tombstone(self, image: Image) -> Image:
        emptied = dict.fromkeys(("caption", "visual", "semantic", "reason", "derivative_key"))
        changes: dict[str, object] = {**emptied, "attributes": (), "labels": ()}
        changes |= {"state": State.DELETED, "attributes_source": None}
        return image.changed(self.clock(), changes)

    def _changed(
        self, caller: Caller, image_id: str, rev: int | None, change: Callable[[Image], Image]
    ) -> Image:
        for _ in range(_TRIES):
            image = visible(self.catalogue, caller, image_id)
            if rev is not None and rev != image.rev:
                raise RevisionMismatch(f"the photograph is at revision {image.rev}, not {rev}")
            try:
                return self.catalogue.save(change(image), expected_rev=image.rev)
            except RevisionConflict:
                continue
        raise RevisionConflict("the photograph keeps changing; try again")


def _recaptioned(image: Image, text: str) -> dict[str, object]:
    """Return the changes that make ``text`` the caption; the earlier ones stay alternatives."""
    earlier = (image.caption.text, *image.caption.alternatives) if image.caption else ()
    others = tuple(dict.fromkeys(other for other in earlier if other != text))
    caption = Caption(text, Source.USER, alternatives=others[:MAX_ALTERNATIVES])
    changes: dict[str, object] = {"caption": caption}
    if image.state is State.NEEDS_REVIEW:
        changes |= {"state": State.CAPTIONED, "reason": None}
    if image.attributes_source is not Source.USER:
        # They were read out of the former caption, so they are read again.
        changes |= {"attributes": tuple(extract(text)), "attributes_source": Source.MODEL}
    return changes
