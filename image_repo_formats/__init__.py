"""What the client and the repository both have to know: file formats and their limits.

Needs the standard library only, so that the client's wheel and every Lambda function carry it.
"""

MAX_CAPTION_CHARS = 2_000
CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
"""Media types of the photographs that are taken, by a file name's extension."""
