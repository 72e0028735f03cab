"""What a person does with photographs: add, look at, count, edit, delete."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.access import Caller
from chalicelib.api.answers import Stats
from chalicelib.api.requests import ImageEdit, Listing, NewImage
from chalicelib.api.visibility import visible, visible_to
from chalicelib.catalogue import Catalogue, Page, update
from chalicelib.errors import InvalidField, RevisionMismatch, SearchUnavailable
from chalicelib.images import Image, State
from chalicelib.names import DERIVED, UPLOADS
from chalicelib.recounting import AutomaticRecounting
from chalicelib.search.port import Searching as SearchEngine
from chalicelib.storage import PresignedPost, Storage
from chalicelib.transitions import deleted, edited, pending

MAX_KEY_BYTES = 1_024  # Amazon S3 user guide, "Creating object key names"


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
    index: SearchEngine
    max_upload_bytes: int
    counting: AutomaticRecounting
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

    def stats(self, caller: Caller) -> Stats:
        """Return counts; ``searchable`` is None while the search index is down.

        Where records are there from before counts were kept, a recount is started.
        """
        owner = caller.visible_owner(None)
        counts = self.catalogue.counts(owner)
        if not counts.is_complete:
            self.counting.start()
        living = (state for state in State if state is not State.DELETED)
        images = {state: counts.states.get(state, 0) for state in living}
        try:
            searchable = self.index.count(owner)
        except SearchUnavailable:
            searchable = None
        return Stats(
            images=images,
            total=sum(images.values()),
            complete=counts.is_complete,
            searchable=searchable,
        )

    def edit(self, caller: Caller, image_id: str, edit: ImageEdit, rev: int | None) -> Image:
        """Change caption, attributes or keywords; what a person writes no model overwrites.

        Parameters
        ----------
        rev
            The revision the caller saw (``If-Match``); None lets the last writer win.
        """
        return self._update(caller, image_id, rev, lambda image, now: _edited(image, edit, now))

    def delete(self, caller: Caller, image_id: str, rev: int | None) -> None:
        """Leave a tombstone, then remove the files: cut in between, nothing is found any more.

        Asked again, it removes what was left, though there is no such photograph any more.
        """
        held = self.catalogue.get(image_id)
        if held is not None and caller.sees(held.owner) and held.state is State.DELETED:
            self._remove_files(held)
        self._remove_files(self._update(caller, image_id, rev, deleted))

    def _remove_files(self, image: Image) -> None:
        self.storage.delete(image.key)
        for copy in tuple(self.storage.objects(f"{DERIVED}{image.image_id}/")):
            self.storage.delete(copy.key)

    def _pending(self, owner: str, new: NewImage) -> Image:
        key = f"{UPLOADS}{owner}/{secrets.token_urlsafe(12)}/{new.name}"
        if len(key.encode()) > MAX_KEY_BYTES:
            raise InvalidField("name", f"its key would be longer than {MAX_KEY_BYTES} bytes")
        now = self.clock()
        image = pending(self.storage.bucket, key, now, content_type=new.content_type, size=new.size)
        return _edited(image, new, now)

    def _update(
        self,
        caller: Caller,
        image_id: str,
        rev: int | None,
        transition: Callable[[Image, datetime], Image],
    ) -> Image:
        def applied(stored: Image | None) -> Image:
            image = visible_to(caller, stored)
            if rev is not None and rev != image.rev:
                raise RevisionMismatch(f"the photograph is at revision {image.rev}, not {rev}")
            return transition(image, self.clock())

        return update(self.catalogue, image_id, applied).after


def _edited(image: Image, asked: NewImage | ImageEdit, now: datetime) -> Image:
    attributes = asked.attributes
    return edited(
        image,
        now,
        caption=asked.caption,
        attributes=None if attributes is None else tuple(one.attribute() for one in attributes),
        keywords=None if asked.keywords is None else tuple(asked.keywords),
    )
