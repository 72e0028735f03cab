"""``bundle.json``: what a bundle is, and the check that its files are the ones it names."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 3
"""Version of the bundle's layout that this code reads."""

FILE = "bundle.json"
OF_VECTORS = ("encoder.onnx", "vectors.npz", "text.npz", "tokenizer.json")
"""Files that make vectors: those of bundles that have the same can be compared."""


class BundleError(ValueError):
    """A bundle is missing, damaged or of another version; says which file and why."""


@dataclass(frozen=True)
class BundleManifest:
    """What ``bundle.json`` says, as far as serving needs it.

    ``side`` is the encoder's input in pixels; ``ranking`` and ``confidence`` are what
    `captioner.vision.judgement` reads. ``space`` is the ``name@version`` of the first bundle whose
    vectors can be compared with this one's: its own where its ``bundle.json`` names none.
    """

    folder: Path
    name: str
    version: str
    side: int
    ranking: Mapping[str, Any]
    confidence: Mapping[str, Any]
    sha256: Mapping[str, str]
    space: str

    def shares_vectors_with(self, sha256: Mapping[str, str]) -> bool:
        """Tell whether a bundle whose files have these checksums makes the same vectors."""
        return all(self.sha256[file] == sha256.get(file) for file in OF_VECTORS)

    def path(self, file: str) -> Path:
        """Where a verified file lies."""
        return self.folder / file


def read(folder: Path, files: Iterable[str] | None = None) -> BundleManifest:
    """Read a bundle's manifest and verify ``files``, or every file it names when not given.

    Raises
    ------
    BundleError
        For a missing folder, file or field, another format, a wrong checksum.
    """
    if not folder.is_dir():
        raise BundleError(f"no bundle at {folder}: no such folder")
    manifest = _manifest(folder, _document(folder / FILE))
    for file in manifest.sha256 if files is None else files:
        _verify(manifest, file)
    return manifest


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _document(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BundleError(f"{path} is missing")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BundleError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BundleError(f"{path} is not a JSON object")
    return document


def _manifest(folder: Path, document: dict[str, Any]) -> BundleManifest:
    found = document.get("format")
    if found != FORMAT:
        raise BundleError(f"{folder / FILE}: format {found!r}, this code reads {FORMAT}")
    try:
        return BundleManifest(
            folder=folder,
            name=str(document["name"]),
            version=str(document["version"]),
            side=int(document["side"]),
            ranking=dict(document["ranking"]),
            confidence=dict(document["confidence"]),
            space=str(document.get("space", f"{document['name']}@{document['version']}")),
            sha256={str(file): str(digest) for file, digest in document["sha256"].items()},
        )
    except KeyError as missing:
        raise BundleError(f"{folder / FILE}: no field {missing}") from missing
    except (AttributeError, TypeError, ValueError) as error:
        raise BundleError(f"{folder / FILE}: {error}") from error


def _verify(manifest: BundleManifest, file: str) -> None:
    path = manifest.path(file)
    if file not in manifest.sha256:
        raise BundleError(f"{manifest.path(FILE)} names no {file}")
    if Path(file).name != file:
        raise BundleError(f"{manifest.path(FILE)}: {file!r} is outside the bundle")
    if not path.is_file():
        raise BundleError(f"{path} is missing")
    if sha256(path) != manifest.sha256[file]:
        raise BundleError(f"{path} is damaged: its SHA-256 is not the manifest's")
