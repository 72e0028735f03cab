"""What a person does with photographs: look at, count, edit, delete, restore."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.access import Caller
from chalicelib.api.answers import Stats
from chalicelib.api.requests import ImageEdit, Listing, TrashListing, described_by
from chalicelib.api.visibility import seen_by, visible
from chalicelib.catalogue import Catalogue, Page, update
from chalicelib.deletion import Deletion
from chalicelib.errors import InvalidField, RevisionMismatch, SearchUnavailable
from chalicelib.images import Image, State
from chalicelib.recounting import AutomaticRecounting
from chalicelib.search.port import Searching as SearchEngine
from chalicelib.storage import Storage
from chalicelib.transitions import edited, kept, living, untrashed


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

    def trash(self, caller: Caller, listing: TrashListing) -> Page:
        """Return a page of the trash, latest trashed first."""
        owner = caller.visible_owner(listing.owner)
        return self.catalogue.trash(owner, limit=listing.limit, cursor=listing.cursor)

    def delete(self, caller: Caller, image_id: str, rev: int | None) -> None:
        """Move a photograph to the trash; asked again, there is no such photograph any more."""
        self._update(caller, image_id, rev, self._deletion.trashed)

    def restore(self, caller: Caller, image_id: str) -> Image:
        """Take a photograph out of the trash, with all it had."""
        return self._update(caller, image_id, None, untrashed, kept)

    def delete_for_good(self, caller: Caller, image_id: str, rev: int | None) -> None:
        """Leave a tombstone, then remove the files, be the photograph in the trash or not.

        Asked again, it removes what was left, though there is no such photograph any more.
        """
        deletion = self._deletion
        held = self.catalogue.get(image_id)
        if held is not None and caller.sees(held.owner) and held.state is State.DELETED:
            deletion.remove_files(held)
        deletion.remove_files(self._update(caller, image_id, rev, deletion.tombstone, kept))

    @property
    def _deletion(self) -> Deletion:
        return Deletion(self.catalogue, self.storage, self.clock)

    def _update(
        self,
        caller: Caller,
        image_id: str,
        rev: int | None,
        transition: Callable[[Image, datetime], Image],
        existing: Callable[[Image | None], Image] = living,
    ) -> Image:
        def applied(stored: Image | None) -> Image:
            image = seen_by(caller, existing(stored))
            if rev is not None and rev != image.rev:
                raise RevisionMismatch(f"the photograph is at revision {image.rev}, not {rev}")
            return transition(image, self.clock())

        return update(self.catalogue, image_id, applied).after
