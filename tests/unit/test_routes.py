"""What routes read and write, from the bytes of real records."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from benchmarks.cost.inputs import INPUTS
from benchmarks.routes import STORED, bytes_of, entries, records, routes, table, written
from chalicelib.catalogue.dynamodb import item_of
from chalicelib.images import Image, State
from tests.recounting import Bench

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
GATEWAY_MS = 29_000
IN_THE_BACKGROUND = {"re-index, recount"}


def test_the_page_has_the_table_that_the_command_prints() -> None:
    assert "\n".join(table()) in OPERATIONS.read_text("utf-8")


def test_the_bill_is_computed_from_the_same_bytes() -> None:
    _, described = records()
    assert INPUTS.writes.value == written()
    assert INPUTS.item_bytes.value == bytes_of(item_of(described)) + STORED
    assert INPUTS.entries_bytes.value == sum(size + STORED for size in entries(described).values())


def test_an_item_has_the_bytes_that_dynamodb_counts() -> None:
    item: dict[str, Any] = {
        "text": {"S": "é"},  # 4 + 2
        "n": {"N": "12300"},  # 1 + 2 + 1
        "raw": {"B": bytes(5)},  # 3 + 5
        "yes": {"BOOL": True},  # 3 + 1
        "list": {"L": [{"S": "ab"}]},  # 4 + 3 + 1 + 2
        "map": {"M": {"k": {"S": "v"}}},  # 3 + 3 + 1 + 1 + 1
    }
    assert bytes_of(item) == 6 + 4 + 8 + 4 + 10 + 9


def test_no_request_of_a_million_photographs_reads_more_than_of_a_hundred() -> None:
    few, many = ({name: reads for name, _, reads in routes(n)} for n in (100, 1_000_000))
    for name in few.keys() - IN_THE_BACKGROUND:
        assert many[name] == few[name]
        assert many[name].ms < GATEWAY_MS / 5


@pytest.mark.parametrize("owner", ["ann", None])
@pytest.mark.parametrize("state", [None, State.FAILED, State.CAPTIONED])
def test_a_page_reads_what_it_shows_and_one_entry_more(
    owner: str | None, state: State | None
) -> None:
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        bench = Bench(client)
        for number in range(600):  # the oldest two have failed
            stands = State.FAILED if number < 2 else State.CAPTIONED
            image = Image(f"id-{number}", "ann", "bucket", f"uploads/ann/{number}", stands, rev=1)
            client.put_item(TableName="images", Item=item_of(image))
        read: list[int] = []

        def note(parsed: Any, **_: Any) -> None:
            responses = parsed.get("Responses", {})
            read.append(parsed.get("ScannedCount", 0) + sum(map(len, responses.values())))

        client.meta.events.register("after-call.dynamodb.*", note)
        page = bench.catalogue.list(owner, state=state, limit=1, cursor=None)
        assert len(page.items) == 1
        assert page.cursor is not None
        assert sum(read) == 3
