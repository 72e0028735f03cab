"""One OpenSearch node as a background process of this machine."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local.errors import LocalError
from local.layout import Layout
from local.opensearch.assembling import assembled, cache
from local.processes import HOST, Process, any_free, checked

NOBODY = 65_534
START_SECONDS = 180
STOP_SECONDS = 30
# A quarter of the heap may be indexing, the rest serves searches; Lucene reads through the page
# cache, which is not counted here.
HEAP = "512m"

_SETTINGS = """\
cluster.name: image-repo-local
node.name: only
network.host: {host}
http.port: {http}
transport.port: {transport}
discovery.type: single-node
path.data: {data}
path.logs: {data}/logs
indices.memory.index_buffer_size: 25%
cluster.routing.allocation.disk.threshold_enabled: false
search.concurrent_segment_search.mode: all
"""
_END_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
# As the distribution's own start script gives them, where this node needs them.
_FLAGS = (
    "-XX:+UseG1GC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Xss1m",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Djna.nosys=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.allocator.numDirectArenas=0",
    "-Dlog4j2.disable.jmx=true",
    "-Dlog4j.shutdownHookEnabled=false",  # it and the node's own would wait for each other
    "-Djava.security.manager=allow",
    "-Djava.locale.providers=SPI,COMPAT",
    "--add-modules=jdk.incubator.vector",
    "-Dopensearch.distribution.type=tar",
    "-Dopensearch.bundled_jdk=false",
)


def lacking() -> str | None:
    """Return what a node needs and this machine has not; None where it has everything."""
    needed = {"java": _java(), "mvn": shutil.which("mvn")}
    missing = [name for name, at in needed.items() if at is None]
    if not missing:
        return None
    other = ", or another JAVA_HOME" if "java" in missing and os.environ.get("JAVA_HOME") else ""
    return f"OpenSearch needs {' and '.join(missing)} on the PATH{other}"


def data_folder(home: Path) -> Path:
    """Return where a stack's node keeps its data: in the stack's folder, root's elsewhere."""
    if os.geteuid() != 0:
        return home / "opensearch"
    return cache() / f"data-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class OpenSearchNode:
    """A node whose data lies in a folder of its own.

    Attributes
    ----------
    layout
        Where its pid file and its log lie.
    data
        What it keeps. Root's node runs as nobody, whom the folder is given to: it must lie where
        others may go.
    heap
        As Java's ``-Xmx`` takes it.
    mortal
        Whether it ends with the program that started it, however that ends.
    plugins
        Beside k-NN: profiles of ``pom.xml``.
    """

    layout: Layout
    data: Path
    heap: str = HEAP
    mortal: bool = False
    plugins: tuple[str, ...] = ()

    @classmethod
    def passing(cls, folder: Path, heap: str = HEAP, plugins: tuple[str, ...] = ()) -> Self:
        """Return a node, not started yet, that ends with this program; all of it in a folder."""
        folder.chmod(0o755)
        layout = Layout(folder / "layout")
        layout.make()
        return cls(layout, folder / "data", heap, mortal=True, plugins=plugins)

    @property
    def process(self) -> Process:
        """The process behind it."""
        return Process(self.layout, "opensearch")

    def start(self, port: int | None = None) -> str:
        """Start it, wait until it answers and return where.

        Raises
        ------
        LocalError
            Java or Maven is missing, the port is taken, or it does not come up.
        """
        if self.process.running:
            return self.process.facts["url"]
        missing = lacking()
        if missing:
            raise LocalError(missing, "install a Java runtime 17 and Maven, or say SEARCH=embedded")
        home = assembled(self.plugins)
        port = any_free() if port is None else checked(port)
        self._configure(port)
        url = f"http://{HOST}:{port}"
        kept = ("PATH", "JAVA_HOME", "LANG")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.process.start(self._command(home), environment, {"url": url}, user=_user())
        try:
            # It answers 408 until the shards are there.
            health = f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s"
            self.process.wait("OpenSearch", health, START_SECONDS)
        except LocalError:
            self.stop()
            raise
        return url

    def stop(self) -> None:
        """Stop it and keep its data."""
        self.process.stop(STOP_SECONDS)

    def kill(self) -> None:
        """End it without a warning."""
        self.process.kill()

    def _configure(self, port: int) -> None:
        configuration = self.data / "config"
        for folder in (configuration, self.data / "tmp", self.data / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        settings = _SETTINGS.format(host=HOST, http=port, transport=any_free(), data=self.data)
        (configuration / "opensearch.yml").write_text(settings)
        logging = Path(__file__).with_name("log4j2.properties")
        shutil.copyfile(logging, configuration / logging.name)
        user = _user()
        if user is not None:
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, user, user)

    def _command(self, home: Path) -> list[str]:
        temporary = self.data / "tmp"
        return [
            *(_END_WITH_PARENT if self.mortal and shutil.which("setpriv") else ()),
            _java() or "java",
            f"-Xms{self.heap}",
            f"-Xmx{self.heap}",
            *_FLAGS,
            f"-Djava.io.tmpdir={temporary}",
            f"-Djna.tmpdir={temporary}",
            f"-Dopensearch.path.home={home}",
            f"-Dopensearch.path.conf={self.data / 'config'}",
            "-cp",
            f"{home}/lib/*",
            "org.opensearch.bootstrap.OpenSearch",
        ]


def _java() -> str | None:
    """Return the program of ``JAVA_HOME``, where that is said, or else the PATH's."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which(str(Path(home, "bin", "java")) if home else "java")


def _user() -> int | None:
    return NOBODY if os.geteuid() == 0 else None
