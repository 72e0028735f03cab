"""What a node is made of: the server's class path, its modules and the k-NN plugin.

Only what this project asks of it: HTTP, analyzers, the scripting that k-NN extends, and k-NN. The
modules' archives lack the descriptors and policies that the whole distribution ships beside them.
"""

from dataclasses import dataclass

VERSION = "2.19.1"
_NETTY = "4.1.118.Final"
_ASM = "9.7"

Coordinates = tuple[str, str, str]
"""Group, artifact, version."""

# Maven finds what these need in turn.
SERVER = (
    ("org.opensearch", "opensearch", VERSION),
    ("org.opensearch", "opensearch-plugin-classloader", VERSION),
    ("org.apache.logging.log4j", "log4j-core", "2.21.0"),
)
KNN = ("org.opensearch.plugin", "opensearch-knn", f"{VERSION}.0")


@dataclass(frozen=True, slots=True)
class Module:
    """A part of the server with a class loader of its own.

    Attributes
    ----------
    name
        Of its folder.
    entry
        The class that is loaded.
    archives
        Group, artifact, version of everything in its folder.
    permissions
        What Java's security manager must let it do beyond the server's own rights.
    """

    name: str
    entry: str
    archives: tuple[Coordinates, ...]
    permissions: tuple[str, ...] = ()

    @property
    def descriptor(self) -> str:
        """The content of its ``plugin-descriptor.properties``."""
        values = {
            "name": self.name,
            "description": self.name,
            "version": VERSION,
            "opensearch.version": VERSION,
            "java.version": "11",
            "classname": self.entry,
            "extended.plugins": "",
            "has.native.controller": "false",
        }
        return "".join(f"{key}={value}\n" for key, value in values.items())

    @property
    def policy(self) -> str:
        """The content of its ``plugin-security.policy``; empty where it needs none."""
        if not self.permissions:
            return ""
        lines = "".join(f"  permission {permission};\n" for permission in self.permissions)
        return f"grant {{\n{lines}}};\n"


def _netty(*names: str) -> tuple[Coordinates, ...]:
    return tuple(("io.netty", f"netty-{name}", _NETTY) for name in names)


MODULES = (
    Module(
        "transport-netty4",
        "org.opensearch.transport.Netty4Plugin",
        (
            ("org.opensearch.plugin", "transport-netty4-client", VERSION),
            *_netty("buffer", "codec", "codec-http", "codec-http2", "common", "handler"),
            *_netty("resolver", "transport", "transport-native-unix-common"),
        ),
        (
            'java.io.FilePermission "/proc/sys/net/core/somaxconn", "read"',
            'java.net.SocketPermission "*", "accept,connect"',
            'java.lang.RuntimePermission "setContextClassLoader"',
            'java.lang.RuntimePermission "getClassLoader"',
            'java.util.PropertyPermission "sun.nio.ch.bugLevel", "write"',
        ),
    ),
    Module(
        "analysis-common",
        "org.opensearch.analysis.common.CommonAnalysisPlugin",
        (("org.opensearch.plugin", "analysis-common", VERSION),),
    ),
    Module(
        "lang-painless",
        "org.opensearch.painless.PainlessPlugin",
        (
            ("org.opensearch.plugin", "lang-painless", VERSION),
            ("org.opensearch.plugin", "opensearch-scripting-painless-spi", VERSION),
            ("org.antlr", "antlr4-runtime", "4.13.1"),
            *(("org.ow2.asm", name, _ASM) for name in ("asm", "asm-util", "asm-tree")),
            *(("org.ow2.asm", name, _ASM) for name in ("asm-commons", "asm-analysis")),
        ),
        (
            'java.lang.RuntimePermission "createClassLoader"',
            'java.lang.RuntimePermission "getClassLoader"',
        ),
    ),
)
