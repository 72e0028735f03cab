"""Deleting into the trash, listing it, restoring, and deleting for good."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from image_repo import trash
from image_repo.client import Client
from image_repo.output import trash_table
from tests.api import Api
from tests.importing import Repository, jpeg
from tests.recording_session import RecordingSession, run
from tests.unit.test_cli_output import ID, IMAGE, LONG_NAME, rendered

COMMANDS: dict[str, Callable[..., None]] = {
    "delete": trash.delete,
    "trash": trash.list_trash,
    "restore": trash.restore,
}
IN_TRASH = IMAGE | {"trashed_at": "2026-01-05T10:00:00Z"}


def test_deleting_asks_nothing_and_says_how_to_restore() -> None:
    session, result = run(COMMANDS, {}, ("delete", "id-1"))
    assert (result.exit_code, result.stdout) == (0, "id-1\ttrashed\n")
    (asked,) = session.asked
    assert (asked.method, str(asked.url)) == ("DELETE", "http://api/images/id-1")
    said = "Moved to the trash; restore it within 30 days: image-repo restore id-1\n"
    assert result.stderr == said


def test_several_that_are_deleted_are_told_together() -> None:
    _, result = run(COMMANDS, {}, ("delete", "id-1", "id-2", "--yes"))
    assert result.stdout == "id-1\ttrashed\nid-2\ttrashed\n"
    said = "Moved to the trash; restore them within 30 days: image-repo restore ID...\n"
    assert result.stderr == said


def test_deleting_for_good_asks_first() -> None:
    session, result = run(COMMANDS, {}, ("delete", "a", "b", "--permanent"))
    assert (result.exit_code, result.stdout, session.asked) == (1, "", [])
    assert "Delete 2 photographs for good?" in result.stderr


def test_deleting_for_good_says_nothing_of_the_trash() -> None:
    session, result = run(COMMANDS, {}, ("delete", "id-1", "--permanent", "-y"))
    assert (result.stdout, result.stderr) == ("id-1\tdeleted\n", "")
    assert dict(session.asked[0].url.params) == {"permanent": "true"}


class Refusing(RecordingSession):
    """Knows one photograph."""

    def client(self) -> Client:
        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            if "id-2" in request.url.path:
                return httpx.Response(200, json=self.answer)
            return httpx.Response(404, json={"type": "x", "detail": "there is none"})

        return Client("http://api", "imr_x", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("command", ["delete", "restore"])
def test_what_is_refused_of_one_stops_no_other(command: str) -> None:
    session, result = run(COMMANDS, IN_TRASH, (command, "id-1", "id-2"), Refusing)
    assert (result.exit_code, len(session.asked)) == (1, 2)
    assert "id-1: there is none" in result.stderr
    assert len(result.stdout.splitlines()) == 1


def test_where_nothing_was_deleted_nothing_is_said_of_the_trash() -> None:
    _, result = run(COMMANDS, {}, ("delete", "id-1"), Refusing)
    assert result.exit_code == 1
    assert "trash" not in result.stderr


def test_the_trash_is_a_line_a_record_with_since_and_until_when() -> None:
    page = {"items": [IN_TRASH], "cursor": None}
    session, result = run(COMMANDS, page, ("trash", "--limit", "5"))
    assert dict(session.asked[0].url.params) == {"limit": "5"}
    caption, times = IMAGE["caption"]["text"], ("2026-01-01T00:00:00Z", "2024-05-01 13:20:00")
    fields = [ID, LONG_NAME, "needs_review", caption, "brown dog run", *times]
    assert result.stdout.rstrip("\n").split("\t") == [
        *fields,
        "2026-01-05T10:00:00Z",
        "2026-02-04",
    ]


def test_the_trash_goes_on_with_a_cursor_or_is_told_whole() -> None:
    page = {"items": [IN_TRASH], "cursor": "next"}
    _, result = run(COMMANDS, page, ("trash",))
    assert "--cursor next" in result.stderr
    _, result = run(COMMANDS, page, ("trash", "--json"))
    assert json.loads(result.stdout) == page


def test_the_trash_fits_80_columns_with_whole_ids() -> None:
    lines = rendered(trash_table([IN_TRASH], trash.kept_until))
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count(ID) == 1
    assert any("2026-02-04" in line for line in lines)


def test_a_restored_photograph_is_told_as_one_that_was_uploaded() -> None:
    session, result = run(COMMANDS, IMAGE, ("restore", ID))
    assert (session.asked[0].method, session.asked[0].url.path) == ("POST", f"/images/{ID}/restore")
    fields = [ID, LONG_NAME, "needs_review", IMAGE["caption"]["text"]]
    assert result.stdout == "\t".join(fields) + "\n"
    _, result = run(COMMANDS, IMAGE, ("restore", ID, "--json"))
    assert json.loads(result.stdout) == IMAGE


def test_what_is_restored_is_there_again_page_by_page(api: Api, tmp_path: Path) -> None:
    repository = Repository(api)
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(str(number)))
    repository.take_in(tmp_path)

    class Session(RecordingSession):
        def client(self) -> Client:
            return repository.client()

    ids = [image["id"] for image in repository.images()]
    run(COMMANDS, {}, ("delete", *ids), Session)
    assert repository.images() == []
    _, listed = run(COMMANDS, {}, ("trash", "--all"), Session)
    lines = listed.stdout.splitlines()  # with the API's metrics among them
    assert [line.split("\t")[0] for line in lines if "\t" in line] == ids[::-1]
    _, result = run(COMMANDS, {}, ("restore", *ids), Session)
    assert result.exit_code == 0
    assert [image["id"] for image in repository.images()] == ids
