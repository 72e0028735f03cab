"""Rebuilding, captioning again and importing over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.errors import SearchUnavailable
from chalicelib.images import State, image_id_of
from chalicelib.reconciling.report import MARGIN, Report, ReportStore
from chalicelib.reindexing import RUN_STATE_KEY, Progress, RunStateStore, Stage
from tests.api import Api


def test_only_an_administrator_rebuilds(api: Api) -> None:
    for path in ("/rebuild", "/reindex", "/reconcile"):
        assert api.call("POST", path, {}).status == 403
        assert api.call("POST", path, {}, as_="admin").status == 202
    assert len(api.reindexing.asked) == 1


def test_a_reindex_can_be_followed_until_it_is_done(api: Api) -> None:
    assert api.call("GET", "/reindex", as_="admin").status == 404
    asked = api.call("POST", "/reindex", {"roll_back": True}, as_="admin").json
    assert (asked["state"], asked["roll_back"]) == ("asked", True)
    assert api.reindexing.asked == [(asked["id"], True)]
    RunStateStore(api.storage).run(asked["id"], roll_back=True, work=lambda _: 3)
    told = api.call("GET", "/reindex", as_="admin").json
    assert (told["id"], told["state"], told["records"]) == (asked["id"], "finished", 3)
    assert api.call("GET", "/reindex").status == 403


def test_a_state_of_a_reindex_that_cannot_be_read_is_told_and_in_nobodys_way(api: Api) -> None:
    api.storage.write(RUN_STATE_KEY, b"{", content_type="application/json")
    told = api.call("GET", "/reindex", as_="admin")
    assert told.status == 404 and "cannot be read" in told.json["detail"]
    assert api.call("POST", "/reindex", {}, as_="admin").status == 202


def test_a_pass_of_the_reconciler_that_is_under_way_is_gone_on_with(api: Api) -> None:
    assert api.call("GET", "/reconcile", as_="admin").status == 404
    store, now = ReportStore(api.storage), datetime(2026, 1, 1, tzinfo=UTC)
    store.tell(Report("seven", now, now))
    assert api.call("POST", "/reconcile", {}, as_="admin").json["id"] == "seven"
    store.tell(Report("seven", now, now, stage=Stage.FINISHED, repaired={"Repaired": 2}))
    asked = api.call("POST", "/reconcile", {"margin_minutes": 5}, as_="admin").json
    assert (asked["id"] != "seven", asked["state"]) == (True, "asked")
    assert [each.margin for each in api.reconciling.asked] == [MARGIN, timedelta(minutes=5)]
    told = api.call("GET", "/reconcile", as_="admin").json
    assert (told["state"], told["repaired"]) == ("finished", {"Repaired": 2})
    assert api.call("GET", "/reconcile").status == 403


def test_each_reindex_is_followed_by_an_id_of_its_own(api: Api) -> None:
    one, two = (api.call("POST", "/reindex", {}, as_="admin").json["id"] for _ in range(2))
    assert one != two
    assert api.reindexing.asked == [(one, False), (two, False)]


def test_a_reindex_that_failed_tells_why_and_when(api: Api) -> None:
    def breaking(_: Progress) -> int:
        raise SearchUnavailable("the domain is full")

    moments = iter(datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(5))
    with pytest.raises(SearchUnavailable):
        RunStateStore(api.storage, now=lambda: next(moments)).run(
            "seven", roll_back=False, work=breaking
        )
    told = api.call("GET", "/reindex", as_="admin").json
    assert (told["state"], told["reason"]) == ("failed", "the domain is full")
    assert told["started_at"] == "2026-01-01T00:00:00Z"
    assert told["started_at"] < told["updated_at"]


def test_photographs_are_counted_by_state_within_what_may_be_seen(api: Api) -> None:
    api.enter("id-1")
    api.enter("id-2")
    api.enter("id-3", state=State.FAILED)
    api.enter("id-4", state=State.DELETED)
    api.enter("id-5", "bob")
    api.index.finds = ["id-1", "id-2"]
    assert api.call("GET", "/stats").json == {
        "images": {"pending": 0, "captioned": 2, "needs_review": 0, "failed": 1, "expired": 0},
        "total": 3,
        "complete": True,
        "searchable": 2,
    }
    assert api.call("GET", "/stats", as_="admin").json["total"] == 4


def test_counts_that_lack_what_was_there_before_say_so_and_are_counted_anew(api: Api) -> None:
    api.catalogue.counted = False
    for _ in range(2):
        assert api.call("GET", "/stats").json["complete"] is False
    ((_, unless_running),) = api.reindexing.recounts
    assert unless_running


def test_a_reindex_counts_anew_and_a_way_back_does_not(api: Api) -> None:
    asked = api.call("POST", "/reindex", {}, as_="admin").json["id"]
    api.call("POST", "/reindex", {"roll_back": True}, as_="admin")
    assert api.reindexing.recounts == [(asked, False)]


def test_a_forced_rebuild_captions_again_what_is_finished(api: Api) -> None:
    key = "uploads/ann/a.jpg"
    api.enter(image_id_of("photographs", key), key=key, size=1, processed_by="m@1")
    api.storage.write(key, b"x", content_type="image/jpeg")
    kept = api.call("POST", "/rebuild", {}, as_="admin").json
    assert (kept["queued"], kept["skipped"]) == (0, 1)
    forced = api.call("POST", "/rebuild", {"force": True}, as_="admin").json
    assert (forced["queued"], forced["skipped"]) == (1, 0)
    assert api.queue.messages[-1]["redrive"]["force"] is True


def test_a_rebuild_goes_through_the_bucket_page_by_page(api: Api) -> None:
    for name in "abc":
        api.storage.write(f"uploads/ann/{name}.jpg", b"x", content_type="image/jpeg")
    first = api.call("POST", "/rebuild", {"limit": 2}, as_="admin").json
    assert first == {"examined": 2, "queued": 2, "skipped": 0, "cursor": "uploads/ann/b.jpg"}
    last = api.call("POST", "/rebuild", {"after": first["cursor"]}, as_="admin").json
    assert (last["queued"], last["cursor"]) == (1, None)
    assert len(api.queue.messages) == 3


def test_recaptioning_queues_just_the_callers_own(api: Api) -> None:
    api.enter("id-1")
    api.enter("id-2", state=State.NEEDS_REVIEW)
    chosen = api.call("POST", "/recaption", {"ids": ["id-1"]}).json
    assert chosen == {"examined": 1, "queued": 1, "skipped": 0, "cursor": None}
    assert api.call("POST", "/recaption", {"state": "needs_review"}).json["queued"] == 1
    assert api.call("POST", "/recaption", {"ids": ["id-1"]}, as_="bob").status == 404
    assert len(api.queue.messages) == 2


def test_photographs_in_a_state_are_captioned_again_page_by_page(api: Api) -> None:
    for number in range(101):
        api.enter(f"id-{number}", state=State.NEEDS_REVIEW)
    first = api.call("POST", "/recaption", {"state": "needs_review"}).json
    assert (first["examined"], first["queued"], first["skipped"]) == (100, 100, 0)
    asked = {"state": "needs_review", "cursor": first["cursor"]}
    last = api.call("POST", "/recaption", asked).json
    assert last == {"examined": 1, "queued": 1, "skipped": 0, "cursor": None}
    keys = {message["redrive"]["key"] for message in api.queue.messages}
    assert len(keys) == 101


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/rebuild", {"limit": 0}, "limit"),
        ("/rebuild", {"after": "elsewhere"}, "after"),
        ("/rebuild", {"all": True}, "all"),
        ("/reconcile", {"margin_minutes": -1}, "margin_minutes"),
        ("/recaption", {}, "body"),
        ("/recaption", {"ids": []}, "ids"),
        ("/recaption", {"state": "deleted"}, "state"),
        ("/imports", {}, "prefix"),
        ("/imports", {"prefix": "elsewhere/"}, "prefix"),
        ("/imports", {"prefix": "uploads/root/"}, "prefix"),
    ],
)
def test_a_bad_field_is_named(api: Api, path: str, body: dict[str, object], field: str) -> None:
    answer = api.call("POST", path, body, as_="admin")
    assert (answer.status, answer.json["field"]) == (400, field)


def test_an_import_is_started_and_reported_to_its_owner_alone(api: Api) -> None:
    body = b"a.jpg A dog.\n"
    api.storage.write("uploads/ann/trip/descriptions.txt", body, content_type="text/plain")
    started = api.call("POST", "/imports", {"prefix": "uploads/ann/trip/"})
    assert (started.status, started.json["state"]) == (202, "running")
    path = f"/imports/{started.json['id']}"
    assert api.call("GET", path).json["key"] == "uploads/ann/trip/descriptions.txt"
    assert api.call("GET", path, as_="bob").status == 404
    assert api.call("GET", "/imports/unknown").status == 404
    assert api.call("POST", "/imports", {"prefix": "uploads/ann/trip/"}, as_="bob").status == 400


def test_an_import_is_of_the_file_and_in_the_encoding_that_were_asked_for(api: Api) -> None:
    body = b"a.jpg A dog.\n"
    api.storage.write("uploads/ann/trip/captions.txt", body, content_type="text/plain")
    asked = {"prefix": "uploads/ann/trip/", "file": "captions.txt", "encoding": "cp1251"}
    started = api.call("POST", "/imports", asked)
    assert (started.status, started.json["key"]) == (202, "uploads/ann/trip/captions.txt")
    for field, wrong in (("file", "none.txt"), ("encoding", "klingon")):
        answer = api.call("POST", "/imports", asked | {field: wrong})
        assert (answer.status, answer.json["field"]) == (400, field)
