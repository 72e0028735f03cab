"""Settings and mapping of an index.

Texts come as stems (`text.stems`), so that all engines agree on what a text holds. The mapping
ignores fields that it does not know: an index of an earlier release takes documents of a later
one until it is rebuilt (`rebuilding`). That rests on two rules: ``_CONTENTS`` is raised whenever
what a field holds changes, and a field that changes its type or its meaning gets another name. A
new vector fails on an older index; an order by a field that is not there leaves all equal.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from chalicelib.attributes.kinds import KINDS
from chalicelib.images import VECTOR_SIZE
from chalicelib.search.port import TEXTS

_CONTENTS = 8  # version of what the fields hold
REFRESH_INTERVAL = "1s"

# Malkov and Yashunin's HNSW graph: links of a vertex, and candidates examined while it is built.
# Searches examine hundreds of candidates (`plan.DEPTH`), so a graph built with few is enough;
# building it is most of what indexing a photograph costs (docs/decisions/403).
_LINKS, _CONSTRUCTION = 16, 32
_SHARDS = 1  # enough below 25 GB (docs/scaling.md)

_KEYWORD = {"type": "keyword"}
_SHOWN = {"type": "keyword", "index": False, "doc_values": False}
_STEMS = {"type": "text", "analyzer": "stems", "norms": False}
_VECTOR = {
    "type": "knn_vector",
    "dimension": VECTOR_SIZE,
    "data_type": "byte",
    "method": {
        "name": "hnsw",
        "engine": "lucene",
        "space_type": "innerproduct",
        "parameters": {"m": _LINKS, "ef_construction": _CONSTRUCTION},
    },
}
TEXT_FIELDS: Mapping[str, str] = {
    name: name if name == "caption" else f"{name}_text" for name in TEXTS
}
ANY_TEXT = "either"
_PROPERTIES: Mapping[str, Any] = {
    "key": {"type": "long", "index": False},  # `port.key_of`: breaks ties
    "key_term": {"type": "keyword", "doc_values": False},  # the same, looked up in half the time
    "deleted": {"type": "boolean"},
    "owner": _KEYWORD,
    "state": _KEYWORD,
    "source": _KEYWORD,
    "human": {"type": "boolean"},
    "created": {"type": "long"},  # microseconds since 1970
    "taken": {"type": "long"},  # likewise, by the camera's clock
    "added_months": _KEYWORD,  # of the two times, to be counted
    "taken_months": _KEYWORD,
    "text": _SHOWN,
    **{TEXT_FIELDS[name]: {**_STEMS, "copy_to": ANY_TEXT} for name in TEXTS},
    # The gap between its values keeps a phrase from matching across them.
    ANY_TEXT: {**_STEMS, "position_increment_gap": 1_000},
    "brevity": {"type": "byte", "index": False},
    "words": _KEYWORD,  # as they are written, to complete and correct what is typed
    "labels": _KEYWORD,
    "albums": _KEYWORD,
    # Nested documents bind traits to their subject; the flat fields are counted.
    "attributes": {"type": "nested", "properties": {kind.name: _KEYWORD for kind in KINDS}},
    **{kind.plural: _KEYWORD for kind in KINDS},
    "visual": _VECTOR,
    "semantic": _VECTOR,
    "space": _KEYWORD,  # that the vectors are of
    "likeness": {"type": "binary", "doc_values": True},  # the visual vector, to be read again
}


def definition() -> Mapping[str, Any]:
    """Return the body that creates an index.

    It is not refreshed until it is filled, which would merge its graphs over and over.
    """
    index = {
        "knn": True,
        "number_of_shards": _SHARDS,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "-1",
    }
    # Stems come separated by blanks. A longer one is cut: a term has at most 32,766 bytes.
    tokenizer = {"type": "whitespace", "max_token_length": 10_000}
    analysis = {
        "tokenizer": {"stems": tokenizer},
        "analyzer": {"stems": {"type": "custom", "tokenizer": "stems"}},
    }
    mappings = {
        "dynamic": False,
        "_source": {"includes": ["text"]},  # nothing else is shown
        "properties": _PROPERTIES,
    }
    return {"settings": {"index": index, "analysis": analysis}, "mappings": mappings}


def version(catalogue: str) -> str:
    """Return a digest that changes with the mapping, with what its fields hold, and with whose.

    Parameters
    ----------
    catalogue
        The table's name. Revisions of another, such as the one that this was restored from, may be
        higher, and are not to be compared with its own.
    """
    whole = json.dumps([_CONTENTS, definition(), catalogue], sort_keys=True)
    return blake2b(whole.encode(), digest_size=4).hexdigest()
