"""Lays out what each function is made of, so that an asset holds that and nothing else."""

import shutil
from pathlib import Path

from captioner.vision import manifest, text

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LAYER = BUILD / "layer"

_UNWANTED = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store", "*.swp")
_FORMATS = "image_repo_formats"
_API = ("app.py", "chalicelib", ".chalice/config.json", "requirements.txt")
# Of the captioner, what turns a query's text into its vector: docs/decisions/105.
_TEXT_SIDE = (
    "captioner/__init__.py",
    "captioner/vision/__init__.py",
    "captioner/vision/manifest.py",
    "captioner/vision/text.py",
)
_INDEXER = ("indexer", "chalicelib", _FORMATS)
_CAPTIONER = ("captioner", "chalicelib", _FORMATS, "requirements/captioner.lock")


def api_project(bundle: Path | None = None) -> Path:
    """Return a Chalice project of the API and of the model's text side.

    Parameters
    ----------
    bundle
        As ``captioner_image`` takes it.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    """
    project = _laid_out("api", _API)
    # What lies in "vendor" Chalice puts beside the application.
    for path in (_FORMATS, *_TEXT_SIDE):
        _copied(ROOT / path, project / "vendor" / path)
    source = text.BUNDLE if bundle is None else _existing(bundle)
    for file in (manifest.FILE, *text.FILES):
        _copied(source / file, project / "vendor" / "captioner" / "bundle" / file)
    return project


def indexer_code() -> Path:
    """Return the indexer and the package it stands on, without the gallery."""
    code = _laid_out("indexer", _INDEXER)
    shutil.rmtree(code / "chalicelib" / "gallery", ignore_errors=True)
    return code


def captioner_image(bundle: Path | None = None) -> Path:
    """Return the build context of ``captioner/Dockerfile``.

    Parameters
    ----------
    bundle
        A verified one that takes the place of the repository's (``infra.bundle``).

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    """
    context = _laid_out("captioner", _CAPTIONER)
    if bundle is not None:
        shutil.rmtree(context / "captioner" / "bundle")
        shutil.copytree(_existing(bundle), context / "captioner" / "bundle")
    return context


def _existing(bundle: Path) -> Path:
    if not bundle.is_dir():
        raise FileNotFoundError(f"{bundle} does not exist: run 'python -m infra.bundle' first")
    return bundle


def layer_code() -> Path:
    """Return the built layer.

    Raises
    ------
    FileNotFoundError
        ``python -m layers`` has not been run.
    """
    if not (LAYER / "python").is_dir():
        raise FileNotFoundError(f"{LAYER} does not exist: run 'python -m layers' first")
    return LAYER


def _laid_out(name: str, paths: tuple[str, ...]) -> Path:
    target = BUILD / name
    shutil.rmtree(target, ignore_errors=True)
    for path in paths:
        _copied(ROOT / path, target / path)
    return target


def _copied(source: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, copy, ignore=_UNWANTED)
    else:
        shutil.copy2(source, copy)
