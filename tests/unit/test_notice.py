"""Licences of what ships: said, in step with the locks, and none that binds who deploys it."""

from pathlib import Path

import pytest

from infra import notice

ROOT = Path(__file__).parents[2]


def test_the_notice_is_that_of_the_locks() -> None:
    told = (ROOT / "NOTICE").read_text()
    assert told == "\n".join(notice.lines()) + "\n", "run: python -m infra.notice > NOTICE"


@pytest.mark.parametrize("lock", notice.SHIPPED)
def test_no_shipped_package_is_under_the_gpl_but_pi_heifs_separate_libraries(lock: str) -> None:
    bound = {name for name in notice.locked(lock) if "General Public" in notice.licence(name)}
    bound |= {name for name in notice.locked(lock) if "GPL" in notice.licence(name)}
    assert bound <= {"pi-heif"}
    assert not [name for name in notice.locked(lock) if not notice.licence(name)]
