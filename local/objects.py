"""The bucket's objects as the emulator lays them out: mended after a kill, or set aside.

An object is two files, its bytes and ``.meta.json`` beside them; replaced versions lie under
``.versions``.
"""

import hashlib
import shutil
from pathlib import Path

from local.layout import ACCOUNT, BUCKET, Layout, read_json

_META = ".meta.json"
_VERSIONS = ".versions"
_PARTS = (f"{ACCOUNT}/{BUCKET}", f"{_VERSIONS}/{ACCOUNT}/{BUCKET}")


def mend(objects: Path) -> int:
    """Give objects back the bytes that their descriptions speak of; return how many.

    The emulator replaces the bytes, then the description. Killed between the two, it would serve
    the bytes of a file that it never answered for as a version that it did.
    """
    torn = [meta for meta in (objects / ACCOUNT).rglob(f"*{_META}") if _is_torn(meta)]
    return sum(_restored(objects, meta) for meta in torn)


def set_aside(layout: Layout) -> None:
    """Hide the bucket from an emulator that is to make it."""
    for part in _PARTS:
        _move(layout.objects / part, layout.aside / part)


def bring_back(layout: Layout) -> None:
    """Undo it, where it was done."""
    for part in _PARTS:
        _move(layout.aside / part, layout.objects / part)
    shutil.rmtree(layout.aside, ignore_errors=True)


def _bytes_of(meta: Path) -> Path:
    return meta.with_name(meta.name.removesuffix(_META))


def _is_torn(meta: Path) -> bool:
    body = _bytes_of(meta)
    return body.is_file() and body.stat().st_mtime_ns > meta.stat().st_mtime_ns


def _restored(objects: Path, meta: Path) -> bool:
    """Copy a version's own bytes over those that came after; tell whether that was needed."""
    body, told = _bytes_of(meta), read_json(meta)
    place = body.relative_to(objects / ACCOUNT)
    version = objects / _VERSIONS / ACCOUNT / place.parts[0] / str(told.get("version_id"))
    own = version.joinpath(*place.parts[1:])
    if not own.is_file() or _etag(body) == told.get("etag"):
        return False
    half = body.with_name(f"{body.name}.tmp")  # which the emulator passes over
    shutil.copy2(own, half)
    half.replace(body)
    return True


def _etag(path: Path) -> str:
    """Return what S3 answers for an object of one part.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False)
    return f'"{digest.hexdigest()}"'


def _move(source: Path, target: Path) -> None:
    """Move the files of a folder into another; cut short, it can be done again."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    shutil.rmtree(source, ignore_errors=True)
