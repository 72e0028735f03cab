"""What the client and the repository both have to know: file formats and their limits.

The client's wheel and every Lambda function carry it: beside the standard library it needs
charset-normalizer and defusedxml alone, and those only to read files of captions.
"""

MAX_CAPTION_CHARS = 2_000
MAX_KEYWORDS = 100
MAX_KEYWORD_CHARS = 64
# How long a photograph can be restored from the trash: docs/decisions/312.
TRASH_DAYS = 30
CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jfif": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}
"""Media types of the photographs that are taken, by a file name's extension."""
MEDIA_TYPES = frozenset(CONTENT_TYPES.values())
