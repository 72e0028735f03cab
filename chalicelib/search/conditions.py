"""What may be asked of a photograph; every engine puts it into a language of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Time: TypeAlias = Literal["created", "taken"]
# What of a photograph is text; of its labels those that are at least so probable, in per cent.
TextName: TypeAlias = Literal["caption", "labels", "labels_50", "labels_75", "name"]


@dataclass(frozen=True, slots=True)
class Living:
    """It can be found: it is not deleted."""


@dataclass(frozen=True, slots=True)
class Holds:
    """One of its texts, or any of them, holds stems one after another."""

    stems: tuple[str, ...]
    where: TextName | Literal["any"] = "any"


@dataclass(frozen=True, slots=True)
class HasAttribute:
    """One attribute of it has a word of each set.

    Attributes
    ----------
    words
        By the kind's name; several sets of one kind must all be met.
    """

    words: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Is:
    """One of its fields has one of the values; of ``label`` and ``album`` it may have many."""

    field: Literal["owner", "state", "source", "label", "album"]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Among:
    """It is one of these, by their keys."""

    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """It was added, or taken, at ``first`` or later and before ``end``, where they are given.

    When it was taken is a camera's local time, without a zone.
    """

    time: Time
    first: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Comparable:
    """Its vectors are of a space, or it is not known of which.

    That is so in an index that an earlier release made, until it is built anew.
    """

    space: str


@dataclass(frozen=True, slots=True)
class LooksLike:
    """The cosine of its visual vector with a quantised one reaches ``cosine``.

    What is of another space does not look like it, where there is one.
    """

    vector: bytes
    cosine: float
    space: str | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of several conditions hold."""

    members: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several conditions holds."""

    members: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A condition does not hold."""

    member: "Condition"


Condition: TypeAlias = (
    Living
    | Holds
    | HasAttribute
    | Is
    | Among
    | Within
    | Comparable
    | LooksLike
    | AllOf
    | AnyOf
    | Not
)
