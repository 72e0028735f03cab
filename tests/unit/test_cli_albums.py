"""Albums on the command line: listed, put into, taken out of, where others change them, too."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from image_repo import albums, photographs
from image_repo.errors import CommandError
from tests.recording_session import RecordingSession, run


@dataclass(frozen=True)
class AlbumsSession(RecordingSession):
    """Speaks to an API with one photograph, which another changes so often before we do."""

    answer: int = 0
    held: dict[str, Any] = field(
        default_factory=lambda: {"id": "a", "rev": 3, "albums": ["Oslo"], "others": 0}
    )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/search":
            counted = [{"value": "Oslo", "count": 2}, {"value": "Favourites", "count": 1}]
            return httpx.Response(200, json={"facets": {"albums": counted}})
        if not request.url.path.endswith("/a"):
            return httpx.Response(404, json={"detail": "there is no such photograph"})
        if request.method == "PATCH":
            if self.held["others"] < self.answer:
                self.held.update(rev=self.held["rev"] + 1, others=self.held["others"] + 1)
                self.held["albums"] = [*self.held["albums"], f"Theirs {self.held['others']}"]
            if request.headers["if-match"] != f'"{self.held["rev"]}"':
                return httpx.Response(412, json={"detail": "the photograph is at another revision"})
            self.held.update(json.loads(request.read()), rev=self.held["rev"] + 1)
        return httpx.Response(200, json=self.held)


def ran(*arguments: str, others: int = 0) -> tuple[RecordingSession, Any]:
    return run(albums.COMMANDS, others, arguments, AlbumsSession)


def test_albums_are_listed_with_their_counts() -> None:
    session, result = ran("list")
    assert result.output == "Oslo\t2\nFavourites\t1\n"
    assert json.loads(session.asked[0].read())["facets"] == ["albums"]


def test_a_photograph_is_put_into_an_album_beside_those_it_is_in() -> None:
    _, result = ran("add", "Favourites", "a")
    assert (result.exit_code, result.output) == (0, "a\tOslo, Favourites\n")


def test_a_photograph_is_taken_out_of_an_album_whatever_the_case() -> None:
    _, result = ran("remove", "oslo", "a")
    assert (result.exit_code, result.output) == (0, "a\t\n")


def test_what_others_did_meanwhile_stays() -> None:
    _, result = ran("add", "Favourites", "a", others=2)
    assert (result.exit_code, result.output) == (0, "a\tOslo, Theirs 1, Theirs 2, Favourites\n")


def test_a_photograph_that_others_never_stop_to_change_is_told_and_fails() -> None:
    _, result = ran("add", "Favourites", "a", others=99)
    assert result.exit_code == 1 and "another revision" in result.output


def test_one_that_is_not_there_does_not_keep_the_rest_from_it() -> None:
    _, result = ran("add", "Favourites", "missing", "a")
    assert result.exit_code == 1
    assert "missing: there is no such photograph" in result.output
    assert "a\tOslo, Favourites\n" in result.output


@pytest.mark.parametrize(
    ("given", "sent"), [("Oslo, Favourites,", ["Oslo", "Favourites"]), ("", [])]
)
def test_an_edit_gives_all_albums_with_commas(given: str, sent: list[str]) -> None:
    image = {"id": "a", "caption": {"text": "a dog"}, "attributes": [], "keywords": []}
    session, result = run(
        {"edit": photographs.edit, "show": photographs.show},
        image,
        ("edit", "a", "--albums", given),
    )
    assert result.exit_code == 0
    assert json.loads(session.asked[0].read()) == {"albums": sent}


def test_an_edit_of_nothing_says_what_there_is_to_edit() -> None:
    _, result = run({"edit": photographs.edit, "show": photographs.show}, {}, ("edit", "a"))
    assert isinstance(result.exception, CommandError)
    assert "--albums" in str(result.exception)
