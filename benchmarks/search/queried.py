"""A query of each kind: together they open all that a reader holds in memory."""

from benchmarks.search.corpus import OWNER, vectors
from chalicelib.search import Clause, Query
from chalicelib.search.query import FACETS

FIRSTS = {
    "by_words": Query(OWNER, text="dog"),
    "by_attributes": Query(OWNER, attributes=Clause("dog"), facets=FACETS),
    "by_image": Query(OWNER, visual=next(vectors(1, 1))),
}
