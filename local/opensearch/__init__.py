"""A real OpenSearch node on this machine, put together from what Maven fetches."""

from local.opensearch.node import Node, data_folder, lacking

__all__ = ["Node", "data_folder", "lacking"]
