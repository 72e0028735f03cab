"""What names, media types and numbers a photograph is entered with."""

import json
from typing import Any

import pytest
from chalice.test import Client

import app as entry_point
from chalicelib.api.routes import ROUTES
from image_repo_formats import MEDIA_TYPES
from image_repo_formats.media_types import known_media_type
from tests.api import Api

NEW = {"name": "dog.jpg", "size": 1000}


def refused(api: Api, **more: Any) -> tuple[int, str, str]:
    answer = api.call("POST", "/images", NEW | more)
    return answer.status, answer.json.get("field"), answer.json.get("detail", "")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("x" * 256, "255 characters"),
        (".", "folders"),
        ("..", "folders"),
        ("a/b.jpg", "folders"),
        ("dog.jpg ", "blank"),
        ("dog.jpg\u00a0", "blank"),
        ("a\nb.jpg", "control characters"),
        ("a\x7fb.jpg", "control characters"),
        ("a\x85b.jpg", "control characters"),
        ("${filename}", "upload forms"),
        ("a${filename}.jpg", "upload forms"),
        ("a$$b.jpg", "upload forms"),
        ("descriptions.txt", "captions"),
        ("Descriptions.TXT", "captions"),
        ("Flickr8k.token.txt", "captions"),
        ("dog.jpg.xmp", "captions"),
        ("a\ud83d.jpg", "UTF-8"),
    ],
)
def test_a_name_that_cannot_be_a_photographs_is_refused_and_why(
    api: Api, name: str, why: str
) -> None:
    status, field, detail = refused(api, name=name)
    assert (status, field) == (400, "name")
    assert why in detail


@pytest.mark.parametrize("name", ["IMG 0001", "$5.jpg", "a$b.jpg", "{filename}.jpg", "été🐕.HEIC"])
def test_a_name_that_a_phone_or_a_person_gives_is_taken(api: Api, name: str) -> None:
    answer = api.call("POST", "/images", NEW | {"name": name})
    assert (answer.status, answer.json["image"]["name"]) == (201, name)


@pytest.mark.parametrize("where", ["caption", "name"])
def test_half_a_surrogate_pair_is_refused_where_it_stands(api: Api, where: str) -> None:
    answer = api.call("POST", "/images", json.dumps(NEW | {where: "a\udc80b"}))
    assert (answer.status, answer.json["field"]) == (400, where)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-le"])
def test_a_body_in_another_encoding_than_that_of_json_is_refused(api: Api, encoding: str) -> None:
    body = json.dumps(NEW | {"size": True}).encode(encoding)
    with Client(entry_point.app) as client:
        headers = {"Authorization": "Bearer ann", "Content-Type": "application/json"}
        answer = client.http.request("POST", "/images", headers=headers, body=body)
    assert answer.status_code == 400


def test_an_owner_whose_name_a_form_would_replace_is_refused(api: Api) -> None:
    answer = api.call("POST", "/tokens", {"owner": "${filename}"}, as_="admin")
    assert (answer.status, answer.json["field"]) == (400, "owner")


# Media types -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("image/jpg", "image/jpeg"),
        ("IMAGE/JPEG", "image/jpeg"),
        ("image/pjpeg", "image/jpeg"),
        ("image/jpeg; charset=binary", "image/jpeg"),
        (" image/x-png ", "image/png"),
        ("image/heic-sequence", "image/heic"),
        ("image/avif-sequence", "image/avif"),
        ("image/tif", "image/tiff"),
        ("image/svg+xml", None),
        ("text/html", None),
        ("", None),
    ],
)
def test_a_media_type_is_understood_as_programs_write_it(written: str, meant: str | None) -> None:
    assert known_media_type(written) == meant


@pytest.mark.parametrize("written", sorted(MEDIA_TYPES))
def test_every_type_that_is_taken_is_known_by_its_own_name(written: str) -> None:
    assert known_media_type(written) == written


def test_the_form_says_the_type_that_was_meant(api: Api) -> None:
    answer = api.call("POST", "/images", NEW | {"content_type": "image/JPG"})
    assert answer.json["upload"]["fields"]["Content-Type"] == "image/jpeg"
    assert answer.json["image"]["content_type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("IMG_1.HEIC", "image/heic"), ("scan.tif", "image/tiff"), ("IMG", "application/octet-stream")],
)
def test_without_a_type_the_form_says_what_the_name_tells(api: Api, name: str, kind: str) -> None:
    answer = api.call("POST", "/images", NEW | {"name": name})
    assert answer.json["upload"]["fields"]["Content-Type"] == kind
    assert answer.json["image"]["content_type"] is None


def test_a_type_that_is_none_we_take_is_refused_with_those_that_are(api: Api) -> None:
    status, field, detail = refused(api, content_type="image/svg+xml")
    assert (status, field) == (400, "content_type")
    assert "image/heic" in detail


# Numbers and truth values ------------------------------------------------------------------------


def numbers() -> list[tuple[str, str, str, Any]]:
    """Return each number and truth value of a body, with values of other JSON types."""
    wrong = {"integer": (True, "5", 1.5), "number": (True, "5"), "boolean": (1, "true", "yes")}
    return [
        (route.method, route.path, name, value)
        for route in ROUTES
        if route.body
        for name, schema in route.body.model_json_schema()["properties"].items()
        for part in (schema, *schema.get("anyOf", ()))
        for value in wrong.get(part.get("type", ""), ())
        if name != "min_relevance"  # may be text in addresses, and is read alike everywhere
    ]


@pytest.mark.parametrize(("method", "path", "name", "value"), numbers())
def test_a_number_is_a_number_and_a_truth_value_is_true_or_false(
    api: Api, method: str, path: str, name: str, value: Any
) -> None:
    needed: dict[str, dict[str, Any]] = {
        "/images": NEW,
        "/tokens": {"owner": "ann"},
        "/search/image": {"image": "AAAA"},
    }
    answer = api.call(method, path, needed.get(path, {}) | {name: value}, as_="admin")
    assert (answer.status, answer.json["field"]) == (400, name)
