"""Counts of photographs, by state and in the search index."""

from dataclasses import dataclass

from chalicelib.access import Caller
from chalicelib.api.answers import Stats
from chalicelib.catalogue import Catalogue
from chalicelib.errors import SearchUnavailable
from chalicelib.images import State
from chalicelib.search.port import Searching as SearchEngine


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts photographs within what the caller may see."""

    catalogue: Catalogue
    index: SearchEngine

    def stats(self, caller: Caller) -> Stats:
        """Return counts; ``searchable`` is None while the search index is down."""
        owner = caller.visible_owner(None)
        counts = self.catalogue.counts(owner)
        images = {state: counts.get(state, 0) for state in State if state is not State.DELETED}
        return Stats(images=images, total=sum(images.values()), searchable=self._searchable(owner))

    def _searchable(self, owner: str | None) -> int | None:
        try:
            return self.index.count(owner)
        except SearchUnavailable:
            return None
