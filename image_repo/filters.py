"""Options that narrow down what is listed or found, as the API's filters have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from image_repo.client import Json
from image_repo.errors import ApiProblem, CommandError, in_words
from image_repo.output import TRAITS


class State(StrEnum):
    """What has become of a photograph."""

    PENDING = "pending"
    CAPTIONED = "captioned"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    EXPIRED = "expired"


UNSEARCHED = frozenset({State.PENDING, State.FAILED, State.EXPIRED})
"""States of photographs that no search finds."""


class Source(StrEnum):
    """Who wrote a caption."""

    MODEL = "model"
    FILE = "file"
    IMPORT = "import"
    USER = "user"


class Order(StrEnum):
    """Which come first, where a time orders them."""

    NEWEST = "newest"
    OLDEST = "oldest"


InState = Annotated[list[State] | None, typer.Option(help="In this state; again for more.")]
BySource = Annotated[
    list[Source] | None, typer.Option(help="Whose caption was written by; again for more.")
]
Subject = Annotated[str | None, typer.Option(help="Who or what: dog.")]
OfColour = Annotated[list[str] | None, typer.Option(help="Its colour; again for more.")]
Action = Annotated[list[str] | None, typer.Option(help="What it does; again for more.")]
Place = Annotated[list[str] | None, typer.Option(help="Where it is; again for more.")]
Label = Annotated[list[str] | None, typer.Option(help="What the model sees in it; again for more.")]
InAlbum = Annotated[list[str] | None, typer.Option(help="In this album; again for more.")]
AddedFrom = Annotated[
    str | None, typer.Option(metavar="DAY|TIME", help="Added then or later; in UTC.")
]
AddedTo = Annotated[str | None, typer.Option(metavar="DAY|TIME", help="Added before then; in UTC.")]
TakenFrom = Annotated[
    str | None,
    typer.Option(metavar="DAY|TIME", help="Taken on this day or later, by the camera's clock."),
]
TakenTo = Annotated[
    str | None,
    typer.Option(metavar="DAY|TIME", help="Taken on this day at the latest, or before this time."),
]
OfOwner = Annotated[
    str | None, typer.Option(help="Only this owner's photographs; for administrators.")
]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What was asked for by options, as a part of the API's search document."""

    subject: str | None = None
    colour: Sequence[str] | None = None
    action: Sequence[str] | None = None
    place: Sequence[str] | None = None
    state: Sequence[State] | None = None
    source: Sequence[Source] | None = None
    label: Sequence[str] | None = None
    album: Sequence[str] | None = None
    added_from: str | None = None
    added_to: str | None = None
    taken_from: str | None = None
    taken_to: str | None = None

    def added(self) -> tuple[datetime, datetime]:
        """Return from when on, and before when, photographs were added."""
        begin = datetime.min.replace(tzinfo=UTC)
        end = datetime.max.replace(tzinfo=UTC)
        return (
            _moment("--added-from", self.added_from) or begin,
            _moment("--added-to", self.added_to) or end,
        )

    def document(self) -> Json:
        """Return attributes and filters, where there are any."""
        bound = zip(TRAITS.values(), (self.colour, self.action, self.place), strict=True)
        filters = {
            "states": self.state,
            "sources": self.source,
            "labels": self.label,
            "albums": self.album,
            "created_from": self.added_from,
            "created_to": self.added_to,
            "taken_from": self.taken_from,
            "taken_to": self.taken_to,
        }
        parts = {
            "attributes": _given({"subject": self.subject, **dict(bound)}),
            "filters": _given(filters),
        }
        return _given(parts)


def _moment(option: str, told: str | None) -> datetime | None:
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise CommandError(
            f"{option} {told}: must be a day or a time, as 2026-05-01 or 2026-05-01T13:20:00Z"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_OPTIONS = {
    "filters.created_from": "--added-from",
    "filters.created_to": "--added-to",
    "filters.taken_from": "--taken-from",
    "filters.taken_to": "--taken-to",
    "filters.labels": "--label",
    "filters.albums": "--album",
    "attributes.subject": "--subject",
    **{f"attributes.{plural}": f"--{name}" for name, plural in TRAITS.items()},
}


def by_option(problem: CommandError) -> str:
    """Return a problem with the option's name in the place of the field's, where there is one."""
    field = problem.field if isinstance(problem, ApiProblem) and problem.field else ""
    option = _OPTIONS.get(field.partition("[")[0])
    told = in_words(problem)
    return told.replace(f"{field}: ", f"{option}: ", 1) if option else told


def _given(options: Json) -> Json:
    return {name: value for name, value in options.items() if value}
