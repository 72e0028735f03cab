"""Rebuilding, captioning again and importing over HTTP."""

import pytest

from chalicelib.images import State
from chalicelib.reindexing import RunStateStore
from tests.api import Api


def test_only_an_administrator_rebuilds(api: Api) -> None:
    for path in ("/rebuild", "/reindex"):
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
    assert api.call("POST", "/recaption", {"ids": ["id-1"]}).json["queued"] == 1
    assert api.call("POST", "/recaption", {"state": "needs_review"}).json["queued"] == 1
    assert api.call("POST", "/recaption", {"ids": ["id-1"]}, as_="bob").status == 404
    assert len(api.queue.messages) == 2


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/rebuild", {"limit": 0}, "limit"),
        ("/rebuild", {"after": "elsewhere"}, "after"),
        ("/rebuild", {"all": True}, "all"),
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
