"""What a person typed into the search box, taken apart; no engine sees it raw."""

import re
from dataclasses import dataclass, field

from chalicelib.errors import InvalidField
from chalicelib.search.analysis import STOP_WORDS, clean, stems

MAX_WORDS = 48
PART = re.compile(r'(?P<minus>-)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Run:
    """Run that must stand together, as one word or a phrase was typed."""

    stems: tuple[str, ...]
    raw: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """The parts of a text query.

    Attributes
    ----------
    wanted
        Of these at least ``quorum`` must occur.
    required
        Quoted phrases, each of which must occur.
    excluded
        None of these may occur.
    is_partial
        One wanted word is enough: other parts of the query rank, too.
    """

    wanted: tuple[Run, ...] = ()
    required: tuple[Run, ...] = ()
    excluded: tuple[Run, ...] = ()
    is_partial: bool = False

    @property
    def quorum(self) -> int:
        """Of one or two words both, of more than two two thirds; one where that is enough."""
        count = len(self.wanted)
        if self.is_partial:
            return min(count, 1)
        return count if count <= 2 else count * 2 // 3

    @property
    def ranked(self) -> tuple[Run, ...]:
        """Everything whose occurrence speaks for a photograph."""
        return self.wanted + self.required

    @property
    def stems(self) -> set[str]:
        """Of all that is ranked: what a caption shows as matched."""
        return {stem for run in self.ranked for stem in run.stems}


def parse(text: str) -> Words:
    """Return the words, phrases and exclusions of a text.

    Stop words count only where the text has nothing else.

    Raises
    ------
    InvalidField
        There is no letter or digit to look for, or more than ``MAX_WORDS`` words.
    """
    wanted: list[Run] = []
    required: list[Run] = []
    excluded: list[Run] = []
    spare: list[Run] = []
    for part in PART.finditer(clean(text)):
        raw = part["phrase"] if part["phrase"] is not None else part["word"]
        found = Run(stems(raw), raw)
        if not found.stems:
            continue
        if part["minus"]:
            excluded.append(found)
        elif part["phrase"] is not None:
            required.append(found)
        else:
            (spare if raw.lower() in STOP_WORDS else wanted).append(found)
    words = Words(
        _unique(wanted or ([] if required or excluded else spare)),
        _unique(required),
        _unique(excluded),
    )
    _check(words)
    return words


def meant(text: str) -> str | None:
    """Return what a text says to look for: without quotes, and without what it excludes.

    None where it only excludes.
    """
    parts = (part for part in PART.finditer(clean(text)) if not part["minus"])
    kept = " ".join(
        part["phrase"] if part["phrase"] is not None else part["word"] for part in parts
    )
    return kept.strip() or None


def _check(words: Words) -> None:
    if not (words.ranked or words.excluded):
        raise InvalidField("text", "must hold at least one letter or digit to look for")
    if len(words.ranked) + len(words.excluded) > MAX_WORDS:
        raise InvalidField("text", f"must hold at most {MAX_WORDS} words")


def _unique(parts: list[Run]) -> tuple[Run, ...]:
    return tuple(dict.fromkeys(parts))
