"""Asking the indexer, the index's single writer, to make the search index anew."""

import json
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import SearchUnavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class Reindexing(Protocol):
    """Port. Adapter: `LambdaReindexing`."""

    def start(self) -> None:
        """Begin; it goes on by itself, and searches answer from the former index meanwhile.

        Raises
        ------
        SearchUnavailable
            The indexer could not be asked.
        """


class LambdaReindexing:
    """Invokes the indexer function without waiting for it."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client = client
        self._function = function

    def start(self) -> None:
        """Begin."""
        payload = json.dumps({"reindex": {}}).encode()
        try:
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=payload
            )
        except (BotoCoreError, ClientError) as error:
            raise SearchUnavailable("the indexer could not be asked") from error
