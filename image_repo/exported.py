"""``images.jsonl``: the records of an exported folder, by which it is imported as what it was."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from image_repo.client import Json
from image_repo.contents import Said

FILE_NAME = "images.jsonl"
# Of the others, a model writes its words again, and a file brings what is embedded in it.
_SENT = frozenset({"user", "import"})


@dataclass(frozen=True, slots=True)
class Exported:
    """A record as it was exported.

    Attributes
    ----------
    name
        Its name in the repository; the file's may differ.
    caption, keywords
        Whoever wrote them.
    said
        What people wrote, and as whose word.
    """

    name: str
    caption: str | None
    keywords: list[str]
    said: Mapping[str, Said]


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of a file that led to nothing, and why; None where it is about the whole file."""

    file: str
    line: int | None
    reason: str


def line_of(image: Json, file: str | None) -> str:
    """Return a record's line; ``file`` is None where it has no file."""
    told = {name: value for name, value in image.items() if name != "links"}
    return json.dumps({"file": file} | told, ensure_ascii=False) + "\n"


def read_exported(folder: Path) -> tuple[Mapping[str, Exported], list[Problem]]:
    """Return the records by file name, and the lines that tell of none."""
    records, problems = {}, []
    for number, line in _lines(folder / FILE_NAME):
        try:
            told = json.loads(line)
            if told["file"] is None:
                raise _Unusable(f"'{told['name']}' had no file when it was exported")
            if not (folder / _plain(told["file"])).is_file():
                raise _Unusable(f"there is no file '{told['file']}' in the folder")
            records[told["file"]] = _exported(told)
        except _Unusable as reason:
            problems.append(Problem(FILE_NAME, number, str(reason)))
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(Problem(FILE_NAME, number, "is no record of an export"))
    return records, problems


class _Unusable(Exception):
    pass


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    if path.exists():
        with path.open("rb") as file:
            yield from enumerate(file, 1)


def _plain(name: str) -> str:
    if not name or "/" in name or "\\" in name or "\0" in name:
        raise _Unusable("names no file of this folder")
    return name


def _exported(told: Json) -> Exported:
    caption, words = told["caption"], {}
    if caption and caption["source"] in _SENT:
        words["caption"] = Said(caption["text"], caption["source"])
    for name in ("keywords", "attributes"):
        if told[f"{name}_source"] in _SENT:
            words[name] = Said(told[name], told[f"{name}_source"])
    text = caption["text"] if caption else None
    return Exported(told["name"], text, list(told["keywords"]), words)
