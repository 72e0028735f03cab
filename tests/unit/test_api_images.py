"""Adding, reading, editing and deleting photographs over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.images import Attribute, Caption, Source, State
from chalicelib.search import Clause, Query
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from tests.api import Answer, Api

NEW = {"name": "dog.jpg", "content_type": "image/jpeg", "size": 1000}


def test_adding_returns_a_pending_record_and_a_form_for_just_this_file(api: Api) -> None:
    answer = api.call("POST", "/images", NEW | {"caption": "A brown dog is running"})
    assert answer.status == 201
    image, upload = answer.json["image"], answer.json["upload"]
    assert (image["state"], image["owner"], image["name"]) == ("pending", "ann", "dog.jpg")
    assert image["caption"]["source"] == "user"
    assert image["attributes"][0]["subject"] == "dog"
    assert upload["fields"]["key"].startswith("uploads/ann/")
    assert upload["fields"]["key"].endswith("/dog.jpg")
    assert upload["fields"]["Content-Type"] == "image/jpeg"


def test_a_new_record_knows_until_when_its_form_is_good(api: Api) -> None:
    image_id = api.call("POST", "/images", NEW).json["image"]["id"]
    record = api.catalogue.get(image_id)
    assert record is not None
    assert record.form_until == record.created_at + timedelta(minutes=15)


def test_an_expired_upload_is_listed_filtered_counted_shown_and_deleted(api: Api) -> None:
    api.enter("id-1", state=State.EXPIRED, reason="no file came", visual=None)
    api.enter("id-2")
    expired = api.call("GET", "/images", query={"state": "expired"}).json["items"]
    assert [(item["id"], item["reason"]) for item in expired] == [("id-1", "no file came")]
    assert {item["id"] for item in api.call("GET", "/images").json["items"]} == {"id-1", "id-2"}
    assert api.call("GET", "/images/id-1").json["state"] == "expired"
    stats = api.call("GET", "/stats").json
    assert (stats["images"]["expired"], stats["total"]) == (1, 2)
    assert api.call("DELETE", "/images/id-1").status == 204
    assert api.call("GET", "/stats").json["images"]["expired"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a/b.jpg"}, "name"),
        ({"name": ".."}, "name"),
        ({"name": "a\u0000.jpg"}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"content_type": "image/svg+xml"}, "content_type"),
        ({"size": 0}, "size"),
        ({"size": 100_000_001}, "size"),
        ({"size": "many"}, "size"),
        ({"caption": "x" * 10_000}, "caption"),
        ({"caption": "  "}, "caption"),
        ({"owner": "bob"}, "owner"),
        ({"attributes": [{"subject": ""}]}, "attributes[0].subject"),
        ({"attributes": [{"subject": "dog", "colour": ["red"]}]}, "attributes[0].colour"),
        ({"attributes": [{"subject": "dog"}] * 33}, "attributes"),
    ],
)
def test_a_bad_field_is_named(api: Api, change: dict[str, object], field: str) -> None:
    answer = api.call("POST", "/images", NEW | change)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null", '{"name": "\\ud800"}', "\x00"])
def test_a_body_that_is_no_document_is_a_400(api: Api, body: str) -> None:
    assert api.call("POST", "/images", body).status == 400


def test_names_with_spaces_plus_and_emoji_are_kept_intact(api: Api) -> None:
    name = "a b+c%2B é🐕.jpg"
    answer = api.call("POST", "/images", NEW | {"name": name})
    assert answer.json["image"]["name"] == name
    assert answer.json["upload"]["fields"]["key"].endswith("/" + name)


def test_a_record_carries_its_revision_as_etag(api: Api) -> None:
    api.enter(caption=Caption("a dog", Source.MODEL, "slim@1", 0.5, ("dogs",)))
    answer = api.call("GET", "/images/id-1")
    assert answer.headers["ETag"] == '"1"'
    assert answer.json["caption"] == {
        "text": "a dog",
        "source": "model",
        "model": "slim@1",
        "confidence": 0.5,
        "alternatives": ["dogs"],
    }


def test_listing_pages_to_the_end(api: Api) -> None:
    for number in range(5):
        moment = datetime(2026, 1, 1, 0, 0, number, tzinfo=UTC)
        api.enter(f"id-{number}", created_at=moment)
    first = api.call("GET", "/images", query={"limit": 3}).json
    second = api.call("GET", "/images", query={"limit": 3, "cursor": first["cursor"]}).json
    seen = [item["id"] for item in first["items"] + second["items"]]
    assert seen == ["id-4", "id-3", "id-2", "id-1", "id-0"]
    assert second["cursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 1_000_000}, "limit"),
        ({"limit": 0}, "limit"),
        ({"limit": "NaN"}, "limit"),
        ({"cursor": "forged"}, "cursor"),
        ({"state": "lost"}, "state"),
        ({"state": "deleted"}, "state"),
        ({"page": 2}, "page"),
    ],
)
def test_a_bad_parameter_is_named(api: Api, query: dict[str, object], field: str) -> None:
    answer = api.call("GET", "/images", query=query)
    assert (answer.status, answer.json["field"]) == (400, field)


def test_an_edit_stands_and_keeps_the_models_caption_as_alternative(api: Api) -> None:
    api.enter(
        state=State.NEEDS_REVIEW,
        reason="unsure",
        caption=Caption("a cat", Source.MODEL, "slim@1", 0.2),
        attributes=(Attribute("cat"),),
        attributes_source=Source.MODEL,
    )
    answer = api.call("PATCH", "/images/id-1", {"caption": "A black dog"}, If_Match='"1"')
    image = answer.json
    assert answer.headers["ETag"] == '"2"'
    assert (image["state"], image["reason"]) == ("captioned", None)
    assert (image["caption"]["text"], image["caption"]["source"]) == ("A black dog", "user")
    assert image["caption"]["alternatives"] == ["a cat"]
    black_dog = {"subject": "dog", "colours": ["black"], "actions": [], "places": []}
    assert image["attributes"] == [black_dog | {"garments": []}]


@pytest.mark.parametrize(
    "written",
    [
        {"subject": "Dogs", "subject_colours": ["Tan"], "subject_actions": ["Running", "leaps"]},
        {"subject": "Dogs", "subject_colours": "Tan", "subject_actions": "Running, leaps"},
        {"subject": "Dogs", "colours": ["Tan"], "actions": ["Running", "leaps"]},
    ],
)
def test_an_uploaders_attributes_are_taken_as_they_are_and_found(
    api: Api, written: dict[str, object]
) -> None:
    api.enter()
    image = api.call("PATCH", "/images/id-1", {"attributes": [written]}).json
    dogs = {"subject": "Dogs", "colours": ["Tan"], "actions": ["Running", "leaps"]}
    assert image["attributes"] == [dogs | {"places": [], "garments": []}]
    index = EmbeddedIndex()
    index.apply([document_of(api.catalogue.get("id-1") or pytest.fail("lost"))])
    clause = Clause("animal", ("brown",), ("run",))
    assert index.search(Query(owner="ann", attributes=clause)).total == 1


def test_what_is_worn_colours_its_wearer(api: Api) -> None:
    api.enter()
    girl = {"subject": "girl", "garments": [{"garment": "dress", "colours": ["pink"]}]}
    image = api.call("PATCH", "/images/id-1", {"attributes": [girl]}).json
    assert image["attributes"] == [{**girl, "colours": ["pink"], "actions": [], "places": []}]


@pytest.mark.parametrize("places", ["Beaches, sea", ["Beaches", "sea"]])
def test_an_uploader_says_where_a_subject_is(api: Api, places: object) -> None:
    api.enter()
    written = {"subject": "dog", "places": places}
    image = api.call("PATCH", "/images/id-1", {"attributes": [written]}).json
    assert image["attributes"][0]["places"] == ["Beaches", "sea"]


def test_a_caption_without_subjects_leaves_attributes_without_a_source(api: Api) -> None:
    api.enter(attributes=(Attribute("cat"),), attributes_source=Source.MODEL)
    image = api.call("PATCH", "/images/id-1", {"caption": "so it was"}).json
    assert (image["attributes"], image["attributes_source"]) == ([], None)


def test_two_names_for_one_list_are_refused(api: Api) -> None:
    api.enter()
    both = {"subject": "dog", "colours": ["red"], "subject_colours": ["blue"]}
    answer = api.call("PATCH", "/images/id-1", {"attributes": [both]})
    assert (answer.status, answer.json["field"]) == (400, "attributes[0].subject_colours")


def test_a_persons_attributes_outlive_a_new_caption(api: Api) -> None:
    api.enter()
    api.call("PATCH", "/images/id-1", {"attributes": [{"subject": "wolf"}]})
    image = api.call("PATCH", "/images/id-1", {"caption": "A black dog"}).json
    assert [attribute["subject"] for attribute in image["attributes"]] == ["wolf"]
    assert image["attributes_source"] == "user"


@pytest.mark.fault(25)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"owner": "bob"}, "owner"),
        ({"state": "captioned"}, "state"),
        ({"model": "x"}, "model"),
        ({"caption": ""}, "caption"),
        ({"caption": "  \n "}, "caption"),
        ({"caption": "x" * 2_001}, "caption"),
        ({"caption": None}, "body"),
        ({}, "body"),
    ],
)
def test_only_caption_and_attributes_can_be_edited(
    api: Api, body: dict[str, object], field: str
) -> None:
    before = api.enter()
    answer = api.call("PATCH", "/images/id-1", body)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert api.catalogue.get("id-1") == before


def test_an_edit_of_another_revision_is_refused(api: Api) -> None:
    api.enter()
    assert api.call("PATCH", "/images/id-1", {"caption": "one"}, If_Match='"1"').status == 200
    late = api.call("PATCH", "/images/id-1", {"caption": "two"}, If_Match='"1"')
    assert late.status == 412
    assert api.call("GET", "/images/id-1").json["caption"]["text"] == "one"
    assert api.call("PATCH", "/images/id-1", {"caption": "x"}, If_Match="new").status == 400


def _delete_for_good(api: Api, as_: str = "ann", **headers: str) -> Answer:
    query = {"permanent": "true"}
    return api.call("DELETE", "/images/id-1", as_=as_, query=query, **headers)


def test_a_photograph_deleted_for_good_is_gone_with_its_files(api: Api) -> None:
    image = api.enter(
        derivative_key="derived/id-1/display.webp", processed_by="slim@1", sha256="aa"
    )
    for key in (image.key, "derived/id-1/display.webp"):
        api.storage.write(key, b"x", content_type="image/jpeg")
    assert _delete_for_good(api).status == 204
    assert api.call("GET", "/images/id-1").status == 404
    assert _delete_for_good(api).status == 404
    assert list(api.storage.objects("")) == []
    tombstone = api.catalogue.get("id-1")
    assert tombstone is not None
    assert (tombstone.state, tombstone.rev, tombstone.caption) == (State.DELETED, 3, None)
    assert (tombstone.processed_by, tombstone.sha256, tombstone.visual) == (None, None, None)
    assert tombstone.removed_at is not None


def test_a_deletion_that_was_cut_short_is_finished_when_asked_again(api: Api) -> None:
    image = api.enter(state=State.DELETED)
    for key in (image.key, "derived/id-1/late.webp", "derived/id-10/other.webp"):
        api.storage.write(key, b"x", content_type="image/jpeg")
    assert _delete_for_good(api, as_="bob").status == 404
    assert len(list(api.storage.objects(""))) == 3
    assert _delete_for_good(api).status == 404
    assert [left.key for left in api.storage.objects("")] == ["derived/id-10/other.webp"]


@pytest.mark.fault(24)
def test_another_owners_photograph_does_not_exist(api: Api) -> None:
    api.enter()
    for method, path, body in (
        ("GET", "/images/id-1", None),
        ("PATCH", "/images/id-1", {"caption": "mine"}),
        ("DELETE", "/images/id-1", None),
        ("POST", "/images/id-1/restore", None),
        ("GET", "/images/id-1/similar", None),
    ):
        assert api.call(method, path, body, as_="bob").status == 404
    assert api.call("GET", "/images", as_="bob").json["items"] == []
    assert api.call("GET", "/stats", as_="bob").json["total"] == 0
    assert api.call("GET", "/images/id-1", as_="admin").status == 200
    assert api.call("GET", "/images", as_="bob", query={"owner": "ann"}).status == 403


def test_links_lead_to_a_small_and_a_large_copy(api: Api) -> None:
    api.enter(derivative_key="derived/id-1/a.webp", large_key="derived/id-1/a-large.webp")
    api.enter("id-2", derivative_key="derived/id-2/b.webp")
    api.enter("id-3", state=State.PENDING)
    links = {one["id"]: one["links"] for one in api.call("GET", "/images").json["items"]}
    assert links["id-1"]["display"].endswith("/a.webp")
    assert links["id-1"]["large"].endswith("/a-large.webp")
    assert links["id-2"]["large"] == links["id-2"]["display"]
    assert (links["id-3"]["display"], links["id-3"]["large"]) == (None, None)


def test_a_record_tells_the_colour_to_show_until_the_picture_is_there(api: Api) -> None:
    api.enter("old")
    api.enter("new", placeholder="#8a7f70")
    told = {image: api.call("GET", f"/images/{image}").json for image in ("old", "new")}
    assert (told["old"]["placeholder"], told["new"]["placeholder"]) == (None, "#8a7f70")
