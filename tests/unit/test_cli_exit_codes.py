"""Every exit code that is documented, provoked; and none beside them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from image_repo.__main__ import main
from image_repo.client import Client
from image_repo.config import Session

DOCUMENTED = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text()
Handler = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True)
class SessionWith(Session):
    """Speaks to what a test answers."""

    handler: Handler | None = None

    def client(self) -> Client:
        assert self.handler
        transport = httpx.MockTransport(self.handler)
        return Client("http://api", "imr_x", transport=transport, sleep=lambda _: None)


def answers(status: int, **body: object) -> Handler:
    return lambda _: httpx.Response(status, json=body)


def raises(error: BaseException) -> Handler:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise error

    return refuse


COUNTS = {"images": {}, "searchable": 0, "total": 0, "complete": True}
CASES: tuple[tuple[int, tuple[str, ...], Handler], ...] = (
    (0, ("stats",), answers(200, **COUNTS)),
    (0, ("search", "-h"), answers(500)),
    (0, ("list", "--json"), answers(200, items=[], cursor=None)),
    (1, ("stats",), answers(401, type="x", detail="unknown")),
    (1, ("show", "id-1"), answers(404, type="x", detail="there is no such photograph")),
    (1, ("delete", "id-1", "--yes"), answers(404, type="x", detail="there is none")),
    (1, ("download", "id-1"), answers(404, type="x", detail="there is none")),
    (1, ("upload", __file__), answers(500)),
    (2, ("stats", "--unknown"), answers(200, **COUNTS)),
    (2, ("search", "--colur", "red"), answers(200)),
    (2, ("import", "/there/is/no/such/folder"), answers(200)),
    (2, ("search", "dog", "--crop", "0,0,1,1"), answers(200)),
    (2, ("list", "--state", "happy"), answers(200)),
    (3, ("stats",), answers(503, type="x", detail="busy")),
    (3, ("delete", "id-1", "--yes"), answers(503, type="x", detail="busy")),
    (3, ("stats",), raises(httpx.ConnectError("refused"))),
    (130, ("stats",), raises(KeyboardInterrupt())),
)


@pytest.mark.parametrize(("code", "arguments", "handler"), CASES)
def test_an_end_has_its_exit_code(
    code: int, arguments: tuple[str, ...], handler: Handler, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments, SessionWith(None, None, handler))
    assert ended.value.code == code
    told = capsys.readouterr()
    assert bool(told.err) is (code != 0)
    assert not (code and told.out)


def test_a_question_that_is_not_answered_with_yes_ends_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(("delete", "id-1", "--permanent"), SessionWith(None, None, answers(204)))
    assert ended.value.code == 1
    assert "for good?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("filters.created_from", "--added-from"),
        ("attributes.colours[1]", "--colour"),
        ("limit", "limit"),
    ],
)
def test_a_refused_field_is_called_by_its_option(
    field: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = answers(400, type="x", detail=f"{field}: must be a day", field=field)
    with pytest.raises(SystemExit):
        main(("list", "--source", "user"), SessionWith(None, None, refusal))
    assert capsys.readouterr().err == f"✗ {option}: must be a day\n"


def test_a_file_that_cannot_be_written_is_named_in_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    arguments = ("download", "id-1", "--into", str(tmp_path / "file" / "folder"))
    found = answers(200, id="id-1", name="a.jpg", state="pending")
    with pytest.raises(SystemExit) as ended:
        main(arguments, SessionWith(None, None, found))
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"✗ {tmp_path / 'file' / 'folder'}: Not a directory\n"


def test_the_documented_codes_are_those() -> None:
    rows = re.findall(r"^\| `(\d+)` \|", DOCUMENTED, re.MULTILINE)
    assert sorted(map(int, rows)) == sorted({code for code, _, _ in CASES})
