"""Searches of the live index: sent alone or several at once, whole answers or none."""

from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy.exceptions import NotFoundError, OpenSearchException

from chalicelib.errors import SearchUnavailable
from chalicelib.search.opensearch.calls import PASSING, Calls, unavailable
from chalicelib.search.opensearch.register import Register

Json = Mapping[str, Any]

_MISSING = "there is no search index yet: the first photograph or 'image-repo reindex' makes it"


class Searches:
    """Searches of whatever index is live.

    Parameters
    ----------
    register
        Tells which one that is.
    alike
        Searches with the same of it see the same copy of the index: copies that were refreshed
        at other moments hold other documents.
    """

    def __init__(self, calls: Calls, register: Register, alike: str = "") -> None:
        self._calls = calls
        self._register = register
        self._alike = alike

    def of(self, alike: str) -> "Searches":
        """Return the searches that belong to one query and its pages."""
        return Searches(self._calls, self._register, alike)

    def one(self, body: Json) -> Json:
        """Return the answer to one search; see `many`."""
        return self.many([body])[0]

    def many(self, bodies: Sequence[Json]) -> list[Json]:
        """Return the answers to several searches, sent together.

        Raises
        ------
        SearchUnavailable
            There is no index, or one of its shards did not answer: half an answer would look
            like a whole one.
        """
        index = self._register.searched()
        if index is None:
            raise SearchUnavailable(_MISSING)
        header: dict[str, Any] = {"allow_partial_search_results": False}
        if self._alike:
            header["preference"] = self._alike
        lines = [line for body in bodies for line in (header, body)]
        try:
            told = self._calls.make(lambda client: client.msearch(body=lines, index=index))
        except OpenSearchException as error:
            raise unavailable(error) from error
        return [_checked(answer) for answer in told["responses"]]

    def count(self, query: Json) -> int:
        """Return how many documents match."""
        body = {"query": query, "size": 0, "track_total_hits": True}
        return total_of(self.one(body))


def total_of(answer: Json) -> int:
    """Return how many match in all."""
    return int(answer["hits"]["total"]["value"])


def _checked(answer: Json) -> Json:
    status = int(answer.get("status", 200))
    if status == NotFoundError(404).status_code:
        raise SearchUnavailable(_MISSING)
    if "error" in answer:
        kind = answer["error"].get("type", "error")
        passing = "; it may pass" if status in PASSING else ""
        raise SearchUnavailable(f"the search engine failed: {kind} {status}{passing}")
    return answer
