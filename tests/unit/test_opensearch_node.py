"""What a local OpenSearch node needs of the machine."""

from pathlib import Path

import pytest

from local.opensearch import lacking


def program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert lacking() == "OpenSearch needs java and mvn on the PATH"
    program(tmp_path, "java")
    assert lacking() == "OpenSearch needs mvn on the PATH"
    program(tmp_path, "mvn")
    assert lacking() is None


def test_the_java_of_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    program(tmp_path / "path", "java")
    program(tmp_path / "path", "mvn")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert lacking() == "OpenSearch needs java on the PATH, or another JAVA_HOME"
    program(tmp_path / "home" / "bin", "java")
    assert lacking() is None
