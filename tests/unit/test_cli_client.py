"""The client: what it tries again, what it does not, and what it says then."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from image_repo.client import TRIES, Client, image_path
from image_repo.errors import ApiProblem, CommandError, Unreachable

Handler = Callable[[httpx.Request], httpx.Response]


class Api:
    """Answers with what it is given, in order, and remembers what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def client(self) -> Client:
        transport = httpx.MockTransport(self._answer)
        return Client("http://api/stage", "imr_x", transport=transport, sleep=self.slept.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


BUSY = httpx.Response(503, headers={"Retry-After": "7"}, json={"type": "x", "detail": "busy"})
OK = httpx.Response(200, json={"fine": True})


def test_a_request_carries_the_token_to_the_stage() -> None:
    api = Api(OK)
    assert api.client().call("GET", "images", query={"limit": 3, "cursor": None}) == {"fine": True}
    (request,) = api.asked
    assert str(request.url) == "http://api/stage/images?limit=3"
    assert request.headers["Authorization"] == "Bearer imr_x"


def test_an_unavailable_api_is_asked_again_after_the_time_it_names() -> None:
    api = Api(BUSY, OK)
    assert api.client().call("POST", "search", body={}) == {"fine": True}
    assert api.slept == [7.0]


def test_an_api_that_stays_unavailable_is_told_with_exit_code_3() -> None:
    api = Api(*[BUSY] * TRIES)
    with pytest.raises(ApiProblem, match="busy") as raised:
        api.client().call("GET", "stats")
    assert (raised.value.exit_code, len(api.asked)) == (3, TRIES)


def test_a_failed_post_is_not_repeated_for_it_may_have_been_done() -> None:
    api = Api(httpx.Response(500, json={"type": "x", "detail": "broke"}))
    with pytest.raises(ApiProblem, match="broke"):
        api.client().call("POST", "images", body={})
    assert len(api.asked) == 1


def test_a_connection_that_is_refused_is_tried_again_and_then_named() -> None:
    api = Api(*[httpx.ConnectError("[Errno 111] refused")] * TRIES)
    with pytest.raises(Unreachable, match=r"nothing answers at http://api/stage.* \(refused\)"):
        api.client().call("POST", "images", body={})
    assert len(api.asked) == TRIES


def test_a_problem_names_its_field() -> None:
    problem = {"type": "about:blank", "detail": "limit: too many", "field": "limit"}
    with pytest.raises(ApiProblem) as raised:
        Api(httpx.Response(400, json=problem)).client().call("GET", "images")
    assert (raised.value.field, raised.value.exit_code) == ("limit", 1)


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(401, json={"type": "about:blank", "detail": "The token is unknown."}),
        httpx.Response(403, json={"message": "Forbidden"}),  # no API of this name
    ],
)
def test_a_refused_token_is_said_to_be_refused(refusal: httpx.Response) -> None:
    with pytest.raises(ApiProblem, match="token is not accepted"):
        Api(refusal).client().call("GET", "images")


@pytest.mark.fault(42)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_named_and_gets_no_token(status: int) -> None:
    api = Api(httpx.Response(status, headers={"Location": "https://evil/stats"}, json={}))
    with pytest.raises(ApiProblem, match="redirects to https://evil/stats, which is not followed"):
        api.client().call("GET", "stats")
    assert [request.url.host for request in api.asked] == ["api"]


@pytest.mark.fault(42)
def test_the_bucket_gets_no_token(tmp_path: Path) -> None:
    api = Api(httpx.Response(204), httpx.Response(200, content=b"x"))
    client = api.client()
    client.send({"url": "http://bucket", "fields": {}}, b"x")
    client.download("http://bucket/a.jpg", tmp_path / "b.jpg")
    assert not any("Authorization" in request.headers for request in api.asked)


def test_pages_are_followed_to_the_end() -> None:
    first = httpx.Response(200, json={"items": [{"id": 1}], "cursor": "next"})
    last = httpx.Response(200, json={"items": [{"id": 2}], "cursor": None})
    api = Api(first, last)
    assert [item["id"] for item in api.client().pages("images", "items", {})] == [1, 2]
    assert api.asked[1].url.params["cursor"] == "next"


