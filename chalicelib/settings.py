"""The one place that reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

MEGABYTE = 1_000_000
EMBEDDED, OPENSEARCH = "embedded", "opensearch"


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the deployed resources and the limits, read once at the edge.

    Attributes
    ----------
    bucket, table, tokens_table, queue_url
        Of the stack.
    encoder_function, indexer_function, event_bus
        Names; the encoder answers image and text query vectors.
    search
        ``embedded`` or ``opensearch``.
    search_endpoint
        Where ``search`` is ``opensearch``: a URL, or the host of a domain.
    max_upload_bytes
        Largest photograph accepted.
    max_query_image_bytes
        Largest image of a search request, decoded.
    max_pixels
        Largest photograph in pixels; a decompression bomb is refused by its header.
    """

    bucket: str
    table: str
    tokens_table: str
    queue_url: str = ""
    encoder_function: str = ""
    indexer_function: str = ""
    event_bus: str = ""
    search: str = EMBEDDED
    search_endpoint: str = ""
    max_upload_bytes: int = 20 * MEGABYTE
    max_query_image_bytes: int = 4 * MEGABYTE
    max_pixels: int = 50_000_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read ``IMAGE_REPO_BUCKET`` and its like.

        Raises
        ------
        ValueError
            A variable without a default is missing, or the search engine is none that there is.
        """
        required = ("IMAGE_REPO_BUCKET", "IMAGE_REPO_TABLE", "IMAGE_REPO_TOKENS_TABLE")
        missing = [variable for variable in required if not environment.get(variable)]
        if missing:
            raise ValueError(f"environment lacks {', '.join(missing)}")
        bucket, table, tokens_table = (environment[variable] for variable in required)
        search = environment.get("IMAGE_REPO_SEARCH", EMBEDDED)
        if search not in (EMBEDDED, OPENSEARCH):
            raise ValueError(
                f"IMAGE_REPO_SEARCH is {search!r}; it can be '{EMBEDDED}' or '{OPENSEARCH}'"
            )
        return cls(
            bucket=bucket,
            table=table,
            tokens_table=tokens_table,
            queue_url=environment.get("IMAGE_REPO_QUEUE_URL", ""),
            encoder_function=environment.get("IMAGE_REPO_ENCODER_FUNCTION", ""),
            indexer_function=environment.get("IMAGE_REPO_INDEXER_FUNCTION", ""),
            event_bus=environment.get("IMAGE_REPO_EVENT_BUS", ""),
            search=search,
            search_endpoint=environment.get("IMAGE_REPO_SEARCH_ENDPOINT", ""),
        )
