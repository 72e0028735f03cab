"""The catalogue: the source of truth about every photograph."""

from chalicelib.catalogue.port import Catalogue, Counts, Page, update

__all__ = ["Catalogue", "Counts", "Page", "update"]
