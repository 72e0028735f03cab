"""Dates of taking over HTTP: what a person asks for, and what a record says."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.search.query import Direction, Sort
from tests.api import Api


def asked(api: Api, **filters: str) -> tuple[str | None, str | None]:
    """Return the range that a search asks the engine for, whichever way it is put."""
    for method, query, body in (("GET", filters, None), ("POST", None, {"filters": filters})):
        answer = api.call(method, "/search", body, query=query)
        assert answer.status == 200, answer.text
    first, second = (one.filters for one in api.index.asked[-2:])
    assert first == second
    return _told(first.taken_from), _told(first.taken_to)


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def test_a_day_alone_is_meant_whole(api: Api) -> None:
    day = "2024-05-01"
    expected = ("2024-05-01T00:00:00", "2024-05-02T00:00:00")
    assert asked(api, taken_from=day, taken_to=day) == expected
    assert asked(api, taken_to="9999-12-31") == (None, "9999-12-31T00:00:00")


def test_a_time_is_a_cameras_and_the_last_one_is_not_included(api: Api) -> None:
    noon, one = "2024-05-01T12:00:00", "2024-05-01T13:00"
    assert asked(api, taken_from=noon, taken_to=one) == (noon, "2024-05-01T13:00:00")


@pytest.mark.parametrize("field", ["taken_from", "taken_to"])
@pytest.mark.parametrize(
    "given",
    [
        "2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00+02:00",
        "last summer",
        "2024-13-01",
        "",
        20240501,
        [],
        {},
    ],
)
def test_a_zone_or_no_date_is_refused_in_words(api: Api, field: str, given: Any) -> None:
    answer = api.call("POST", "/search", {"filters": {field: given}})
    assert (answer.status, answer.json["field"]) == (400, f"filters.{field}")
    assert "2024-05-01T13:20:00" in answer.json["detail"]


def test_everything_can_be_asked_for_in_the_order_of_its_taking(api: Api) -> None:
    for body in ({"sort": "taken"}, {"sort": "taken", "order": "oldest"}, {"sort": "added"}):
        assert api.call("POST", "/search", body).status == 200
    by_time = [(query.sort, query.direction) for query in api.index.asked]
    assert by_time == [
        (Sort.TAKEN, Direction.NEWEST),
        (Sort.TAKEN, Direction.OLDEST),
        (Sort.ADDED, Direction.NEWEST),
    ]


def test_relevance_has_no_oldest(api: Api) -> None:
    answer = api.call("GET", "/search", query={"q": "dog", "order": "oldest"})
    assert (answer.status, answer.json["field"]) == (400, "order")


def test_a_record_says_when_and_with_what_it_was_taken_and_no_zone(api: Api) -> None:
    api.enter(
        taken_at=datetime.fromisoformat("2024-05-01T13:20"),
        camera="Canon EOS R5",
        orientation=6,
        position=(46.948, 7.4475),
    )
    told = api.call("GET", "/images/id-1").json
    assert (told["taken_at"], told["camera"]) == ("2024-05-01T13:20:00", "Canon EOS R5")
    assert told["orientation"] == 6
    assert told["position"] == {"latitude": 46.948, "longitude": 7.4475}


def test_a_record_without_them_says_so(api: Api) -> None:
    api.enter()
    told = api.call("GET", "/images/id-1").json
    assert [told[name] for name in ("taken_at", "camera", "orientation", "position")] == [None] * 4
