"""Lays a node's home out, once a machine: Maven fetches what ``pom.xml`` names, this arranges.

The modules' archives lack the descriptors and policies that the whole distribution ships beside
them.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.errors import LocalError
from local.processes import alone

POM = Path(__file__).with_name("pom.xml")
VERSION = "2.19.1"

# Parts of the server with a class loader of their own, and the class that is loaded.
MODULES: Mapping[str, str] = {
    "transport-netty4": "org.opensearch.transport.Netty4Plugin",
    "analysis-common": "org.opensearch.analysis.common.CommonAnalysisPlugin",
    "lang-painless": "org.opensearch.painless.PainlessPlugin",
}
DESCRIPTOR = """\
name={name}
description={name}
version={version}
opensearch.version={version}
java.version=11
classname={entry}
extended.plugins=
has.native.controller=false
"""
# What Java's security manager must let a module do beyond the server's own rights.
POLICIES: Mapping[str, str] = {
    "transport-netty4": """\
grant {
  permission java.io.FilePermission "/proc/sys/net/core/somaxconn", "read";
  permission java.net.SocketPermission "*", "accept,connect";
  permission java.lang.RuntimePermission "setContextClassLoader";
  permission java.lang.RuntimePermission "getClassLoader";
  permission java.util.PropertyPermission "sun.nio.ch.bugLevel", "write";
};
""",
    "lang-painless": """\
grant {
  permission java.lang.RuntimePermission "createClassLoader";
  permission java.lang.RuntimePermission "getClassLoader";
};
""",
}


def cache() -> Path:
    """Return the folder that nodes are made in and run from.

    A node refuses to run as root and could not read root's own folders as somebody else.
    """
    if os.geteuid() == 0:
        return Path("/var/cache/image-repo")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "image-repo"


def assembled(plugins: Sequence[str]) -> Path:
    """Return the home of a node with plugins beside k-NN, made first where there is none.

    Raises
    ------
    LocalError
        Maven could not fetch what it is made of.
    """
    parts = repr((POM.read_text(), VERSION, MODULES, DESCRIPTOR, POLICIES, plugins))
    fingerprint = hashlib.sha256(parts.encode()).hexdigest()[:8]
    home = cache() / f"opensearch-{VERSION}-{fingerprint}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with alone(home.with_name(f"{home.name}.lock")):
        if not home.is_dir():
            half = home.with_name(f"{home.name}.half")
            shutil.rmtree(half, ignore_errors=True)
            # The server makes these itself where it may write; here it may only read.
            for folder in ("bin", "extensions"):
                (half / folder).mkdir(parents=True)
            _fetch(half, plugins)
            _describe(half / "modules")
            half.rename(home)
    return home


def _fetch(home: Path, plugins: Sequence[str]) -> None:
    profiles = [f"-P{','.join(plugins)}"] if plugins else []
    values = (f"-Dhome={home}", f"-Dopensearch={VERSION}")
    ran = subprocess.run(
        ["mvn", "-B", "-q", "-ntp", "-f", str(POM), *profiles, *values, "package"],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise LocalError(
            f"Maven could not fetch OpenSearch:\n{ran.stdout[-1500:]}",
            "is the network up? SEARCH=embedded needs none of it",
        )


def _describe(modules: Path) -> None:
    for name, entry in MODULES.items():
        descriptor = DESCRIPTOR.format(name=name, version=VERSION, entry=entry)
        (modules / name / "plugin-descriptor.properties").write_text(descriptor)
        if name in POLICIES:
            (modules / name / "plugin-security.policy").write_text(POLICIES[name])
