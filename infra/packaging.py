"""Lays out what each function is made of, so that an asset holds that and nothing else."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LAYER = BUILD / "layer"

_UNWANTED = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store", "*.swp")
_API = ("app.py", "chalicelib", ".chalice/config.json", "requirements.txt")
_INDEXER = ("indexer", "chalicelib")
_CAPTIONER = ("captioner", "chalicelib", "requirements/captioner.lock")


def api_project() -> Path:
    """Return a Chalice project of the API alone."""
    return _laid_out("api", _API)


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
        if not bundle.is_dir():
            raise FileNotFoundError(f"{bundle} does not exist: run 'python -m infra.bundle' first")
        shutil.rmtree(context / "captioner" / "bundle")
        shutil.copytree(bundle, context / "captioner" / "bundle")
    return context


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
        source, copy = ROOT / path, target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=_UNWANTED)
        else:
            shutil.copy2(source, copy)
    return target
