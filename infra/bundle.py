"""Takes a trained bundle into the deployment: ``python -m infra.bundle WHERE``.

``make deploy BUNDLE=WHERE`` does so first. WHERE is a folder, a ``.tar.gz`` (a SageMaker
training job's ``model.tar.gz`` is one), or such an archive's ``s3://`` address.
"""

import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from captioner.vision import manifest, words
from captioner.vision.bundle import FILES, load
from captioner.vision.manifest import BundleError
from infra.packaging import BUILD

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TAKEN = BUILD / "bundle"
WHOLE = {manifest.FILE, *FILES, words.FILE}
LARGEST = 500_000_000
"""Bytes unpacked; Lambda's images may have 10 GB, but a captioner loads this at each start."""


def take(where: str, target: Path = TAKEN, s3: "S3Client | None" = None) -> str:
    """Verify a bundle and lay it out at ``target``, which stays as it is where anything is off.

    ``where`` is a folder, an archive, or ``s3://BUCKET/KEY`` of an archive. Return the bundle's
    name and version.

    Raises
    ------
    BundleError
        The bundle cannot be had, holds a file too many or too few, is damaged or does not load.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bundle"
        remote = where.startswith("s3://")
        found = _downloaded(where, Path(scratch), s3) if remote else Path(where)
        if found.is_dir():
            shutil.copytree(found, folder)
        elif found.is_file():
            _unpack(found, folder)
        else:
            raise BundleError(f"no bundle at {where}: neither folder nor file")
        strangers = sorted({path.name for path in folder.iterdir()} - WHOLE)
        if strangers:
            raise BundleError(f"the bundle holds {', '.join(strangers)} beside its files")
        manifest.read(folder)
        model = load(folder)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target)
    return f"{model.name} {model.version}"


def _downloaded(address: str, folder: Path, s3: "S3Client | None") -> Path:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise BundleError(f"{address}: expected s3://BUCKET/KEY")
    archive = folder / "model.tar.gz"
    try:
        (s3 or boto3.client("s3")).download_file(bucket, key, str(archive))
    except (BotoCoreError, ClientError) as error:
        raise BundleError(f"{address} cannot be had: {error}") from error
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir()
    try:
        with tarfile.open(archive) as opened:
            left = LARGEST
            for member in opened:
                left -= member.size
                _write(opened, member, folder, left)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BundleError(f"{archive.name} is no archive, or a damaged one: {error}") from error


def _write(archive: Any, member: tarfile.TarInfo, folder: Path, left: int) -> None:
    name = member.name.removeprefix("./")
    if member.isdir() and name in ("", "."):
        return
    # Nothing but the files of a bundle is ever written, whatever the archive calls them.
    if not member.isfile() or name not in WHOLE:
        raise BundleError(f"the archive holds {member.name!r}, which is no file of a bundle")
    if left < 0:
        raise BundleError(f"the archive unpacks to more than {LARGEST // 1_000_000} MB")
    with (folder / name).open("wb") as target:
        shutil.copyfileobj(archive.extractfile(member), target)


def main() -> int:
    """Take the bundle that the command line names."""
    try:
        taken = take(sys.argv[1])
    except BundleError as problem:
        print(f"✗ BUNDLE: {problem}\nNothing was deployed.", file=sys.stderr)
        return 1
    print(f"• Captioner, encoder and API get {taken}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
