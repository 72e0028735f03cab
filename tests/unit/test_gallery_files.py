"""The gallery's files are kept by browsers, and asked for again after another deployment."""

import re

import pytest

from chalicelib.api.pages import GALLERY, current_release
from tests.api import Answer, Api

FILE = f"/gallery/{current_release()}/main.js"
STALE = "/gallery/0123456789abcdef/main.js"


def again(api: Api, path: str, etag: str) -> Answer:
    return api.call("GET", path, as_=None, If_None_Match=etag)


def test_the_page_names_its_files_by_their_hash(api: Api) -> None:
    page = api.call("GET", "/", as_=None).text
    named = re.findall(r'(?:href|src)="(gallery/[^"]+)"', page)
    assert len(named) == 3
    assert {name.split("/")[1] for name in named} == {current_release()}
    for name in named:
        assert api.call("GET", f"/{name}", as_=None).status == 200


def test_a_file_is_kept_for_good_and_the_page_is_asked_for_again(api: Api) -> None:
    kept = api.call("GET", FILE, as_=None)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.text == (GALLERY / "main.js").read_text("utf-8")
    assert api.call("GET", "/", as_=None).headers["Cache-Control"] == "no-cache"


def test_a_file_of_another_release_is_not_kept(api: Api) -> None:
    answer = api.call("GET", STALE, as_=None)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", FILE, STALE])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_what_the_browser_has_is_not_sent_again(api: Api, path: str, form: str) -> None:
    first = api.call("GET", path, as_=None)
    second = again(api, path, form.format(first.headers["ETag"]))
    assert (second.status, second.text) == (304, "")
    assert second.headers == first.headers


def test_what_has_changed_is_sent(api: Api) -> None:
    assert again(api, "/", '"another release"').status == 200
