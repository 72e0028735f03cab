"""Which index is searched, which one is being built, and which one was searched before."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError

from chalicelib.errors import RevisionConflict
from chalicelib.search.opensearch.client import RetryingClient, unavailable
from chalicelib.search.opensearch.schema import definition, version

EXCHANGED = "another re-index did the same meanwhile"
_NAME = re.compile(r"-(?P<number>\d{6})(-v\w+)?")


@dataclass(frozen=True, slots=True)
class Aliases:
    """Names of indexes by their roles; None where there is none.

    Attributes
    ----------
    live
        Answers searches.
    building
        Will answer them: every write goes to it, too, while older documents are read into it.
    previous
        Answered them before ``live``, and takes no writes.
    others
        Without a role: left by rebuilds that were abandoned.
    """

    live: str | None = None
    building: str | None = None
    previous: str | None = None
    others: tuple[str, ...] = ()

    @property
    def rolls_back(self) -> bool:
        """Whether the index that is being built was live before: names ascend."""
        return self.live is not None and self.building is not None and self.building < self.live

    def next(self, prefix: str, version: str) -> str:
        """Return the name of a new index; callers at the same time get the same one."""
        names = (self.live, self.building, self.previous, *self.others)
        numbers = (_number(name, prefix) or 0 for name in names if name)
        return f"{prefix}-{max(numbers, default=0) + 1:06}-v{version}"


class AliasRegistry:
    """Reads and moves the aliases: the prefix itself, ``prefix.building``, ``prefix.previous``.

    Parameters
    ----------
    catalogue
        The name of the table that is indexed.
    """

    def __init__(self, client: RetryingClient, prefix: str, catalogue: str) -> None:
        self._client = client
        self._prefix = prefix
        self._version = version(catalogue)
        self._aliases = {
            "live": prefix,
            "building": f"{prefix}.building",
            "previous": f"{prefix}.previous",
        }

    def is_current(self, index: str) -> bool:
        """Return whether an index is of this catalogue and release: its name ends with both's."""
        return index.endswith(f"-v{self._version}")

    def filling(self, index: str) -> str | None:
        """Return the name of the filling that an index is in, or was in last.

        Each begins with an index that lacks no write from then on: what was filled before that,
        and what its position was, counts for nothing.
        """
        answer = self._client.call(lambda client: client.indices.get_mapping(index=index))
        named: str | None = answer[index]["mappings"].get("_meta", {}).get("filling")
        return named

    def begin_filling(self, index: str) -> None:
        """Name another filling of an index."""
        self._client.call(
            lambda client: client.indices.put_mapping(index=index, body={"_meta": _named()})
        )

    def read(self) -> Aliases:
        """Look up all indexes at once."""
        pattern = f"{self._prefix}-*"
        answer = self._client.call(lambda client: client.indices.get_alias(index=pattern))
        held = {
            name: set(index["aliases"])
            for name, index in answer.items()
            if _number(name, self._prefix) is not None
        }
        holders = {role: _holder(held, alias) for role, alias in self._aliases.items()}
        return Aliases(**holders, others=tuple(sorted(set(held) - set(holders.values()))))

    def move(self, before: Aliases, after: Aliases) -> None:
        """Move the aliases in one request, which the cluster carries out wholly or not at all.

        Raises
        ------
        RevisionConflict
            They are no longer as ``before``.
        """
        actions: list[Any] = []
        for role, alias in self._aliases.items():
            old, new = getattr(before, role), getattr(after, role)
            if old and old != new:
                actions.append({"remove": {"index": old, "alias": alias, "must_exist": True}})
            if new and old != new:
                actions.append({"add": {"index": new, "alias": alias}})
        self._once(lambda client: client.indices.update_aliases(body={"actions": actions}))

    def create(self, aliases: Aliases) -> Aliases:
        """Create the index to be built together with its alias; return where indexes stand now.

        Raises
        ------
        RevisionConflict
            Another re-index created it at the same time.
        """
        name = aliases.next(self._prefix, self._version)
        whole = definition()
        mappings = {**whole["mappings"], "_meta": _named()}
        body = {**whole, "mappings": mappings, "aliases": {self._aliases["building"]: {}}}
        self._once(lambda client: client.indices.create(index=name, body=body))
        return replace(aliases, building=name)

    def _once(self, operation: Callable[[OpenSearch], object]) -> None:
        """Call without retries, which could not tell a competitor from the first try."""
        try:
            operation(self._client.client)
        except OpenSearchException as error:
            if isinstance(error, NotFoundError) or _exists_already(error):
                raise RevisionConflict(EXCHANGED) from error
            raise unavailable(error) from error


def _named() -> dict[str, str]:
    return {"filling": uuid4().hex}


def _exists_already(error: OpenSearchException) -> bool:
    return isinstance(error, RequestError) and error.error == "resource_already_exists_exception"


def _number(name: str, prefix: str) -> int | None:
    """Return the number in the name of an index of ours."""
    found = _NAME.fullmatch(name.removeprefix(prefix))
    return int(found["number"]) if found else None


def _holder(held: Mapping[str, set[str]], alias: str) -> Any:
    """Return the newest of the indexes that hold an alias."""
    return max((name for name, aliases in held.items() if alias in aliases), default=None)
