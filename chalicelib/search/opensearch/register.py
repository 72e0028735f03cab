"""Which index is searched, which one is being built, and which one can be gone back to."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from opensearchpy.exceptions import ConflictError, NotFoundError, RequestError

from chalicelib.errors import SearchUnavailable
from chalicelib.search.opensearch.calls import Calls

Json = Mapping[str, Any]

FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Places:
    """Names of indexes, None where there is none.

    Attributes
    ----------
    live
        Answers searches.
    building
        Will: every write goes to it too, while everything older is read into it.
    previous
        Did before ``live``, and is written to no more.
    """

    live: str | None = None
    building: str | None = None
    previous: str | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """Return the indexes that every write goes to."""
        return tuple(name for name in (self.live, self.building) if name is not None)

    @property
    def goes_back(self) -> bool:
        """Tell whether what is built was live before: names are given in order."""
        return self.live is not None and self.building is not None and self.building < self.live

    def next(self, prefix: str) -> str:
        """Return a name for another index. Who asks at the same time gets the same one."""
        names = (self.live, self.building, self.previous)
        last = max((int(name.rsplit("-", 1)[1]) for name in names if name), default=0)
        return f"{prefix}-{last + 1:06}"


class Register(Protocol):
    """Port. Adapters: ``AliasRegister``, ``DocumentRegister``; one contract test for both."""

    def searched(self) -> str | None:
        """Return the name that searches go to; None where there is no index."""

    def read(self) -> Places:
        """Return what is where."""

    def write(self, places: Places) -> None:
        """Change all places at once: nobody sees some of them changed.

        Raises
        ------
        SearchUnavailable
            They were changed by another meanwhile.
        """

    def begin(self, places: Places, definition: Json) -> Places:
        """Make another index, which every write goes to from now on; ``places`` has none.

        Raises
        ------
        SearchUnavailable
            Another began at the same time.
        """


class AliasRegister:
    """Keeps the places as aliases: the prefix itself, ``prefix.building``, ``prefix.previous``."""

    def __init__(self, calls: Calls, prefix: str) -> None:
        self._calls = calls
        self._prefix = prefix
        self._aliases = {
            "live": prefix,
            "building": f"{prefix}.building",
            "previous": f"{prefix}.previous",
        }

    def searched(self) -> str:
        """Return the alias: whether there is an index, the search itself will say."""
        return self._prefix

    def read(self) -> Places:
        """Look all aliases up at once."""
        pattern = f"{self._prefix}-*"
        answer = self._calls.make(lambda client: client.indices.get_alias(index=pattern))
        return self._places(answer)

    def write(self, places: Places) -> None:
        """Move the aliases in one request, which the cluster carries out wholly or not at all."""
        before, after = asdict(self.read()), asdict(places)
        actions = [
            {kind: {"index": index, "alias": self._aliases[role]}}
            for kind, state in (("remove", before), ("add", after))
            for role, index in state.items()
            if index is not None and before[role] != after[role]
        ]
        if not actions:
            return
        try:
            self._calls.client.indices.update_aliases(body={"actions": actions})
        except NotFoundError as error:
            raise SearchUnavailable("the search index was exchanged meanwhile") from error

    def begin(self, places: Places, definition: Json) -> Places:
        """Make the index together with its alias: neither is ever there alone."""
        name = places.next(self._prefix)
        body = {**definition, "aliases": {self._aliases["building"]: {}}}
        try:
            self._calls.client.indices.create(index=name, body=body)
        except RequestError as error:
            raise SearchUnavailable("another has begun to make a search index") from error
        return replace(places, building=name)

    def _places(self, answer: Json) -> Places:
        found = {
            role: index
            for index, held in answer.items()
            for role, alias in self._aliases.items()
            if alias in held["aliases"]
        }
        return Places(**found)


class DocumentRegister:
    """Keeps the places in a document, for services without aliases.

    Parameters
    ----------
    clock
        Seconds, for reading it at most once in ``FRESH_SECONDS`` when searches ask.
    """

    def __init__(
        self, calls: Calls, prefix: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = calls
        self._prefix = prefix
        self._index = f"{prefix}.places"
        self._clock = clock
        self._searched: str | None = None
        self._looked = float("-inf")

    def searched(self) -> str | None:
        """Return the live index, as it was within the last second."""
        if self._searched is None or self._clock() - self._looked >= FRESH_SECONDS:
            self._searched = self.read().live
            self._looked = self._clock()
        return self._searched

    def read(self) -> Places:
        """Read the document."""
        return self._held()[0]

    def write(self, places: Places) -> None:
        """Replace the document, if nobody else did."""
        edition = self._held()[1] + 1
        try:
            self._calls.client.index(
                index=self._index,
                id="places",
                body=asdict(places),
                params={"version": edition, "version_type": "external"},
            )
        except ConflictError as error:
            raise SearchUnavailable("the search index was exchanged meanwhile") from error
        self._looked = float("-inf")

    def begin(self, places: Places, definition: Json) -> Places:
        """Write the name down, which one of several can, and make the index."""
        begun = replace(places, building=places.next(self._prefix))
        self.write(begun)
        self._calls.client.indices.create(index=begun.building, body=definition)
        return begun

    def _held(self) -> tuple[Places, int]:
        try:
            answer = self._calls.make(lambda client: client.get(index=self._index, id="places"))
        except NotFoundError:
            return Places(), 0
        return Places(**answer["_source"]), int(answer["_version"])
