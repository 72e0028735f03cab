"""The trash over HTTP: moving there, listing, restoring, deleting for good."""

import pytest

from chalicelib.images import Attribute, Caption, Source, State
from tests.api import Api

COPY = "derived/id-1/display.webp"
SHA256 = "ab" * 32
PERMANENT = {"permanent": "true"}


def enter(api: Api, image_id: str = "id-1") -> None:
    image = api.enter(
        image_id,
        caption=Caption("my Rex", Source.USER),
        attributes=(Attribute("dog"),),
        attributes_source=Source.USER,
        keywords=("Rex",),
        keywords_source=Source.USER,
        derivative_key=COPY,
        sha256=SHA256,
    )
    for key in (image.key, COPY):
        api.storage.write(key, b"x", content_type="image/jpeg")


def ids(api: Api, path: str, as_: str = "ann") -> list[str]:
    return [item["id"] for item in api.call("GET", path, as_=as_).json["items"]]


def test_what_is_deleted_lies_in_the_trash_and_nowhere_else(api: Api) -> None:
    enter(api)
    assert api.call("GET", "/images/id-1").json["trashed_at"] is None
    assert api.call("DELETE", "/images/id-1").status == 204
    for path in ("/images/id-1", "/images/id-1/similar"):
        assert api.call("GET", path).status == 404
    assert api.call("PATCH", "/images/id-1", {"caption": "x"}).status == 404
    assert api.call("POST", "/recaption", {"ids": ["id-1"]}).status == 404
    assert ids(api, "/images") == []
    assert api.call("GET", "/stats").json["total"] == 0
    api.index.finds = ["id-1"]
    assert api.call("GET", "/search", query={"q": "dog"}).json["hits"] == []
    (item,) = api.call("GET", "/trash").json["items"]
    assert (item["id"], item["state"], item["caption"]["text"]) == ("id-1", "captioned", "my Rex")
    assert item["trashed_at"] and item["links"]["display"]
    assert len(list(api.storage.objects(""))) == 2


def test_a_deletion_that_is_asked_again_deletes_nothing_for_good(api: Api) -> None:
    enter(api)
    assert [api.call("DELETE", "/images/id-1").status for _ in range(3)] == [204, 404, 404]
    assert ids(api, "/trash") == ["id-1"]
    assert len(list(api.storage.objects(""))) == 2


def test_what_is_restored_has_all_it_had(api: Api) -> None:
    enter(api)
    before = api.call("GET", "/images/id-1").json
    api.call("DELETE", "/images/id-1")
    restored = api.call("POST", "/images/id-1/restore")
    assert (restored.status, restored.headers["ETag"]) == (200, '"3"')
    same = before.keys() - {"rev", "updated_at", "links"}
    assert {name: restored.json[name] for name in same} == {name: before[name] for name in same}
    assert api.call("GET", "/images/id-1").json["rev"] == 3
    assert (ids(api, "/images"), ids(api, "/trash")) == (["id-1"], [])


def test_only_what_is_in_the_trash_can_be_restored(api: Api) -> None:
    enter(api)
    api.enter("id-2", state=State.DELETED)
    for image_id in ("id-1", "id-2", "nobodys"):
        assert api.call("POST", f"/images/{image_id}/restore").status == 404
    api.call("DELETE", "/images/id-1")
    assert api.call("POST", "/images/id-1/restore", as_="bob").status == 404
    assert api.call("POST", "/images/id-1/restore", as_="reader").status == 403
    assert api.call("POST", "/images/id-1/restore", as_="admin").status == 200


@pytest.mark.parametrize("is_in_the_trash", [True, False])
def test_what_is_deleted_for_good_is_in_no_trash(api: Api, is_in_the_trash: bool) -> None:
    enter(api)
    if is_in_the_trash:
        api.call("DELETE", "/images/id-1")
    assert api.call("DELETE", "/images/id-1", as_="bob", query=PERMANENT).status == 404
    assert api.call("DELETE", "/images/id-1", query=PERMANENT).status == 204
    assert (ids(api, "/images"), ids(api, "/trash")) == ([], [])
    assert list(api.storage.objects("")) == []
    assert api.call("POST", "/images/id-1/restore").status == 404


def test_a_deletion_may_name_a_revision_in_the_trash_too(api: Api) -> None:
    enter(api)
    assert api.call("DELETE", "/images/id-1", If_Match='"7"').status == 412
    assert api.call("DELETE", "/images/id-1", If_Match='"1"').status == 204
    assert api.call("DELETE", "/images/id-1", query=PERMANENT, If_Match='"1"').status == 412
    assert api.call("DELETE", "/images/id-1", query=PERMANENT, If_Match='"2"').status == 204


@pytest.mark.parametrize("query", [{"permanent": "perhaps"}, {"for_good": "true"}])
def test_a_deletion_that_is_not_understood_deletes_nothing(api: Api, query: dict[str, str]) -> None:
    enter(api)
    answer = api.call("DELETE", "/images/id-1", query=query)
    assert (answer.status, answer.json["field"]) == (400, *query)
    assert ids(api, "/images") == ["id-1"]


def test_the_trash_is_listed_in_pages_and_to_each_owner_their_own(api: Api) -> None:
    for number in range(3):
        enter(api, f"id-{number}")
        api.call("DELETE", f"/images/id-{number}")
    first = api.call("GET", "/trash", query={"limit": "2"}).json
    rest = api.call("GET", "/trash", query={"limit": "2", "cursor": first["cursor"]}).json
    found = [item["id"] for page in (first, rest) for item in page["items"]]
    assert (found, rest["cursor"]) == (["id-2", "id-1", "id-0"], None)
    assert ids(api, "/trash", as_="bob") == []
    assert len(ids(api, "/trash", as_="admin")) == 3
    assert api.call("GET", "/trash", as_="bob", query={"owner": "ann"}).status == 403
    assert api.call("GET", "/trash", query={"state": "captioned"}).status == 400
    assert api.call("GET", "/images", query={"cursor": first["cursor"]}).status == 400


def test_the_same_photograph_can_be_uploaded_again_while_one_is_in_the_trash(api: Api) -> None:
    new = {"name": "dog.jpg", "content_type": "image/jpeg", "size": 1, "sha256": SHA256}
    first = api.call("POST", "/images", new).json["image"]["id"]
    api.call("DELETE", f"/images/{first}")
    again = api.call("POST", "/images", new)
    assert (again.status, again.json["image"]["id"] != first) == (201, True)
    assert api.call("POST", f"/images/{first}/restore").status == 200
