"""What the reconciler asks of the indexer's function, which alone sees the index as it is."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.catalogue import Catalogue
from chalicelib.errors import SearchUnavailable, Unavailable
from chalicelib.images import State
from chalicelib.search.port import Document, Held, HoldsRevisions, document_of

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_logger = logging.getLogger(__name__)

# Of an answer: some 60 bytes each, of the 6 MB that an invocation may answer:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Mended:
    """How many photographs were indexed again, and how many removals.

    ``ahead`` counts those of which the index holds a later revision than the catalogue, as after
    the catalogue was restored from a backup: only a rebuilt index takes what the catalogue has.
    ``passed_over`` counts those that the index refuses or whose record cannot be read.
    """

    indexed: int = 0
    removed: int = 0
    ahead: int = 0
    passed_over: int = 0


class IndexRepair(Protocol):
    """Port. Adapters: `LambdaIndexRepair`, and `Repairing` in the indexer itself."""

    def held(self, after: str | None) -> Sequence[Held]:
        """Return which revisions the index holds; see `HoldsRevisions.held`. None at the end."""

    def mend(self, image_ids: Sequence[str]) -> Mended:
        """Have the index hold of some photographs what the catalogue does.

        Raises
        ------
        Unavailable
            Not all were; the same may be asked again.
        """


class Index(HoldsRevisions, Protocol):
    """What is mended."""

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; see ``SearchIndex.apply``."""


@dataclass(frozen=True, slots=True)
class Repairing:
    """Compares an index with the catalogue; the index is read first.

    So a record that is read then is at the index's revision at least, unless the catalogue was
    set back.
    """

    index: Index
    catalogue: Catalogue

    def held(self, after: str | None) -> Sequence[Held]:
        """Return a page of what the index holds."""
        return self.index.held(after, PAGE)

    def mend(self, image_ids: Sequence[str]) -> Mended:
        """Index again what differs, and remove what has no record."""
        held = self.index.revisions(image_ids)
        known, unreadable = self._documents(image_ids)
        newer = [one for name, one in known.items() if one.rev > held.get(name, 0)]
        gone = held.keys() - known.keys() - unreadable
        removals = [_removal(name, held[name] + 1) for name in gone]
        refused = self.index.apply([*newer, *removals])
        return Mended(
            indexed=len({one.image_id for one in newer} - {*refused}),
            removed=len(gone - {*refused}),
            ahead=sum(one.rev < held.get(name, 0) for name, one in known.items()),
            passed_over=len(refused) + len(unreadable),
        )

    def _documents(self, image_ids: Sequence[str]) -> tuple[dict[str, Document], set[str]]:
        """Return what the index should hold, and the ids of what can be read as no record."""
        records = self.catalogue.get_many(image_ids)
        documents, unreadable = {}, set()
        for image_id in dict.fromkeys(image_ids):
            try:
                record = records.get(image_id) or self.catalogue.get(image_id)
                if record is not None:
                    documents[image_id] = document_of(record)
            except Unavailable:
                raise
            except Exception as error:  # whatever it is, it is this record's own
                _logger.error("record %s cannot be read: %s", image_id, type(error).__name__)
                unreadable.add(image_id)
        return documents, unreadable


def _removal(image_id: str, rev: int) -> Document:
    return Document(image_id, rev, "", deleted=True, state=State.DELETED)


def asked(repairing: Repairing, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer what `LambdaIndexRepair` asks."""
    if "mend" in request:
        return asdict(repairing.mend(request["mend"]))
    page = repairing.held(request["after"])
    return {"held": [[one.image_id, one.rev, one.deleted] for one in page]}


class LambdaIndexRepair:
    """Invokes the indexer's function and waits for its answer.

    ``connect`` makes a client whose patience is that of a pass, not of a request: when it is used.
    """

    def __init__(self, connect: Callable[[], "LambdaClient"], function: str) -> None:
        self._connect = connect
        self._function = function

    def held(self, after: str | None) -> Sequence[Held]:
        """Return a page of what the index holds."""
        return [Held(*one) for one in self._answer({"after": after})["held"]]

    def mend(self, image_ids: Sequence[str]) -> Mended:
        """Have what differs indexed again."""
        return Mended(**self._answer({"mend": [*image_ids]}))

    @cached_property
    def _client(self) -> "LambdaClient":
        return self._connect()

    def _answer(self, request: Mapping[str, object]) -> Any:
        payload = json.dumps({"reconcile": request})
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=payload)
            content = json.loads(answer["Payload"].read())
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            raise SearchUnavailable("the indexer could not be asked") from error
        if "FunctionError" in answer:
            raise SearchUnavailable("the indexer failed: see its log")
        return content
