"""A catalogue on moto with its counters, and recounts of it that stop where a test wants."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.catalogue.counts import COMPLETE
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.catalogue.recount import Recount
from chalicelib.catalogue.table import Table
from chalicelib.images import State
from tests.images_table import counts_table, images_table
from tests.memory.storage import MemoryStorage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Interrupted(Exception):
    """A recount's process ended."""


class PagedClient:
    """A client whose scans of records have small pages, with something done before each."""

    def __init__(self, client: "DynamoDBClient", before: Callable[[int], None], size: int) -> None:
        self._client = client
        self._before = before
        self._size = size
        self.page = 0

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def scan(self, **arguments: Any) -> Any:
        self._before(self.page)
        self.page += 1
        return self._client.scan(Limit=self._size, **arguments)


class Bench:
    """A table, its counters and the bucket that keeps the progress of a recount."""

    def __init__(self, client: "DynamoDBClient") -> None:
        client.create_table(**images_table("images"))
        client.create_table(**counts_table("counts"))
        self.client = client
        self.storage = MemoryStorage()
        self.catalogue = self.writer()

    def writer(self) -> DynamoCatalogue:
        """Return the catalogue of a further process, which knows of no recount."""
        return DynamoCatalogue(self.client, "images", "counts", sleep=lambda _: None)

    def recount(
        self,
        run_id: str = "run",
        before: Callable[[int], None] = lambda _: None,
        size: int = 3,
        *,
        unless_running: bool = False,
    ) -> int:
        """Recount all; do something before each page. Return how many counters were wrong."""
        paged: Any = PagedClient(self.client, before, size)
        recount = Recount(
            Table(paged, "images"),
            Table(self.client, "counts"),
            RecountProgress(self.storage),
            sleep=lambda _: None,
        )
        return recount.run(run_id, unless_running=unless_running).corrected

    def kept(self, owner: str | None = None) -> dict[State, int]:
        """Return the kept counts that are not 0."""
        return {s: n for s, n in self.catalogue.counts(owner).states.items() if n}

    def true(self, owner: str | None = None) -> dict[State, int]:
        """Return the counts of the records themselves."""
        return dict(
            Counter(image.state for image in self.catalogue.scan() if image.is_visible_to(owner))
        )

    def forget(self) -> None:
        """Lose all counters."""
        self.client.delete_table(TableName="counts")
        self.client.create_table(**counts_table("counts"))

    def spoil(self) -> None:
        """Make counters wrong, as a hand in the console would."""
        items = self.client.scan(TableName="counts")["Items"]
        for item in (item for item in items if item["counter"]["S"] != COMPLETE):
            self.client.update_item(
                TableName="counts",
                Key={"counter": item["counter"]},
                UpdateExpression="ADD failed :some",
                ExpressionAttributeValues={":some": {"N": "7"}},
            )
