"""Which repository a command means."""

import json
import stat
from pathlib import Path

import pytest

from image_repo.config import connection, log_in
from image_repo.errors import CommandError


def stack(folder: Path) -> None:
    (folder / ".local").mkdir()
    told = {"api_url": "http://local", "token": "imr_local"}
    (folder / ".local" / "stack.json").write_text(json.dumps(told))


def test_what_is_said_beats_the_environment_and_that_a_file(tmp_path: Path) -> None:
    stack(tmp_path)
    environment = {"IMAGE_REPO_URL": "http://env", "IMAGE_REPO_TOKEN": "imr_env"}
    assert connection("http://said", "imr_said", environment, tmp_path).url == "http://said"
    assert connection(None, None, environment, tmp_path).token == "imr_env"
    assert connection(None, None, {}, tmp_path).token == "imr_local"


def test_the_local_stack_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    stack(tmp_path)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert connection(None, None, {}, below).url == "http://local"


def test_a_login_is_remembered_for_its_owner_alone(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    path = log_in("http://far", "imr_far", environment)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert connection(None, None, environment, tmp_path).url == "http://far"


def test_without_any_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="make demo"):
        connection(None, None, {"HOME": str(tmp_path)}, tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    stack(tmp_path)
    (tmp_path / ".local" / "stack.json").write_text("{")
    with pytest.raises(CommandError, match=r"stack\.json"):
        connection(None, None, {}, tmp_path)


def test_a_file_that_lacks_what_it_should_say_is_named(tmp_path: Path) -> None:
    stack(tmp_path)
    (tmp_path / ".local" / "stack.json").write_text('{"token": "imr_x"}')
    with pytest.raises(CommandError, match=r"stack\.json does not say 'api_url'"):
        connection(None, None, {}, tmp_path)


KEPT = "https://api.example:8443/stage"


@pytest.mark.parametrize("address", [KEPT, "https://API.example:8443/other/", KEPT + "/"])
def test_a_kept_token_is_sent_to_its_own_host(address: str, tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    log_in(KEPT, "imr_kept", environment)
    assert connection(address, None, environment, tmp_path).token == "imr_kept"
    assert (
        connection(None, None, {**environment, "IMAGE_REPO_URL": address}, tmp_path).url == address
    )


ELSEWHERE = [
    "https://evil.example:8443/stage",
    "https://api.example/stage",
    "http://api.example:8443/stage",
    "https://api.example:8443@evil.example/stage",
    "https://api.example.evil.example:8443/stage",
]


@pytest.mark.fault(42)
@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_kept_token_is_sent_to_no_other_host(address: str, tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    log_in(KEPT, "imr_kept", environment)
    with pytest.raises(CommandError, match="no token is kept for"):
        connection(address, None, environment, tmp_path)
    with pytest.raises(CommandError, match="no token is kept for"):
        connection(None, None, {**environment, "IMAGE_REPO_URL": address}, tmp_path)
    assert connection(address, "imr_said", environment, tmp_path).token == "imr_said"


@pytest.mark.parametrize("address", ELSEWHERE)
def test_the_environments_token_is_sent_to_no_host_but_the_environments(
    address: str, tmp_path: Path
) -> None:
    environment = {"IMAGE_REPO_URL": KEPT, "IMAGE_REPO_TOKEN": "imr_env", "HOME": str(tmp_path)}
    with pytest.raises(CommandError, match="no token is kept for"):
        connection(address, None, environment, tmp_path)
    del environment["IMAGE_REPO_URL"]
    assert connection(address, None, environment, tmp_path).token == "imr_env"


def test_a_token_is_looked_for_further_until_one_is_for_the_host(tmp_path: Path) -> None:
    stack(tmp_path)
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    log_in(KEPT, "imr_kept", environment)
    assert connection(KEPT, None, environment, tmp_path).token == "imr_kept"
    assert connection("http://local", None, environment, tmp_path).token == "imr_local"


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    stack(tmp_path)
    with pytest.raises(CommandError, match="is no address"):
        connection("http://local:port", None, {}, tmp_path)