def test_work_that_is_done_page_by_page_is_gone_through_to_its_end() -> None:
    first = httpx.Response(202, json={"queued": 2, "cursor": "b.jpg"})
    last = httpx.Response(202, json={"queued": 1, "cursor": None})
    api = Api(first, last)
    pages = api.client().post_pages("rebuild", {"force": True}, "after")
    assert [page["queued"] for page in pages] == [2, 1]
    asked = [json.loads(request.read()) for request in api.asked]
    assert asked == [{"force": True}, {"force": True, "after": "b.jpg"}]


def test_an_image_is_searched_by_at_its_own_route(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"dog")
    api = Api(OK, OK)
    api.client().search({"text": "dog"})
    api.client().search({"limit": 3}, photo)
    assert [request.url.path for request in api.asked] == ["/stage/search", "/stage/search/image"]
    assert json.loads(api.asked[1].read()) == {"limit": 3, "image": "ZG9n"}


def test_a_file_is_sent_again_whole_after_a_cut() -> None:
    api = Api(httpx.ReadError("cut"), httpx.Response(204))
    form = {"url": "http://bucket", "fields": {"key": "uploads/x"}}
    api.client().send(form, b"bytes of a photograph")
    for request in api.asked:
        assert b"bytes of a photograph" in request.read()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("<Error><Code>TooLarge</Code><Message>Too large.</Message></Error>", "Too large."),
        ("<Error><Code>TooLarge</Code><Message/></Error>", "TooLarge"),
    ],
)
def test_a_refused_file_is_told_in_words_and_not_sent_again(answer: str, told: str) -> None:
    api = Api(httpx.Response(400, text=answer))
    with pytest.raises(ApiProblem) as raised:
        api.client().send({"url": "http://bucket", "fields": {}}, b"x")
    assert str(raised.value) == f"the bucket refused it: {told} (status 400)"
    assert raised.value.code == "TooLarge"
    assert len(api.asked) == 1


ENTERED = httpx.Response(201, json={"image": {"id": "id-1"}, "upload": None})


@pytest.mark.parametrize(("sha256", "key"), [("0" * 64, None), (None, "key-1")])
def test_an_entry_that_names_its_content_or_has_a_key_is_repeated(
    sha256: str | None, key: str | None
) -> None:
    api = Api(httpx.ReadError("cut"), ENTERED)
    described = {"name": "a.jpg", "size": 1} | ({"sha256": sha256} if sha256 else {})
    assert api.client().enter(described, key)["image"]["id"] == "id-1"
    assert [request.headers.get("Idempotency-Key") for request in api.asked] == [key, key]


def test_an_entry_that_is_like_no_other_is_not_repeated() -> None:
    api = Api(httpx.ReadError("cut"), ENTERED)
    with pytest.raises(Unreachable):
        api.client().enter({"name": "a.jpg", "size": 1})
    assert len(api.asked) == 1


def test_a_download_is_tried_again_whole_and_leaves_nothing_half(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    sha256 = hashlib.sha256(b"whole").hexdigest()
    api = Api(httpx.ReadError("cut"), httpx.Response(200, content=b"whole"))
    api.client().download("http://bucket/a.jpg", photo, sha256)
    assert photo.read_bytes() == b"whole"
    api = Api(httpx.Response(200, content=b"another"))
    with pytest.raises(CommandError, match="not the file"):
        api.client().download("http://bucket/a.jpg", photo, sha256)
    assert photo.read_bytes() == b"whole"
    api = Api(*[httpx.ConnectError("[Errno 111] refused")] * TRIES)
    with pytest.raises(Unreachable, match="at bucket "):
        api.client().download("http://bucket/a.jpg?X-Amz-Signature=secret", photo)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("status", [200, 404])
def test_a_page_that_is_no_repository_is_said_to_be_none(status: int) -> None:
    with pytest.raises(CommandError, match="Image Repo"):
        Api(httpx.Response(status, text="<html>")).client().call("GET", "stats")


def test_a_token_with_foreign_letters_is_refused_before_it_is_sent() -> None:
    with pytest.raises(CommandError, match="copy it again"):
        Client("http://api", "imr_ö")


def test_an_id_stays_one_part_of_the_path_whatever_is_typed() -> None:
    assert image_path("../stats?x=1") == "images/..%2Fstats%3Fx%3D1"
    with pytest.raises(CommandError, match="id"):
        image_path("")
