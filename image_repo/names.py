"""File names: shown so that any terminal bears them, and made so that any file system does."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

# Beside a name there must be room for " (2)", for ".xmp" and for what a download is called until
# it is whole, in the 255 bytes of most file systems (limits(5), NAME_MAX).
MAX_BYTES = 236
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|$)", re.IGNORECASE)


def shown(name: str | os.PathLike[str]) -> str:
    r"""Return a name as it may be printed: what is no text, as escapes (``\xff``, ``\n``)."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 photograph", "2 photographs"."""
    return f"{number} {noun}{'s'[: number != 1]}"


def about(name: str, problem: str) -> str:
    """Return a problem as a sentence about a file: "dog.jpg is empty", "dog.jpg: name: must …"."""
    is_sentence = problem.partition(" ")[0] in {"is", "has", "cannot", "changed"}
    return f"{name} {problem}" if is_sentence else f"{name}: {problem}"


def is_text(name: str) -> bool:
    """Tell whether a name is UTF-8, which names in the repository are."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def portable(name: str) -> str:
    """Return a name that Linux, macOS and Windows take and show, as near as can be."""
    kept = _FORBIDDEN.sub("_", name).rstrip(". ") or "_"
    if _DEVICES.match(kept) or kept.startswith("."):
        kept = f"_{kept}"
    stem, suffix = os.path.splitext(kept)  # noqa: PTH122  a Path would take "." and ".." apart
    suffix = _cut(suffix, MAX_BYTES // 2)
    return (_cut(stem, MAX_BYTES - len(suffix.encode())) + suffix).rstrip(". ")


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


class FileNames:
    """Gives each photograph of a folder a name of its own: "dog.jpg", "dog (2).jpg".

    Names that differ by case or by how accents are stored are one name to macOS and Windows.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {folded(name) for name in taken}
        self._tried: Counter[str] = Counter()

    def of(self, name: str) -> str:
        """Return a free name, and take it."""
        wanted = portable(name)
        stem, suffix = os.path.splitext(wanted)  # noqa: PTH122
        candidate = wanted
        while folded(candidate) in self._taken:
            self._tried[folded(wanted)] += 1
            candidate = f"{stem} ({self._tried[folded(wanted)] + 1}){suffix}"
        self._taken.add(folded(candidate))
        return candidate


def folded(name: str) -> str:
    """Return what is equal for names that macOS and Windows take for one."""
    return unicodedata.normalize("NFC", name).casefold()
