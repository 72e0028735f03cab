"""A real OpenSearch node on this machine, put together from what Maven fetches."""

from local.opensearch.node import Node, lacking

__all__ = ["Node", "lacking"]
