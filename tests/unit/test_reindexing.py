"""How the API has the search index made anew."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.errors import SearchUnavailable
from chalicelib.reindexing import LambdaReindexing


class Functions:
    """A Lambda client that notes what it was asked, or refuses."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.asked: list[dict[str, Any]] = []

    def invoke(self, **asked: Any) -> None:
        self.asked.append(asked)
        if self.refusal:
            raise self.refusal


def test_the_indexer_is_asked_and_not_waited_for() -> None:
    functions = Functions()
    LambdaReindexing(functions, "indexer").start()  # type: ignore[arg-type]
    expected = {"FunctionName": "indexer", "InvocationType": "Event", "Payload": b'{"reindex": {}}'}
    assert functions.asked == [expected]


def test_an_indexer_that_cannot_be_asked_is_unavailable() -> None:
    refusal = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
    with pytest.raises(SearchUnavailable):
        LambdaReindexing(Functions(refusal), "indexer").start()  # type: ignore[arg-type]
