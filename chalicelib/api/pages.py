"""The gallery's files, served by the API: one origin, no cross-origin requests."""

import re
from functools import cache
from pathlib import Path

from chalice.app import Response

from chalicelib.errors import NotFound

GALLERY = Path(__file__).resolve().parent.parent / "gallery"
INDEX = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_NAME = re.compile(r"[a-z0-9-]+\.(?:html|css|js|svg)")
# Photographs come from the bucket by presigned URLs, and go there by presigned forms.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data: {bucket};"
    " connect-src 'self' {bucket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(name: str, bucket_origin: str) -> Response:
    """Return one of the gallery's text files.

    Parameters
    ----------
    bucket_origin
        Where presigned URLs lead, for the content security policy.

    Raises
    ------
    NotFound
        The gallery has no such file.
    """
    return Response(
        body=_read(name),
        headers={
            "Content-Type": _TYPES[Path(name).suffix],
            "Content-Security-Policy": _POLICY.format(bucket=bucket_origin),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        },
    )


@cache
def _read(name: str) -> str:
    path = GALLERY / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound("the gallery has no such file")
    return path.read_text("utf-8")
