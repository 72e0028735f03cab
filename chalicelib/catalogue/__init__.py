"""The catalogue: the source of truth about every photograph."""

from chalicelib.catalogue.port import Catalogue, Page, update

__all__ = ["Catalogue", "Page", "update"]
