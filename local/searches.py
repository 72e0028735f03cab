"""Which searches the demo shows: those whose answers are right.

What is right was judged by looking at the demo's photographs (`local.photographs`): a model that
sees better has more to show, and one that is wrong is not shown off.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.attributes.kinds import PEOPLE
from image_repo import Client
from local.photographs import DemoPhotograph

SHOWN = 5
MAX_QUERY_IMAGE_BYTES = 4_000_000

# What is asked, and the photographs that answer it.
TEXTS: Mapping[str, Collection[str]] = {
    "a cat lying down": ("tabby_cat.jpg", "persian_cat.jpg", "cat_and_mug.jpg"),
    "cats": (
        "tabby_cat.jpg", "egyptian_cat.jpg", "persian_cat.jpg", "siamese_cat.jpg",
        "cat_and_mug.jpg", "chelsea.png",
    ),
    "a red motorcycle": ("motorcycle.png",),
    "parrots": ("macaws.png",),
    "a cup of coffee": ("coffee.png",),
    "a flower": ("flower.jpg",),
    "a rocket at night": ("rocket.jpg",),
    "a monkey": ("macaque.jpg",),
    "tall buildings": ("city_at_night.png", "china.jpg"),
    "a man with a camera": ("camera.png",),
    "a woman in uniform": ("officer.jpg", "astronaut.png"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgedSearch:
    """One search and what the API answered.

    ``right`` is the R-precision: with r right photographs, the share of them among the first r of
    the answer; 0 where its very first is wrong.
    """

    title: str
    results: Mapping[str, Any]
    right: float


Known = Mapping[str, DemoPhotograph]


def right_text_search(
    client: Client, texts: Mapping[str, Collection[str]] = TEXTS
) -> JudgedSearch | None:
    """Return the text search with the most right answer, if the answer of any begins right.

    Parameters
    ----------
    texts
        What can be asked, and the names of the photographs that answer it.
    """
    return _best(
        _asked(client, f'By text: "{text}"', {"text": text, "mode": "fused"}, right)
        for text, right in texts.items()
    )


def right_attribute_search(
    client: Client, known: Known, images: Iterable[Mapping[str, Any]]
) -> JudgedSearch | None:
    """Return the search by a subject with its colours and actions that is right, if any is.

    Parameters
    ----------
    images
        Records of photographs: what is said of them is asked for, where it is true.
    """
    clauses = (
        clause
        for image in images
        if image["name"] in known
        for clause in clauses_of(image)
        if is_true(clause, known[image["name"]])
    )
    asked = (
        _asked(
            client,
            f'By attributes: "{spoken(clause)}" as one',
            {"attributes": clause},
            [name for name, photograph in known.items() if is_true(clause, photograph)],
        )
        for clause in sorted(clauses, key=telling, reverse=True)
    )
    return next((search for search in asked if search.right), None)


def right_image_search(client: Client, known: Known, photos: Sequence[Path]) -> JudgedSearch | None:
    """Return the search by a photograph that finds others of the same thing best, if any does."""
    return _best(
        _asked(
            client,
            f"By image: what looks like {photo.name}",
            {},
            [name for name in known if known[name].shows[0] == known[photo.name].shows[0]],
            image=photo,
        )
        for photo in photos
        if photo.name in known and photo.stat().st_size <= MAX_QUERY_IMAGE_BYTES
    )


def is_true(clause: Mapping[str, Any], photograph: DemoPhotograph) -> bool:
    """Tell whether a photograph shows a subject with these colours and actions."""
    return (
        clause["subject"] in photograph.shows
        and photograph.colours.issuperset(clause["colours"])
        and photograph.actions.issuperset(clause["actions"])
    )


def spoken(clause: Mapping[str, Any]) -> str:
    """Return an attribute clause as a person would say it: "brown dog run", "man in black"."""
    subject, colours = clause["subject"], list(clause["colours"])
    named = [subject, "in", *colours] if colours and subject in PEOPLE else [*colours, subject]
    return " ".join([*named, *clause["actions"]])


def clauses_of(image: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what can be asked for by a photograph's attributes: a colour and an action at most."""
    for attribute in image["attributes"]:
        yield {
            "subject": attribute["subject"],
            "colours": attribute["colours"][:1],
            "actions": attribute["actions"][:1],
        }


def telling(clause: Mapping[str, Any]) -> int:
    """Return how much a clause says beside its subject."""
    return len(clause["colours"]) + len(clause["actions"])


def _asked(
    client: Client,
    title: str,
    document: Mapping[str, Any],
    right: Collection[str],
    image: Path | None = None,
) -> JudgedSearch:
    """Ask, and judge the answer, in which the photograph that was searched by does not count."""
    results = client.search({**document, "limit": SHOWN}, image)
    besides = image.name if image else None
    found = [hit["image"]["name"] for hit in results["hits"] if hit["image"]["name"] != besides]
    wanted = set(right) - {besides}
    first = found[: len(wanted)]
    begins_right = bool(first) and first[0] in wanted
    share = len(wanted.intersection(first)) / min(len(wanted), SHOWN) if begins_right else 0.0
    return JudgedSearch(title, results, share)


def _best(searches: Iterable[JudgedSearch]) -> JudgedSearch | None:
    best = max(searches, key=lambda search: search.right, default=None)
    return best if best is not None and best.right else None
