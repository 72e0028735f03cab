"""A catalogue in memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from threading import Lock

from chalicelib.catalogue.cursor import seal, unseal
from chalicelib.catalogue.dynamodb import time_text
from chalicelib.catalogue.port import Counts, Page
from chalicelib.errors import RevisionConflict
from chalicelib.images import Image, State


class MemoryCatalogue:
    """Adapter of the port ``Catalogue`` on a dictionary."""

    def __init__(self) -> None:
        self._images: dict[str, Image] = {}
        self.counted = True
        self._lock = Lock()

    def get(self, image_id: str) -> Image | None:
        """Return the record, a tombstone too."""
        return self._images.get(image_id)

    def get_many(self, image_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, Image]:
        """Return those that exist."""
        return {key: self._images[key] for key in image_ids if key in self._images}

    def save(self, image: Image, *, expected_rev: int) -> Image:
        """Store at the next revision, if the expected one stands."""
        with self._lock:
            held = self._images.get(image.image_id)
            if (held.rev if held else 0) != expected_rev:
                raise RevisionConflict(f"image {image.image_id} changed meanwhile")
            stored = replace(image, rev=expected_rev + 1)
            self._images[image.image_id] = stored
            return stored

    def list(
        self, owner: str | None, *, state: State | None, limit: int, cursor: str | None
    ) -> Page:
        """Return a page, newest first."""
        chosen = (image for image in self._living(owner) if state in (None, image.state))
        return _page(f"{owner}|{state}", chosen, _key, limit, cursor)

    def trash(self, owner: str | None, *, limit: int, cursor: str | None) -> Page:
        """Return a page of the trash, latest trashed first."""
        held = (image for image in self._of(owner) if image.trashed_at)
        return _page(f"{owner}|trash", held, _key_in_trash, limit, cursor)

    def with_content(self, owner: str, sha256: str) -> tuple[Image, ...]:
        """Return an owner's records of this content, the oldest first."""
        same = (image for image in self._living(owner) if image.sha256 == sha256)
        return tuple(sorted(same, key=_key))

    def scan(self, after: str | None = None, *, consistent: bool = True) -> Iterator[Image]:
        """Yield every record, in the order of their ids."""
        for image_id, image in sorted(self._images.items()):
            if after is None or image_id > after:
                yield image

    def counts(self, owner: str | None) -> Counts:
        """Count an owner's records, or everyone's."""
        return Counts(Counter(image.state for image in self._living(owner)), self.counted)

    def _living(self, owner: str | None) -> tuple[Image, ...]:
        return tuple(image for image in self._of(owner) if not image.is_hidden)

    def _of(self, owner: str | None) -> tuple[Image, ...]:
        images = tuple(self._images.values())
        return tuple(image for image in images if owner in (None, image.owner))


def _page(
    listing: str,
    images: Iterable[Image],
    key: Callable[[Image], tuple[str, str]],
    limit: int,
    cursor: str | None,
) -> Page:
    at = unseal(listing, cursor) if cursor else None
    before = (at["created_at"], at["image_id"]) if at else None
    matching = [one for one in images if before is None or key(one) < before]
    found = sorted(matching, key=key, reverse=True)
    if len(found) <= limit:
        return Page(tuple(found), None)
    created_at, image_id = key(found[limit - 1])
    position = {"created_at": created_at, "image_id": image_id}
    return Page(tuple(found[:limit]), seal(listing, position))


def _key(image: Image) -> tuple[str, str]:
    return time_text(image.created_at), image.image_id


def _key_in_trash(image: Image) -> tuple[str, str]:
    return time_text(image.trashed_at or image.created_at), image.image_id
