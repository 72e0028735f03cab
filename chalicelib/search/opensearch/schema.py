"""What an index on OpenSearch is made of: its analyzer, its fields, its vectors.

The analyzer reads English as the embedded engine's tokenizer does (`analysis`): words are runs of
letters and digits, Latin letters lose their accents, and what is left is stemmed by Porter's
rules. A test holds the two against each other.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.analysis import stems
from chalicelib.search.opensearch.flavour import Flavour

REFRESH = "1s"
VERSION = 5  # of the fields: to be raised whenever they or what they hold changes

_BARE = ("eed", "eeds", "ies", "sses")
_CHARACTERS = range(0x41, 0x2C00)
_MARKS = range(0x300, 0x370)
# Malkov and Yashunin's graph: links of a vertex, and candidates looked at while it is built.
# Searches look at hundreds of candidates (`fusion.DEPTH`), which forgives a graph built with few;
# building it is most of what a photograph costs the node (docs/decisions/411).
_LINKS, _CONSTRUCTION = 16, 32


def template(prefix: str, flavour: Flavour) -> Mapping[str, Any]:
    """Return the index template of all indexes that begin with ``prefix-``."""
    return {"index_patterns": [f"{prefix}-*"], "template": definition(flavour)}


def definition(flavour: Flavour, *, refreshed: bool = True) -> Mapping[str, Any]:
    """Return settings and mappings of an index.

    Parameters
    ----------
    refreshed
        Whether writes can be found by themselves; while an index is filled, making them so over
        and over would merge its graphs as often.
    """
    index: dict[str, Any] = {"refresh_interval": REFRESH if refreshed else "-1"}
    if flavour.sized:
        index |= {"number_of_shards": flavour.shards, "auto_expand_replicas": "0-1"}
        index["search.concurrent_segment_search.mode"] = "all"  # one query, all processors
    properties = dict(_PROPERTIES)
    if flavour.vectors:
        index["knn"] = True
        properties |= {"visual": _VECTOR, "semantic": _VECTOR, "likeness": _BYTES}
    return {
        "settings": {"index": index, "analysis": _analysis()},
        "mappings": {
            "_meta": {"version": VERSION},
            "dynamic": "strict",
            # They are looked for, never shown, and as JSON take more room than all the rest.
            "_source": {"excludes": ["visual", "semantic", "likeness"]},
            "properties": properties,
        },
    }


_KEYWORD = {"type": "keyword"}
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
_TEXT = {"type": "text", "analyzer": "english", "norms": False}
_BYTES = {"type": "binary", "doc_values": True}  # the visual vector, to be read again
_PROPERTIES: Mapping[str, Any] = {
    "image_id": _KEYWORD,
    "owner": _KEYWORD,
    "deleted": {"type": "boolean"},
    "state": _KEYWORD,
    "source": _KEYWORD,
    "name": {"type": "keyword", "index": False, "doc_values": False},
    "created": {"type": "long"},  # microseconds since 1970, as exact as the catalogue
    # Scores are summed weights of words (`terms`): neither lengths nor frequencies are asked for.
    "text": _TEXT,
    "words": _KEYWORD,  # of text and labels as they are written, to be completed and corrected
    "brevity": {"type": "byte", "index": False},
    # Nested documents bind colours and actions to their subject; the plain lists are counted.
    "attributes": {
        "type": "nested",
        "properties": {"subject": _KEYWORD, "colours": _KEYWORD, "actions": _KEYWORD},
    },
    "labels": _KEYWORD,
    # The labels that a text finds, read as one text, as the other engines do.
    "seen": {**_TEXT, "position_increment_gap": 0, "fields": {"word": _KEYWORD}},
    "subjects": _KEYWORD,
    "colours": _KEYWORD,
    "actions": _KEYWORD,
}


@cache
def _analysis() -> Mapping[str, Any]:
    return {
        "char_filter": {"folded": {"type": "mapping", "mappings": _folded()}},
        "tokenizer": {"words": {"type": "pattern", "pattern": r"[^\p{L}\p{N}\p{Co}]+"}},
        "analyzer": {
            "english": {
                "type": "custom",
                "char_filter": ["folded"],
                "tokenizer": "words",
                "filter": ["bare", "porter_stem"],
            }
        },
        # Words that are all ending: the shared stemmer wants a letter before it.
        "filter": {
            "bare": {"type": "stemmer_override", "rules": [f"{w}=>{stems(w)[0]}" for w in _BARE]}
        },
    }


def _folded() -> list[str]:
    """Return what the shared tokenizer makes of single characters.

    Capitals become small, accents fall away, and letters younger than its tables are none.
    """
    found = [(chr(code), stems(chr(code))) for code in _CHARACTERS]
    other = [
        f"{letter}=>{stem[0]}" for letter, stem in found if len(stem) == 1 and stem[0] != letter
    ]
    none = [f"{letter}=>\\u0020" for letter, stem in found if letter.isalnum() and not stem]
    marks = [f"\\u{code:04x}=>" for code in _MARKS if stems(f"a{chr(code)}b") == ("ab",)]
    return other + none + marks
