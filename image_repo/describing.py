"""What the files of a folder say of its photographs: lines, sidecars, the records of an export."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from image_repo.contents import Said
from image_repo.exported import FILE_NAME as EXPORTED
from image_repo.exported import Exported, Problem
from image_repo.folders import Contents, Kind, LeftOut, left_out
from image_repo.names import counted, shown
from image_repo_formats import MAX_KEYWORD_CHARS, MAX_KEYWORDS, captions, xmp
from image_repo_formats.entries import CaptionFileError, Entry, Line, UnreadableLine

_ENCODING = "say it with 'image-repo import --encoding'"
Words = dict[str, Any]
"""By the field of the record: caption, keywords."""


@dataclass(frozen=True, slots=True)
class Descriptions:
    """What is said of photographs, by their paths, and what leads to none."""

    said: Mapping[Path, Mapping[str, Said]]
    problems: tuple[Problem, ...]
    left_out: tuple[LeftOut, ...]


def is_text_file(name: str) -> bool:
    """Tell by its name whether a file describes photographs."""
    return name == EXPORTED or captions.rank(name) is not None


def describe(
    contents: Contents,
    exported: Mapping[str, Exported],
    *,
    encoding: str | None = None,
    is_recursive: bool = False,
) -> Descriptions:
    """Read every file that describes photographs of a folder.

    A line counts before a sidecar, a folder's own file before one above it. In an exported folder
    all of them say what the records say; where one does not, somebody has corrected it.
    """
    reading = _Reading(contents, encoding, is_recursive)
    reading.read_files()
    reading.read_sidecars()
    said = {
        path: _said(
            (reading.lines.get(path, {}), reading.sidecars.get(path, {})),
            exported.get(path.name) if path.parent == contents.top else None,
        )
        for path in contents.photographs
    }
    return Descriptions(said, tuple(reading.problems), tuple(reading.left_out))


def _said(told: Iterable[Words], record: Exported | None) -> Mapping[str, Said]:
    known = {"caption": record.caption, "keywords": record.keywords} if record else {}
    said = dict(record.said) if record else {}
    for words in reversed(list(told)):
        corrected = {name: word for name, word in words.items() if word != known.get(name)}
        said |= {name: Said(word, "import") for name, word in corrected.items()}
    return said


@dataclass
class _Reading:
    contents: Contents
    encoding: str | None
    is_recursive: bool
    lines: dict[Path, Words] = field(default_factory=dict)
    sidecars: dict[Path, Words] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._photographs = frozenset(self.contents.photographs)
        self._named = defaultdict(list)
        for path in self.contents.photographs:
            self._named[path.name].append(path)
        self._places = frozenset(place for path in self._photographs for place in path.parents)

    def read_files(self) -> None:
        """Read files of captions, of which the first to describe a photograph counts."""
        texts = (
            path
            for path in self.contents.texts
            if path.name != EXPORTED and not captions.is_sidecar(path.name)
        )
        for path in sorted(texts, key=_precedence):
            passed_over = 0
            for line in self._lines(path):
                match self._meant(line.name, path):
                    case [photograph]:
                        passed_over += _passes_over(self.lines.setdefault(photograph, {}), line)
                    case several:
                        self._report(path, line.number, _astray(line.name, len(several)))
            if passed_over:
                count = counted(passed_over, "caption")
                reason = f"{count} passed over: those of other files stand"
                self._report(path, None, reason)

    def read_sidecars(self) -> None:
        """Read sidecars; where a photograph has two, the one with its whole name counts."""
        sidecars = (path for path in self.contents.texts if captions.is_sidecar(path.name))
        for path in sorted(sidecars, key=lambda path: (-len(path.name), path)):
            photograph = self._beside(path.parent, path.name[: -len(".xmp")])
            if photograph is None:
                self.left_out.append(left_out(path, self.contents.top, Kind.SIDECAR))
                continue
            for line in self._sidecar(path):
                _passes_over(self.sidecars.setdefault(photograph, {}), line)

    def _lines(self, path: Path) -> Iterator[Line]:
        with self._leaving_out(path), path.open("rb") as file:
            found = captions.read(
                file, path.name, encoding=self.encoding, folders=self.is_recursive
            )
            yield from self._usable(path, captions.first_captions(found.entries))

    def _sidecar(self, path: Path) -> Iterator[Line]:
        with self._leaving_out(path):
            body = path.read_bytes()
            found = xmp.read(body)
            if found and not found.keywords and (found.generated or not found.caption):
                return  # of how a photograph was developed, or of a caption that is nobody's
            entries = captions.read(BytesIO(body), path.name).entries
            yield from self._usable(path, entries)

    @contextmanager
    def _leaving_out(self, path: Path) -> Iterator[None]:
        """Leave a file out that cannot be read at all."""
        try:
            yield
        except CaptionFileError as error:
            likely = f" (likely {' or '.join(error.likely)})" if error.likely else ""
            asked = f"in which encoding? It cannot be told for certain{likely}: {_ENCODING}"
            reason = asked if error.likely else error.reason
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}"
        else:
            return
        self.left_out.append(left_out(path, self.contents.top, Kind.UNREADABLE, reason))

    def _usable(self, path: Path, entries: Iterable[Entry]) -> Iterator[Line]:
        for entry in entries:
            if isinstance(entry, UnreadableLine):
                self._report(path, entry.number, entry.reason)
            else:
                yield self._fitting(path, entry)

    def _fitting(self, path: Path, line: Line) -> Line:
        """Return a line without the keywords that the repository would refuse."""
        fits = [word for word in line.keywords if len(word) <= MAX_KEYWORD_CHARS][:MAX_KEYWORDS]
        if over := len(line.keywords) - len(fits):
            most = f"at most {MAX_KEYWORDS}, of {MAX_KEYWORD_CHARS} characters, are taken"
            self._report(path, line.number, f"{counted(over, 'keyword')} left out: {most}")
        return replace(line, keywords=tuple(fits))

    def _meant(self, name: str, file: Path) -> Sequence[Path]:
        """Return the photograph that a line means: of this path, else those of the name."""
        folder = self._described_by(file)
        beside = self._beside(folder, name)
        if beside or not self.is_recursive:
            return [beside] if beside else []
        return [
            path
            for candidate in captions.names(name)
            for path in self._named.get(candidate, ())
            if path.is_relative_to(folder)
        ]

    def _described_by(self, file: Path) -> Path:
        """Return the folder of whose photographs a file tells.

        It is its own. Data sets keep their photographs beside it: COCO's are in ``train2017``, its
        captions in ``annotations``.
        """
        above = file.parents if captions.is_of_data_set(file.name) else ()
        return next((place for place in above if place in self._places), file.parent)

    def _beside(self, folder: Path, name: str) -> Path | None:
        places = (folder / candidate for candidate in captions.names(name))
        return next((path for path in places if path in self._photographs), None)

    def _report(self, path: Path, line: int | None, reason: str) -> None:
        file = shown(path.relative_to(self.contents.top))
        self.problems.append(Problem(file, line, reason))


def _astray(name: str, several: int) -> str:
    """Return why a line leads to no photograph."""
    if several:
        return f"{several} photographs are called '{shown(name)}': give its path"
    return f"there is no photograph '{shown(name)}' in the folder"


def _passes_over(words: Words, line: Line) -> bool:
    """Add to a photograph's words what it does not have; tell whether another caption stands."""
    told = {"caption": line.caption, "keywords": list(line.keywords)}
    for name, word in told.items():
        if word:
            words.setdefault(name, word)
    return line.caption is not None and words["caption"] != line.caption


def _precedence(path: Path) -> tuple[int, int, Path]:
    return -len(path.parts), captions.rank(path.name) or 0, path
