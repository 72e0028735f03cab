"""What Amazon OpenSearch Service supports of what this project asks of it, each with its page.

The open-source node that tests run on allows more. A domain is held against these tables when it
is synthesised, and in a test whatever is sent to one.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_GUIDE = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide"
_REFERENCE = "https://docs.opensearch.org/2.17"

OPERATIONS_PAGE: Final = f"{_GUIDE}/supported-operations.html"
QUOTAS_PAGE: Final = f"{_GUIDE}/limits.html"

# Of those that the service offers (OPERATIONS_PAGE) the ones that have all ``FEATURES``, and whose
# limits of nodes are those of ``INSTANCES``. Tests run on the first.
VERSIONS: Final = ("2.19", "2.17")

# What the index needs of the engine, as the requests name it: the least version, and its page.
FEATURES: Final[Mapping[str, tuple[tuple[int, int], str]]] = {
    '"data_type":"byte"': ((2, 9), f"{_REFERENCE}/search-plugins/knn/knn-vector-quantization/"),
    '"min_score"': ((2, 14), f"{_REFERENCE}/search-plugins/knn/radial-search-knn/"),
}

# OPERATIONS_PAGE, OpenSearch 2.17; beside these all operations in an index's path.
OPERATIONS: Final = frozenset(
    (  # noqa: SIM905  a list would be forty lines
        "_alias _aliases _all _analyze _bulk _cat _cluster _count _dashboards _delete_by_query "
        "_explain _field_caps _field_stats _flush _ingest _list _ltr _mapping _mget _msearch "
        "_mtermvectors _nodes _percolate _plugins _rank_eval _refresh _reindex _render _resolve "
        "_rollover _scripts _search _shard_stores _shrink _snapshot _split _stats _status _tasks "
        "_template _update_by_query _validate"
    ).split()
)

# Settings of an index that are sent, and where it is said that an index takes them. Not here is
# ``search.concurrent_segment_search``: ``concurrent-segment-search.html`` of the guide refuses it.
INDEX_SETTINGS: Final[Mapping[str, str]] = {
    "knn": f"{_GUIDE}/knn.html",
    "number_of_shards": f"{_GUIDE}/bp-sharding.html",
} | dict.fromkeys(
    ("auto_expand_replicas", "refresh_interval"),
    f"{_REFERENCE}/install-and-configure/configuring-opensearch/index-settings/",
)

# Settings of a cluster that can be changed, in their flat form (OPERATIONS_PAGE).
CLUSTER_SETTINGS: Final = frozenset(
    {
        "action.auto_create_index",
        "action.search.shard_count.limit",
        "indices.breaker.fielddata.limit",
        "indices.breaker.request.limit",
        "indices.breaker.total.limit",
    }
)

# "Network quotas" of QUOTAS_PAGE: of t3 and of the smallest of other families.
MAX_REQUEST_BYTES: Final = 10 * 1024**2


class Instance(NamedTuple):
    """What a domain of one instance type may have.

    Attributes
    ----------
    nodes
        "Total node limit by instance family" of QUOTAS_PAGE, OpenSearch 2.17 and above. Quotas of
        an account are lower at first.
    gigabytes
        "EBS volume size quotas" of QUOTAS_PAGE, gp3, in GiB. Types without are not listed.
    """

    nodes: range
    gigabytes: range


_SIZES = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_LEAST_GIGABYTES = 10


def _family(name: str, nodes: int, most: Mapping[str, int]) -> dict[str, Instance]:
    return {
        f"{name}.{size}.search": Instance(
            range(1, nodes + 1), range(_LEAST_GIGABYTES, gigabytes + 1)
        )
        for size, gigabytes in most.items()
    }


def _sizes(*most: int) -> Mapping[str, int]:
    return dict(zip(_SIZES, most, strict=False))


_OLDER = ("large", "xlarge", "2xlarge", "4xlarge", "12xlarge")
_COMPUTE: Sequence[int] = (256, 512, 1_024, 1_536, 3_072, 4_608, 6_144)
_GENERAL: Sequence[int] = (768, 2_048, 3_072, 6_144, 12_288, 18_432, 24_576)
_MEMORY: Sequence[int] = (1_536, 3_072, 6_144, 12_288, 16_384, 24_576, 36_864)
INSTANCES: Final[Mapping[str, Instance]] = {
    **_family("t3", 10, {"small": 100, "medium": 200}),
    **_family("m5", 200, dict(zip(_OLDER, (1_024, 2_048, 3_072, 6_144, 18_432), strict=True))),
    **_family("r5", 200, dict(zip(_OLDER, (2_048, 3_072, 6_144, 12_288, 24_576), strict=True))),
    **_family("c6g", 400, _sizes(*_COMPUTE[:6])),
    **_family("m6g", 400, _sizes(1_024, 2_048, 3_072, 6_144, 12_288, 18_432)),
    **_family("r6g", 400, _sizes(2_048, 3_072, 6_144, 12_288, 16_384, 24_576)),
    **_family("c7g", 400, _sizes(*_COMPUTE)),
    **_family("m7g", 400, {"medium": 512, **_sizes(*_GENERAL)}),
    **_family("r7g", 400, {"medium": 768, **_sizes(*_MEMORY)}),
    **_family("c7i", 400, _sizes(*_COMPUTE)),
    **_family("m7i", 400, _sizes(*_GENERAL)),
    **_family("r7i", 400, _sizes(*_MEMORY[:6])),
}
