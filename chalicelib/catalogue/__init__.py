"""The catalogue: the source of truth about every photograph."""

from chalicelib.catalogue.port import Catalogue, Page
from chalicelib.catalogue.updating import Update, update

__all__ = ["Catalogue", "Page", "Update", "update"]
