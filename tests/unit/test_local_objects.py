"""Objects on this machine's disk: torn by a kill, or set aside while a stack is made."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from local.layout import ACCOUNT, BUCKET, Layout
from local.objects import bring_back, mend, set_aside

FIRST, SECOND = b"the first photograph", b"the second"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.make()
    return layout


def put(layout: Layout, body: bytes, version: str) -> Path:
    """Lay an object out as the emulator does, bytes first."""
    path = layout.objects / ACCOUNT / BUCKET / "uploads" / "tree.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    meta = path.with_name("tree.jpg.meta.json")
    meta.write_text(json.dumps({"etag": etag, "version_id": version, "size": len(body)}))
    return path


def keep_version(layout: Layout, body: bytes, version: str) -> None:
    path = layout.objects / ".versions" / ACCOUNT / BUCKET / version / "uploads" / "tree.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(body)


def overwrite_bytes_alone(path: Path) -> None:
    path.write_bytes(SECOND)
    later = path.with_name("tree.jpg.meta.json").stat().st_mtime + 1
    os.utime(path, (later, later))


@pytest.mark.fault(27)
def test_a_kill_between_bytes_and_description_leaves_the_version_that_was_answered_for(
    layout: Layout,
) -> None:
    path = put(layout, FIRST, "1")
    keep_version(layout, FIRST, "1")
    overwrite_bytes_alone(path)
    assert mend(layout.objects) == 1
    assert path.read_bytes() == FIRST
    assert mend(layout.objects) == 0


def test_a_whole_object_is_left_alone_whenever_it_was_touched(layout: Layout) -> None:
    path = put(layout, FIRST, "1")
    keep_version(layout, b"other bytes", "1")
    later = path.stat().st_mtime + 60
    os.utime(path, (later, later))
    assert mend(layout.objects) == 0
    assert path.read_bytes() == FIRST


def test_what_no_version_has_is_left_as_it_is(layout: Layout) -> None:
    path = put(layout, FIRST, "1")
    overwrite_bytes_alone(path)
    assert mend(layout.objects) == 0
    assert path.read_bytes() == SECOND


def test_a_bucket_set_aside_comes_back_with_its_versions_and_what_came_meanwhile(
    layout: Layout,
) -> None:
    path = put(layout, FIRST, "1")
    keep_version(layout, b"before", "0")
    set_aside(layout)
    assert not (layout.objects / ACCOUNT / BUCKET).exists()
    new = path.with_name("new.jpg")
    new.parent.mkdir(parents=True)
    new.write_bytes(SECOND)
    bring_back(layout)
    assert path.read_bytes() == FIRST
    assert new.read_bytes() == SECOND
    assert not layout.aside.exists()
    version = layout.objects / ".versions" / ACCOUNT / BUCKET / "0" / "uploads" / "tree.jpg"
    assert version.read_bytes() == b"before"


def test_a_bucket_set_aside_twice_loses_nothing(layout: Layout) -> None:
    path = put(layout, FIRST, "1")
    set_aside(layout)
    path.parent.mkdir(parents=True)
    path.with_name("half.jpg").write_bytes(SECOND)
    set_aside(layout)
    bring_back(layout)
    assert path.read_bytes() == FIRST
    assert path.with_name("half.jpg").read_bytes() == SECOND
