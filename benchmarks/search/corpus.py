"""Made-up photographs and the queries that are asked of them, the same for every engine."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from chalicelib.attributes import extract
from chalicelib.attributes.dictionary import STOP_WORDS
from chalicelib.images import VECTOR_SIZE, Source
from chalicelib.search import Clause, Document, Query
from chalicelib.search.query import FACETS, Mode, Sort
from chalicelib.search.reading import clause_of
from chalicelib.search.text import parse

SEED = 7
OWNER = "ann"
CENTRES = 50
START = datetime(2026, 1, 1, tzinfo=UTC)

_WHO = "dog boy girl man woman child person people cat horse player rider surfer".split()  # noqa: SIM905
_WHO_WEIGHTS = (25, 12, 11, 20, 12, 6, 6, 9, 2, 2, 4, 3, 2)
_LOOKS = "black white brown red blue yellow green small young old".split()  # noqa: SIM905
_DOES = "runs jumps plays stands sits walks swims climbs rides looks catches holds".split()  # noqa: SIM905
_WHERE = (
    "in the snow", "on the grass", "at the beach", "in a red shirt", "through the water",
    "near a wooden fence", "on a busy street", "with a yellow ball", "over a log",
    "in front of a building", "along a rocky trail", "under a bright blue sky",
)  # fmt: skip


def captions(count: int, file: Path | None = None) -> list[str]:
    """Return ``count`` captions: a file's again and again, or made up.

    Parameters
    ----------
    file
        With one caption a line; ``name#n<TAB>caption`` is understood.
    """
    chance = random.Random(SEED)
    if file is None:
        return [_made_up(chance) for _ in range(count)]
    lines = [line.split("\t")[-1].strip() for line in file.read_text().splitlines()]
    lines = [line for line in lines if line]
    chance.shuffle(lines)
    return list(islice(cycle(lines), count))


def _made_up(chance: random.Random) -> str:
    (who,) = chance.choices(_WHO, _WHO_WEIGHTS)
    parts = ["a", chance.choice(_LOOKS), who, chance.choice(_DOES), chance.choice(_WHERE)]
    if chance.random() < 0.4:
        (other,) = chance.choices(_WHO, _WHO_WEIGHTS)
        parts += ["while a", chance.choice(_LOOKS), other, chance.choice(_DOES), "nearby"]
    return " ".join(parts)


def vectors(count: int, seed: int) -> Iterator[bytes]:
    """Yield unit vectors around ``CENTRES`` centres, as float16 bytes."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((CENTRES, VECTOR_SIZE))
    for _ in range(count):
        vector = centres[chance.integers(CENTRES)] + 1.5 * chance.standard_normal(VECTOR_SIZE)
        yield (vector / np.linalg.norm(vector)).astype("<f2").tobytes()


def documents(texts: Sequence[str], first: int = 0) -> Iterator[Document]:
    """Yield a photograph for each caption, numbered from ``first``; every tenth is another's."""
    visual, semantic = vectors(len(texts), 2 * first + 1), vectors(len(texts), 2 * first + 2)
    for number, text in enumerate(texts, first):
        yield Document(
            image_id=f"{number:036d}",
            rev=1,
            owner=OWNER if number % 10 else "bob",
            text=text,
            source=Source.MODEL,
            attributes=tuple(extract(text)),
            visual=next(visual),
            semantic=next(semantic),
            created_at=START + timedelta(seconds=number),
            taken_at=_taken(number),
        )


def _taken(number: int) -> datetime | None:
    """Return some time within 27 years; of every eighth photograph it is not known."""
    minutes = 7_919_003 * number % 14_000_000
    return START.replace(tzinfo=None) - timedelta(minutes=minutes) if number % 8 else None


def queries(texts: Sequence[str], turns: int) -> Mapping[str, list[Query]]:
    """Return queries of each kind: one to three words of a caption, a clause of it, a vector."""
    # It takes the text encoder with it, which a cold start is to load itself.
    from captioner.vision.words import load  # noqa: PLC0415

    encoder = load()

    chance = random.Random(SEED)
    chosen = [chance.choice(texts) for _ in range(turns)]
    clauses = [clause_of(attribute) for text in chosen for attribute in extract(text)[:1]]
    images, meanings = list(vectors(turns, 1)), list(vectors(turns, 2))
    words = [_words(text, 1 + number % 3, chance) for number, text in enumerate(chosen)]
    return {
        "text": [Query(OWNER, text=text) for text in words],
        "text, common word": [Query(OWNER, text=word) for word in ("dog", "man", "a")],
        "attributes": [Query(OWNER, attributes=clause) for clause in clauses],
        "attributes, any person": [Query(OWNER, attributes=Clause("person"))],
        "image": [Query(OWNER, visual=vector) for vector in images],
        "fused": [
            Query(
                OWNER,
                text=text,
                semantic=vector,
                likely=encoder.likely(parse(text).telling),
                mode=Mode.FUSED,
            )
            for text, vector in zip(words, meanings, strict=True)
        ],
        "text and image": [
            Query(OWNER, text=text, visual=vector)
            for text, vector in zip(words, images, strict=True)
        ],
        "text, all facets": [Query(OWNER, text=text, facets=FACETS) for text in words],
        "text, by date taken": [Query(OWNER, text=text, sort=Sort.TAKEN) for text in words],
        "fused, by date taken": [
            Query(
                OWNER,
                text=text,
                semantic=vector,
                likely=encoder.likely(parse(text).telling),
                mode=Mode.FUSED,
                sort=Sort.TAKEN,
            )
            for text, vector in zip(words, meanings, strict=True)
        ],
        "everything, by date taken": [Query(OWNER, sort=Sort.TAKEN)],
    }


def _words(caption: str, count: int, chance: random.Random) -> str:
    """Return some words a person might look for."""
    telling = [word for word in caption.split() if word.isalpha() and word not in STOP_WORDS]
    return " ".join(chance.sample(telling, min(count, len(telling)))) or "dog"
