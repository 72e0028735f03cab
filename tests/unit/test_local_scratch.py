"""What the emulator unpacked is gone when it is stopped, also where it never ran."""

from pathlib import Path

from local.emulator import Emulator
from local.layout import Layout
from local.processes import until


def test_what_was_unpacked_is_removed_with_what_an_earlier_removal_left(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for folder in (layout.scratch / "function", layout.discarded / "1"):
        folder.mkdir(parents=True)
        (folder / "code.zip").write_bytes(b"zip")
    Emulator(layout, 4566).stop()
    assert not layout.scratch.exists()
    assert until(lambda: not layout.discarded.exists(), 30)


def test_an_emulator_that_never_ran_can_be_stopped(tmp_path: Path) -> None:
    Emulator(Layout(tmp_path / "nowhere"), 4566).stop()
    assert not (tmp_path / "nowhere").exists()
