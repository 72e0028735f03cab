"""A real OpenSearch node on this machine, put together from what Maven fetches."""

from local.opensearch.node import OpenSearchNode, data_folder, lacking

__all__ = ["OpenSearchNode", "data_folder", "lacking"]
