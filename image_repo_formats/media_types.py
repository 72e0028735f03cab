"""Media types of photographs as programs write them, and as the repository knows them."""

from image_repo_formats import MEDIA_TYPES

_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/jfif": "image/jpeg",
    "image/mpo": "image/jpeg",
    "image/x-citrix-jpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-citrix-png": "image/png",
    "image/apng": "image/png",
    "image/vnd.mozilla.apng": "image/png",
    "image/x-webp": "image/webp",
    "image/x-citrix-gif": "image/gif",
    "image/heic-sequence": "image/heic",
    "image/heif-sequence": "image/heif",
    "image/avif-sequence": "image/avif",
    "image/tif": "image/tiff",
    "image/x-tif": "image/tiff",
    "image/x-tiff": "image/tiff",
}
"""Older and wrong names that are sent: RFC 2046 has parameters and no care for case, too."""


def known_media_type(written: str) -> str | None:
    """Return the media type that was meant, without parameters; None where it is none we take."""
    essence = written.partition(";")[0].strip().lower()
    named = _ALIASES.get(essence, essence)
    return named if named in MEDIA_TYPES else None
