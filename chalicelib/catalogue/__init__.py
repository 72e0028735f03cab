"""The catalogue: the source of truth about every photograph."""

from chalicelib.catalogue.port import Catalogue, Page

__all__ = ["Catalogue", "Page"]
