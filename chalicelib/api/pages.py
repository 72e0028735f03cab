"""The gallery's files: of one origin with the API, so that no request of theirs crosses origins.

Their folder is named by a hash of them all, so that a browser keeps them for good and never mixes
those of two deployments; the page itself, which names the folder, is asked for at every visit.
"""

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

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
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data: {bucket};"
    " connect-src 'self' {origins}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


_A_YEAR = 365 * 24 * 60 * 60
# Of the page, which is asked for again at every visit, and of the files of its release.
PAGE_CACHING = "no-cache"
FILE_CACHING = f"public, max-age={_A_YEAR}, immutable"


class Origins(NamedTuple):
    """Where presigned URLs lead, and where codes are exchanged for tokens, if anywhere."""

    bucket: str
    provider: str


def security_headers(origins: Origins) -> dict[str, str]:
    """Return what a browser is told with every file, whether the API or CloudFront serves it.

    Photographs come from the bucket by presigned URLs, and go there by presigned forms. The
    provider exchanges who signed in for tokens; its pages are navigated to, which no directive is
    about.
    """
    return {
        "Content-Security-Policy": _policy(origins),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def page() -> str:
    """Return the page, which names the current release's files."""
    return _read(INDEX)


def index(origins: Origins, headers: Mapping[str, str]) -> Response:
    """Return the page; see `file`."""
    return _answer(INDEX, origins, headers, PAGE_CACHING)


def file(release: str, name: str, origins: Origins, headers: Mapping[str, str]) -> Response:
    """Return one of the gallery's text files, or 304 where the browser has it.

    Parameters
    ----------
    release
        Folder of the file. While a deployment runs, a page may ask for that of another release:
        it gets what there is, and does not keep it.
    origins
        What the content security policy lets the page reach.
    headers
        Of the request.

    Raises
    ------
    NotFound
        The gallery has no such file.
    """
    is_current = release == current_release()
    caching = FILE_CACHING if is_current else PAGE_CACHING
    return _answer(name, origins, headers, caching)


@cache
def current_release() -> str:
    """Return a hash of all files of the gallery."""
    files = sorted(path for path in GALLERY.iterdir() if _NAME.fullmatch(path.name))
    contents = (path.name.encode() + b"\0" + path.read_bytes() for path in files)
    return sha256(b"\0".join(contents)).hexdigest()[:16]


def _answer(name: str, origins: Origins, asked: Mapping[str, str], caching: str) -> Response:
    body, etag = _read(name), f'"{current_release()}"'
    headers = {
        "Content-Type": _TYPES[Path(name).suffix],
        **security_headers(origins),
        "Cache-Control": caching,
        "ETag": etag,
    }
    if etag in asked.get("if-none-match", ""):
        return Response(body="", headers=headers, status_code=HTTPStatus.NOT_MODIFIED)
    return Response(body=body, headers=headers)


def _policy(origins: Origins) -> str:
    return _POLICY.format(bucket=origins.bucket, origins=" ".join(filter(None, origins)))


@cache
def _read(name: str) -> str:
    path = GALLERY / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound("the gallery has no such file")
    text = path.read_text("utf-8")
    return text.replace('"gallery/', f'"gallery/{current_release()}/') if name == INDEX else text
