"""What the catalogue does when DynamoDB does not do what it was asked."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.catalogue.dynamodb import DynamoCatalogue, item_of
from chalicelib.catalogue.table import answered
from chalicelib.errors import CatalogueUnavailable, InvalidField, RevisionConflict
from chalicelib.images import Counted, Image, State

IMAGE = Image("id-1", "ann", "bucket", "uploads/ann/x.jpg", rev=1)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "Operation")


def cancelled(*codes: str) -> ClientError:
    reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
    response: Any = {"Error": {"Code": "TransactionCanceledException"}, **reasons}
    return ClientError(response, "Operation")


class Table:
    """A DynamoDB client that answers what it is given, one after the other."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers

    def __getattr__(self, operation: str) -> Any:
        def answer(**_: Any) -> Any:
            given = self.answers[operation].pop(0)
            if isinstance(given, Exception):
                raise given
            return given

        return answer


def catalogue(waits: list[float] | None = None, **answers: list[Any]) -> DynamoCatalogue:
    waits = [] if waits is None else waits
    return DynamoCatalogue(Table(**answers), "images", "counts", waits.append)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fault",
    [
        refusal("ProvisionedThroughputExceededException"),
        refusal("InternalServerError"),
        refusal("ValidationException"),
        EndpointConnectionError(endpoint_url="x"),
    ],
)
def test_a_refusal_is_unavailable_and_never_an_empty_answer(fault: Exception) -> None:
    with pytest.raises(CatalogueUnavailable):
        catalogue(get_item=[fault]).get("id-1")
    with pytest.raises(CatalogueUnavailable):
        catalogue(query=[fault]).list("ann", state=None, limit=1, cursor=None)


def test_keys_left_unprocessed_are_asked_for_again_after_a_wait() -> None:
    waits: list[float] = []
    left = {"images": {"Keys": [{"image_id": {"S": "id-1"}}]}}
    table = catalogue(
        waits,
        batch_get_item=[
            {"Responses": {}, "UnprocessedKeys": left},
            {"Responses": {"images": [item_of(IMAGE)]}, "UnprocessedKeys": {}},
        ],
    )
    assert table.get_many(["id-1"]) == {"id-1": IMAGE}
    assert len(waits) == 1


def test_keys_that_stay_unprocessed_are_unavailable_not_left_out() -> None:
    left = {"images": {"Keys": [{"image_id": {"S": "id-1"}}]}}
    stuck = [{"Responses": {}, "UnprocessedKeys": left} for _ in range(20)]
    with pytest.raises(CatalogueUnavailable):
        catalogue(batch_get_item=stuck).get_many(["id-1"])


def test_a_write_that_was_accepted_before_its_time_out_is_no_conflict() -> None:
    refused = cancelled("ConditionalCheckFailed", "None")
    mine = catalogue(transact_write_items=[refused], get_item=[{"Item": item_of(IMAGE)}])
    assert mine.save(IMAGE, expected_rev=0) == IMAGE
    other = replace(IMAGE, reason="another's")
    anothers = catalogue(transact_write_items=[refused], get_item=[{"Item": item_of(other)}])
    with pytest.raises(RevisionConflict):
        anothers.save(IMAGE, expected_rev=0)


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
def test_a_write_that_meets_another_at_its_counter_waits_and_is_tried_again(code: str) -> None:
    waits: list[float] = []
    met = cancelled("None", code)
    assert (
        catalogue(waits, transact_write_items=[met, met, {}]).save(IMAGE, expected_rev=0).rev == 1
    )
    assert len(waits) == 2


@pytest.mark.parametrize("code", ["TransactionConflictException", "TransactionInProgressException"])
def test_an_edit_that_meets_a_transaction_is_tried_again(code: str) -> None:
    waits: list[float] = []
    held = replace(IMAGE, counted=Counted(IMAGE.state))
    met = refusal(code)
    assert catalogue(waits, put_item=[met, {}]).save(held, expected_rev=1).rev == 2
    assert len(waits) == 1


def test_a_counter_that_stays_busy_is_unavailable() -> None:
    met = [cancelled("None", "TransactionConflict")] * 20
    with pytest.raises(CatalogueUnavailable, match="busy"):
        catalogue(transact_write_items=met).save(IMAGE, expected_rev=0)


def test_a_transaction_that_can_never_succeed_is_not_tried_again() -> None:
    with pytest.raises(CatalogueUnavailable):
        catalogue(transact_write_items=[cancelled("ValidationError", "None")]).save(
            IMAGE, expected_rev=0
        )


@pytest.mark.parametrize("image_id", ["", "x" * 2_049, "é" * 1_025])
def test_what_cannot_be_a_key_is_not_even_asked_for(image_id: str) -> None:
    untouched = catalogue()
    assert untouched.get(image_id) is None
    assert untouched.get_many([image_id]) == {}


@pytest.mark.parametrize(
    ("state", "now"), [(None, State.DELETED), (State.PENDING, State.CAPTIONED)]
)
def test_a_record_that_has_left_a_listing_before_its_index_knows_is_left_out(
    state: State | None, now: State
) -> None:
    stale = {"Items": [{"image_id": {"S": "id-1"}, "state": {"S": "pending"}}]}
    record = {"Responses": {"images": [item_of(replace(IMAGE, state=now))]}}
    table = catalogue(query=[stale], batch_get_item=[record])
    assert table.list("ann", state=state, limit=1, cursor=None).items == ()


@pytest.mark.parametrize(
    ("code", "asked", "kind"),
    [
        ("ValidationException", {"ExclusiveStartKey": {}}, InvalidField),
        ("ValidationException", {}, CatalogueUnavailable),
        ("ThrottlingException", {"ExclusiveStartKey": {}}, CatalogueUnavailable),
    ],
)
def test_a_place_that_the_table_refuses_is_a_cursor_of_another_listing(
    code: str, asked: dict[str, Any], kind: type[Exception]
) -> None:
    client: Any = Table(query=[refusal(code)])
    with pytest.raises(kind) as raised:
        answered(client, "query", **asked)
    assert type(raised.value) is kind
    assert ("cursor" in str(raised.value)) is (kind is InvalidField)
