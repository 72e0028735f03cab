"""Lays out what each function is made of, so that an asset holds that and nothing else.

``bundle`` is the folder of a verified model that takes the place of the repository's
(``infra.bundle``). ``FileNotFoundError`` is raised where a folder has not been made.
"""

import shutil
from pathlib import Path

from captioner.vision import manifest, text, words
from chalicelib.api import pages
from layers.__main__ import LAMBDA, ROOT

BUILD = ROOT / "build"

_UNWANTED = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store", "*.swp")
_FORMATS = "image_repo_formats"
_API = ("app.py", "chalicelib", ".chalice/config.json", "requirements.txt")
# Of the captioner, what turns a query's text into its vector: docs/decisions/105.
_VISION = ("__init__", "manifest", "text", "words")
_TEXT_SIDE = ("captioner/__init__.py", *(f"captioner/vision/{name}.py" for name in _VISION))
_INDEXER = ("indexer", "chalicelib", _FORMATS)
_CAPTIONER = ("captioner", "chalicelib", _FORMATS, "requirements/captioner.lock")


def api_project(bundle: Path | None = None) -> Path:
    """Return a Chalice project of the API and of the model's text side."""
    project = _laid_out("api", _API)
    # What lies in "vendor" Chalice puts beside the application.
    for path in (_FORMATS, *_TEXT_SIDE):
        _copied(ROOT / path, project / "vendor" / path)
    source = _existing(bundle or text.BUNDLE, "python -m infra.bundle")
    further = (words.FILE,) if (source / words.FILE).is_file() else ()
    for file in (manifest.FILE, *text.FILES, *further):
        _copied(source / file, project / "vendor" / "captioner" / "bundle" / file)
    return project


def indexer_code() -> Path:
    """Return the indexer and the package it stands on, without the gallery."""
    code = _laid_out("indexer", _INDEXER)
    shutil.rmtree(code / "chalicelib" / "gallery", ignore_errors=True)
    return code


def captioner_image(bundle: Path | None = None) -> Path:
    """Return the build context of ``captioner/Dockerfile``."""
    context = _laid_out("captioner", _CAPTIONER)
    if bundle is not None:
        shutil.rmtree(context / "captioner" / "bundle")
        _copied(_existing(bundle, "python -m infra.bundle"), context / "captioner" / "bundle")
    return context


def gallery_files() -> Path:
    """Return a folder of the gallery's files in the folder of their release, without the page."""
    folder = _laid_out("gallery", ())
    _copied(pages.GALLERY, folder / pages.current_release())
    (folder / pages.current_release() / pages.INDEX).unlink()
    return folder


def layer_code(layer: Path | None = None) -> Path:
    """Return the built layer: Lambda's, unless another folder is meant."""
    folder = layer or LAMBDA.folder
    _existing(folder / "python", "python -m layers")
    return folder


def _existing(folder: Path, made_by: str) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} does not exist: run '{made_by}' first")
    return folder


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
