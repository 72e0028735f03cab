"""LanceDB: its own full-text index, exact vectors or a graph over them, its RRF reranker.

As its documentation has it ("Hybrid search"): a filter before both searches, a bitmap index of the
owners. It does not say how many match.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import HnswSq
from lancedb.query import MatchQuery
from lancedb.rerankers import RRFReranker

from benchmarks.peers.engine import LIMIT, RRF_CONSTANT, Engine
from benchmarks.search.corpus import OWNER
from chalicelib.images import VECTOR_SIZE
from chalicelib.search import Document, Query

_TABLE = "photographs"
_FILTER = f"owner = '{OWNER}'"
_VECTORS = ("visual", "semantic")


class Lance(Engine):
    """Every vector is looked at."""

    is_exact = True

    def fill(self, documents: Sequence[Document]) -> None:
        """Write the table and its indexes."""
        table = lancedb.connect(str(self.folder)).create_table(_TABLE, _table(documents))
        table.create_fts_index("text")
        table.create_scalar_index("owner", index_type="BITMAP")
        for kind in () if self.is_exact else _VECTORS:
            table.create_index(kind, config=HnswSq(distance_type="dot"))
        table.optimize()

    def open(self) -> None:
        """Open the table."""
        self._table: Any = lancedb.connect(str(self.folder)).open_table(_TABLE)
        self._reranker = RRFReranker(K=RRF_CONSTANT)

    def find(self, query: Query) -> Sequence[str]:
        """Find the nearest, or captions: of a text alone all words, of a fused one any."""
        if query.visual:
            asked = self._table.search(_floats(query.visual), vector_column_name="visual")
            return _found(asked.distance_type("dot"))
        if not query.semantic:
            words = MatchQuery(query.text, "text", operator="AND")
            return _found(self._table.search(words, query_type="fts"))
        asked = self._table.search(
            query_type="hybrid", vector_column_name="semantic", fts_columns="text"
        )
        asked = asked.vector(_floats(query.semantic)).text(query.text).distance_type("dot")
        return _found(asked.rerank(self._reranker))


class LanceGraph(Lance):
    """With a graph over scalar-quantised vectors."""

    is_exact = False


def _found(asked: Any) -> Sequence[str]:
    rows: Sequence[Mapping[str, Any]] = (
        asked.where(_FILTER, prefilter=True).select(["id", "text"]).limit(LIMIT).to_list()
    )
    return [row["id"] for row in rows]


def _floats(vector: bytes) -> Any:
    return np.frombuffer(vector, "<f2").astype(np.float32)


def _table(documents: Sequence[Document]) -> Any:
    columns = {
        "id": [one.image_id for one in documents],
        "owner": [one.owner for one in documents],
        "text": [one.text for one in documents],
    }
    vectors = {kind: _column([getattr(one, kind) for one in documents]) for kind in _VECTORS}
    return pa.table({**columns, **vectors})


def _column(vectors: Sequence[bytes | None]) -> Any:
    """Return vectors of which none is missing, as a column of fixed size."""
    numbers = np.frombuffer(b"".join(filter(None, vectors)), "<f2").astype(np.float32)
    return pa.FixedSizeListArray.from_arrays(pa.array(numbers), VECTOR_SIZE)
