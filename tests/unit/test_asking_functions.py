"""What the reconciler and the API ask of other functions arrives there as it was asked."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from chalice.app import CloudWatchEvent

from chalicelib.errors import SearchUnavailable
from chalicelib.reconciling.index import LambdaIndexRepair, Mended, Repairing, asked
from chalicelib.reconciling.reconciler import Asked, asked_of
from chalicelib.reconciling.starting import LambdaReconciling
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import Held
from tests.ingesting import Room, created


class Functions:
    """A client of Lambda's, behind which one function runs in this process."""

    def __init__(self, name: str, function: Callable[[Any], Any]) -> None:
        self.meets = {"FunctionName": name}
        self.function = function
        self.error: str | None = None

    def invoke(self, *, Payload: str, **named: str) -> dict[str, Any]:  # noqa: N803
        assert named.pop("InvocationType", "Event") == "Event"
        assert named == self.meets
        answer = json.dumps(self.function(json.loads(Payload))).encode()
        return {"Payload": io.BytesIO(answer)} | (
            {"FunctionError": self.error} if self.error else {}
        )


def test_the_indexer_answers_what_it_holds_and_mends_what_it_is_asked_to() -> None:
    room, index = Room(), EmbeddedIndex()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    image_id = room.record().image_id
    repairing = Repairing(index, room.catalogue)
    client = Functions("indexer", lambda event: asked(repairing, event["reconcile"]))
    repair = LambdaIndexRepair(lambda: client, "indexer")  # type: ignore[arg-type,return-value]
    assert repair.held(None) == []
    assert repair.mend((image_id,)) == Mended(indexed=1)
    assert repair.held(None) == [Held(image_id, 1, False)]
    assert repair.held(image_id) == []
    client.error = "Unhandled"
    with pytest.raises(SearchUnavailable):
        repair.held(None)


def test_a_pass_is_asked_for_by_an_event_like_a_schedules() -> None:
    heard: list[Asked | None] = []
    client = Functions(
        "reconciler", lambda event: heard.append(asked_of(CloudWatchEvent(event, None).detail))
    )
    wanted = Asked(id="seven", margin=timedelta(minutes=5))
    LambdaReconciling(client, "reconciler").start(wanted)  # type: ignore[arg-type]
    assert heard == [wanted]
    assert asked_of({}) is None


def test_the_event_of_a_pass_has_what_a_schedules_has() -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html"""
    heard: list[Any] = []
    client = Functions("reconciler", heard.append)
    LambdaReconciling(client, "reconciler").start(Asked(id="seven"))  # type: ignore[arg-type]
    (event,) = heard
    assert event["detail"] == {"reconcile": {"id": "seven", "margin": "PT1H"}}
    assert {name: value for name, value in event.items() if name != "detail"} == {
        "version": "0",
        "id": "seven",
        "detail-type": "Reconcile",
        "source": "image-repo",
        "account": "",
        "time": "",
        "region": "",
        "resources": [],
    }
