"""A catalogue in memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
        listing = f"{owner}|{state}"
        after = unseal(listing, cursor) if cursor else None
        matching = [image for image in self._newest_first(owner, state) if _is_after(image, after)]
        page = tuple(matching[:limit])
        more = len(matching) > limit
        return Page(page, seal(listing, _position(page[-1])) if more else None)

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
        return tuple(
            image
            for image in tuple(self._images.values())
            if image.state is not State.DELETED and owner in (None, image.owner)
        )

    def _newest_first(self, owner: str | None, state: State | None) -> tuple[Image, ...]:
        chosen = (image for image in self._living(owner) if state in (None, image.state))
        return tuple(sorted(chosen, key=_key, reverse=True))


def _key(image: Image) -> tuple[str, str]:
    return time_text(image.created_at), image.image_id


def _position(image: Image) -> dict[str, str]:
    created_at, image_id = _key(image)
    return {"created_at": created_at, "image_id": image_id}


def _is_after(image: Image, position: dict[str, str] | None) -> bool:
    return position is None or _key(image) < (position["created_at"], position["image_id"])
