"""Random photographs and queries, for properties that every search engine has."""

import struct
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from chalicelib.images import VECTOR_SIZE, Attribute, Label, Source, State
from chalicelib.search import Clause, Document, Filters, Group, Query
from chalicelib.search.query import FACETS, Direction, Mode, Sort

START = datetime(2026, 1, 1, tzinfo=UTC)
OWNERS = ("ann", "bob")

_WORDS = st.sampled_from(
    "dog dogs boy running runs red shirt snow the a café beach 3 person walks engine".split()  # noqa: SIM905
)
_TEXTS = st.lists(_WORDS, max_size=10).map(" ".join)
_SOURCES = st.sampled_from([None, *Source])
_STATES = st.sampled_from([State.CAPTIONED, State.NEEDS_REVIEW])
_SUBJECTS = st.sampled_from(["dog", "boy", "men", "person", "ball", "Women"])
_COLOURS = st.sampled_from(["red", "scarlet", "blue", "navy"])
_ACTIONS = st.sampled_from(["run", "sitting", "walks"])
_PLACES = st.sampled_from(["beach", "snow", "the streets"])
_ATTRIBUTES = st.builds(
    Attribute,
    subject=_SUBJECTS,
    colours=st.lists(_COLOURS, max_size=2).map(tuple),
    actions=st.lists(_ACTIONS, max_size=2).map(tuple),
    places=st.lists(_PLACES, max_size=2).map(tuple),
)

_LABELS = st.builds(
    Label, st.sampled_from(["dog", "fire engine", "beach", "shirt"]), st.sampled_from([0.2, 0.9])
)


def vector(*parts: float) -> bytes:
    """Return the unit vector along ``parts``, each spread over sixteen components."""
    numbers = [part / 4 for part in parts for _ in range(16)]
    length = sum(number * number for number in numbers) ** 0.5 or 1.0
    numbers += [0.0] * (VECTOR_SIZE - len(numbers))
    return struct.pack(f"<{VECTOR_SIZE}e", *(number / length for number in numbers))


# Directions whose products with each other are all different, and far from equal.
VECTORS = tuple(
    vector(*parts)
    for parts in [(1,), (0, 1), (0, 0, 1), (3, 1), (1, 3, 1), (1, 0, 2), (2, 1, 5), (5, 4)]
)
_VECTORS = st.sampled_from([None, *VECTORS])
_TIMES = st.none() | st.integers(0, 6).map(lambda hours: START + timedelta(hours=hours))
# By a camera's clock, before 1970 too.
_TAKEN = st.none() | st.integers(-3, 3).map(lambda n: datetime.fromisoformat(f"{1970 + n}-05-01"))


def documents(most: int = 15, revisions: int = 4) -> st.SearchStrategy[Document]:
    """Yield a document of one of ``most`` photographs, in one of its revisions, or its removal."""
    return st.builds(
        Document,
        image_id=st.integers(0, most - 1).map("id-{}".format),
        rev=st.integers(1, revisions),
        owner=st.sampled_from(OWNERS),
        deleted=st.sampled_from([False, False, True]),
        state=_STATES,
        text=_TEXTS,
        source=_SOURCES,
        attributes=st.lists(_ATTRIBUTES, max_size=3).map(tuple),
        labels=st.lists(_LABELS, max_size=3, unique_by=lambda label: label.word).map(tuple),
        albums=st.sampled_from([(), (), ("Oslo",), ("dog", "Oslo")]),
        visual=_VECTORS,
        semantic=_VECTORS,
        created_at=_TIMES,
        taken_at=_TAKEN,
    )


def _told_apart(found: list[Document]) -> list[Document]:
    """Keep of one revision of a photograph one document: two would contradict each other."""
    return list({(one.image_id, one.rev): one for one in found}.values())


def corpora(most: int = 15, size: int = 25) -> st.SearchStrategy[list[Document]]:
    """Yield documents in any order, older revisions after newer ones too."""
    return st.lists(documents(most), max_size=size).map(_told_apart)


def conditions(clauses: st.SearchStrategy[Clause]) -> st.SearchStrategy[Clause | Group]:
    """Yield clauses, and groups of them within groups."""
    return st.recursive(
        clauses,
        lambda inner: st.builds(
            Group,
            st.sampled_from(["and", "or", "not"]),
            st.lists(inner, min_size=1, max_size=3).map(tuple),
        ),
        max_leaves=5,
    )


def texts(words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Yield words of a query, some of them quoted or excluded."""
    quoted = st.lists(words, min_size=1, max_size=2).map('"{}"'.format)
    parts = st.one_of(words, words.map("-{}".format), quoted)
    return st.lists(parts, min_size=1, max_size=4).map(" ".join)


_CLAUSES = st.builds(
    Clause,
    subject=st.none() | st.sampled_from(["dog", "animal", "person", "man", "ball", "girl"]),
    colours=st.lists(_COLOURS, max_size=2).map(tuple),
    actions=st.lists(_ACTIONS, max_size=1).map(tuple),
    places=st.lists(_PLACES, max_size=1).map(tuple),
)
CONDITIONS = conditions(_CLAUSES)
TEXTS = texts(_WORDS)
_NARROW = st.builds(
    Filters,
    st.lists(_STATES, max_size=1).map(tuple),
    st.lists(st.sampled_from(Source), max_size=2).map(tuple),
    st.sampled_from([(), (), ("dog",), ("dog", "beach"), ("cup",)]),
    st.sampled_from([(), (), (), ("Oslo",), ("dog", "Oslo"), ("oslo",)]),
    _TIMES,
    _TIMES,
    _TAKEN,
    _TAKEN,
)
# Filters that are always there leave too little to be ordered.
FILTERS = st.sampled_from([False, False, False, True]).flatmap(
    lambda is_narrow: _NARROW if is_narrow else st.just(Filters())
)


def queries() -> st.SearchStrategy[Query]:
    """Yield a query of any combination of parts."""
    return st.builds(
        Query,
        owner=st.sampled_from([*OWNERS, None, "nobody"]),
        text=st.none() | TEXTS,
        mode=st.sampled_from(Mode),
        attributes=st.none() | CONDITIONS,
        visual=_VECTORS,
        semantic=_VECTORS,
        filters=FILTERS,
        exclude=st.lists(st.integers(0, 20).map("id-{}".format), max_size=2).map(tuple),
        facets=st.just(FACETS),
        limit=st.just(100),
        sort=st.sampled_from([Sort.RELEVANCE, *Sort]),
        direction=st.sampled_from(Direction),
    )
