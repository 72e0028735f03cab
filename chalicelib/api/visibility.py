"""Which record a caller may see: the one place that decides it for a single photograph."""

from chalicelib.access import Caller
from chalicelib.catalogue import Catalogue
from chalicelib.errors import NotFound
from chalicelib.images import Image
from chalicelib.transitions import living


def visible(catalogue: Catalogue, caller: Caller, image_id: str) -> Image:
    """Return a record.

    Raises
    ------
    NotFound
        There is none, it is deleted, or it is another owner's.
    """
    return visible_to(caller, catalogue.get(image_id))


def visible_to(caller: Caller, image: Image | None) -> Image:
    """Return a record that was read.

    Raises
    ------
    NotFound
        As for `visible`.
    """
    image = living(image)
    if not caller.sees(image.owner):
        raise NotFound("there is no such photograph")
    return image
