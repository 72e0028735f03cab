"""What a person does with photographs: look at, count, edit, delete."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.access import Caller
from chalicelib.api.answers import Stats
from chalicelib.api.requests import ImageEdit, Listing, described_by
from chalicelib.api.visibility import visible, visible_to
from chalicelib.catalogue import Catalogue, Page, update
from chalicelib.display_copies import DisplayCopies
from chalicelib.errors import InvalidField, RevisionMismatch, SearchUnavailable
from chalicelib.images import Image, State
from chalicelib.recounting import AutomaticRecounting
from chalicelib.search.port import Searching as SearchEngine
from chalicelib.storage import Storage
from chalicelib.transitions import deleted, edited, file_removed


@dataclass(frozen=True, slots=True)
class Collection:
    """The photographs a caller may see."""

    catalogue: Catalogue
    storage: Storage
    index: SearchEngine
    counting: AutomaticRecounting
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

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
        return self._update(
            caller, image_id, rev, lambda image, now: edited(image, now, **described_by(edit))
        )

    def delete(self, caller: Caller, image_id: str, rev: int | None) -> None:
        """Leave a tombstone, then remove the files: cut in between, nothing is found any more.

        Asked again, it removes what was left, though there is no such photograph any more.
        """
        held = self.catalogue.get(image_id)
        if held is not None and caller.sees(held.owner) and held.state is State.DELETED:
            self._remove_files(held)
        self._remove_files(self._update(caller, image_id, rev, self._deleted))

    def _deleted(self, image: Image, now: datetime) -> Image:
        found = self.storage.head(image.key)
        return deleted(image, now, version_id=found.version_id if found else None)

    def _remove_files(self, tombstone: Image) -> None:
        if tombstone.removed_at is None:
            self.storage.delete(tombstone.key)
            update(
                self.catalogue,
                tombstone.image_id,
                lambda stored: self._without_file(stored or tombstone),
            )
        DisplayCopies(self.catalogue, self.storage).sweep(tombstone.image_id)

    def _without_file(self, image: Image) -> Image:
        """Return the tombstone, which knows now that the file is gone.

        It is saved even so: a worker that looked at the bucket before the file was removed finds
        its record changed, and looks again. One that was quicker is undone, unless what it found
        was uploaded after the removal.
        """
        now = self.clock()
        if image.state is not State.DELETED and self.storage.head(image.key) is None:
            image = deleted(image, now)
        return file_removed(image, now)

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
