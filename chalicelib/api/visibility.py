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
        There is none, it is deleted or in the trash, or it is another owner's.
    """
    return seen_by(caller, living(catalogue.get(image_id)))


def seen_by(caller: Caller, image: Image) -> Image:
    """Return a record that exists, if it is the caller's to see.

    Raises
    ------
    NotFound
        It is another owner's.
    """
    if not caller.sees(image.owner):
        raise NotFound("there is no such photograph")
    return image
