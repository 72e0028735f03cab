"""The photographs of the demo where none are named: they come inside packages of the index.

``make setup`` installs some of these packages into a folder beside the environment's own, since
nothing of them is imported (``requirements/photographs.in``). ``photographs.jsonl`` names them; the
cats are of alibi's ``load_cats``, "public domain images" from Flickr.
"""

import shutil
import sys
import sysconfig
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from local.errors import LocalError

INSTALLED = Path(sys.prefix) / "photographs"
ROOTS = (INSTALLED, Path(sysconfig.get_path("purelib")))


@dataclass(frozen=True, slots=True)
class DemoPhotograph:
    """One photograph: where it comes from, on what terms, and what can be seen on it.

    Attributes
    ----------
    name
        Of the file in the demo.
    path, member
        Where packages are installed, and in the archive that lies there, if one does.
    author, licence
        As the package or the photograph's publisher states them.
    shows
        Singular nouns that a caption may begin with; the first is the plainest.
    colours, actions
        What is true of these things, in the words of attributes.
    """

    name: str
    path: str
    author: str
    licence: str
    shows: tuple[str, ...]
    colours: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    member: str | None = None


_LINES = Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
PHOTOGRAPHS = tuple(map(TypeAdapter(DemoPhotograph).validate_json, _LINES))


def lay_out(
    folder: Path, photographs: Sequence[DemoPhotograph], roots: Sequence[Path] = ROOTS
) -> None:
    """Copy photographs into ``folder`` and take everything else away from it.

    Parameters
    ----------
    roots
        Where packages are installed.

    Raises
    ------
    LocalError
        A package is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for photograph in photographs:
        _copy(photograph, folder / photograph.name, roots)
    for other in set(folder.iterdir()) - {folder / each.name for each in photographs}:
        other.unlink()


def _copy(photograph: DemoPhotograph, target: Path, roots: Sequence[Path]) -> None:
    source = next((file for root in roots if (file := root / photograph.path).is_file()), None)
    if source is None:
        raise LocalError(f"{photograph.path} is not installed", "run: make setup")
    if photograph.member is None:
        shutil.copyfile(source, target)
        return
    with tarfile.open(source) as archive:
        content = archive.extractfile(photograph.member)
        if content is None:
            raise LocalError(f"{photograph.member} is no file in {source}", "run: make setup")
        target.write_bytes(content.read())
