"""Which record a caller may see: the one place that decides it for a single photograph."""

from chalicelib.access import Caller
from chalicelib.catalogue import Catalogue
from chalicelib.errors import NotFound
from chalicelib.images import Image, State


def visible(catalogue: Catalogue, caller: Caller, image_id: str) -> Image:
    """Return a record.

    Raises
    ------
    NotFound
        There is none, it is deleted, or it is another owner's.
    """
    image = catalogue.get(image_id)
    if image is None or image.state is State.DELETED or not caller.sees(image.owner):
        raise NotFound("there is no such photograph")
    return image
