"""Lays a node's home out, once a machine: Maven fetches, this arranges."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET  # nosec B405

from local.errors import LocalError
from local.opensearch.parts import MODULES, SERVER, VERSION, Coordinates

PLUGIN = ("org.apache.maven.plugins", "maven-dependency-plugin", "3.8.1")


def cache() -> Path:
    """Return the folder that nodes are made in and run from.

    A node refuses to run as root and could not read root's own folders as somebody else.
    """
    if os.geteuid() == 0:
        return Path("/var/cache/image-repo")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "image-repo"


def assembled(plugins: Sequence[Coordinates]) -> Path:
    """Return the home of a node with plugins, made first where there is none.

    Raises
    ------
    LocalError
        Maven could not fetch what it is made of.
    """
    home = cache() / f"opensearch-{VERSION}-{_fingerprint(plugins)}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with _alone(home.with_name(f"{home.name}.lock")):
        if not home.is_dir():
            half = home.with_name(f"{home.name}.half")
            shutil.rmtree(half, ignore_errors=True)
            # The server makes these itself where it may write; here it may only read.
            for folder in ("bin", "extensions"):
                (half / folder).mkdir(parents=True)
            _fetch(half, plugins)
            _describe(half)
            half.rename(home)
    return home


def pom(home: Path, plugins: Sequence[Coordinates]) -> bytes:
    """Return the Maven project that copies every archive to its place under ``home``."""
    project = ET.Element("project", xmlns="http://maven.apache.org/POM/4.0.0")
    _texts(project, {"modelVersion": "4.0.0", "packaging": "pom"})
    _coordinates(project, ("local", "opensearch-node", VERSION))
    dependencies = ET.SubElement(project, "dependencies")
    for archive in SERVER:
        _coordinates(ET.SubElement(dependencies, "dependency"), archive)
    build = ET.SubElement(ET.SubElement(project, "build"), "plugins")
    copying = ET.SubElement(build, "plugin")
    _coordinates(copying, PLUGIN)
    executions = ET.SubElement(copying, "executions")
    server = _execution(executions, "copy-dependencies")
    _texts(server, {"outputDirectory": str(home / "lib"), "includeScope": "runtime"})
    items = ET.SubElement(_execution(executions, "copy"), "artifactItems")
    for module in MODULES:
        for archive in module.archives:
            _item(items, archive, home / "modules" / module.name)
    items = ET.SubElement(_execution(executions, "unpack"), "artifactItems")
    for plugin in plugins:
        _texts(_item(items, plugin, home / "plugins" / plugin[1]), {"type": "zip"})
    written: bytes = ET.tostring(project)
    return written


def _item(items: ET.Element, archive: Coordinates, folder: Path) -> ET.Element:
    item = ET.SubElement(items, "artifactItem")
    _coordinates(item, archive)
    _texts(item, {"outputDirectory": str(folder)})
    return item


def _execution(executions: ET.Element, goal: str) -> ET.Element:
    execution = ET.SubElement(executions, "execution")
    _texts(execution, {"id": goal, "phase": "package"})
    _texts(ET.SubElement(execution, "goals"), {"goal": goal})
    return ET.SubElement(execution, "configuration")


def _coordinates(parent: ET.Element, archive: Coordinates) -> None:
    _texts(parent, dict(zip(("groupId", "artifactId", "version"), archive, strict=True)))


def _texts(parent: ET.Element, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _fetch(home: Path, plugins: Sequence[Coordinates]) -> None:
    project = home / "pom.xml"
    project.write_bytes(pom(home, plugins))
    ran = subprocess.run(
        ["mvn", "-B", "-q", "-ntp", "-f", str(project), "package"],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise LocalError(
            f"Maven could not fetch OpenSearch:\n{ran.stdout[-1500:]}",
            "is the network up? SEARCH=embedded needs none of it",
        )


def _describe(home: Path) -> None:
    for module in MODULES:
        folder = home / "modules" / module.name
        (folder / "plugin-descriptor.properties").write_text(module.descriptor)
        if module.policy:
            (folder / "plugin-security.policy").write_text(module.policy)


def _fingerprint(plugins: Sequence[Coordinates]) -> str:
    """Return what changes when another node would come out."""
    parts = repr((SERVER, *plugins, MODULES, [(m.descriptor, m.policy) for m in MODULES]))
    return hashlib.sha256(parts.encode()).hexdigest()[:8]


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one program at a time make the home; the others then find it made."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
