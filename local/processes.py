"""Starting processes that outlive this one, finding them again and stopping them; their ports."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import LocalError
from local.layout import ROOT, Layout, read_json, write_json

HOST = "127.0.0.1"
KILL_SECONDS = 5


def any_free() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def checked(port: int) -> int:
    """Return ``port`` if nothing listens on it.

    Raises
    ------
    LocalError
        Something does, or it may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as refused:
            if refused.errno != errno.EADDRINUSE:
                raise LocalError(
                    f"port {port} of {HOST} cannot be used: {refused.strerror}",
                    "choose another port from 1024 on: PORT=4600",
                ) from refused
            raise LocalError(
                f"port {port} of {HOST} is in use by another program",
                f"stop that program ('ss -ltnp sport = :{port}' names it), or choose another "
                "port: PORT=4600",
            ) from refused
    return port


def listens(port: int) -> bool:
    """Tell whether something takes connections on a port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def until(true: Callable[[], bool], seconds: float, poll: float = 0.1) -> bool:
    """Wait until something is true; tell whether it was within some seconds."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(poll)
    return True


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one program at a time make what is locked by a file; the others then find it made."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove_meanwhile(folder: Path) -> None:
    """Remove a folder without waiting for it; what is left of it goes the next time."""
    removing = subprocess.Popen(
        ["rm", "-rf", "--", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    removing.returncode = 0  # it outlives this program, which Popen would warn of


@dataclass(frozen=True, slots=True)
class Process:
    """One background process of the local stack, known by its name.

    Attributes
    ----------
    layout
        Where its pid file and its log lie.
    name
        Of both.
    """

    layout: Layout
    name: str

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.layout.logs / f"{self.name}.log"

    @property
    def running(self) -> bool:
        """True while the very process that was started lives."""
        noted = self._noted()
        born = noted.get("birth")  # None where it ended before that could be noted
        return born is not None and _birth(noted["pid"]) == born

    @property
    def facts(self) -> dict[str, str]:
        """What was noted at its start."""
        return dict(self._noted().get("facts", {}))

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        facts: Mapping[str, str],
        user: int | None = None,
    ) -> None:
        """Start it in a session of its own, its output going to its log.

        Parameters
        ----------
        facts
            To be noted beside its pid.
        user
            Who it runs as, which only root may choose; None for whoever starts it.
        """
        with self.log.open("ab") as log:
            started = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        started.returncode = 0  # it outlives this program, which Popen would warn of
        birth = _birth(started.pid)
        write_json(self._file, {"pid": started.pid, "birth": birth, "facts": dict(facts)})

    def stop(self, patience: float) -> None:
        """Ask it to end, and end it after ``patience`` seconds, with all that it started."""
        noted = self._noted() if self.running else {}
        self._end(signal.SIGTERM, patience)
        if noted:
            _signal_group(noted["pid"], signal.SIGKILL)
        until(lambda: not self.running, KILL_SECONDS)
        self._file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it without a warning, with all that it started."""
        self._end(signal.SIGKILL, KILL_SECONDS)

    def wait(self, what: str, url: str, seconds: float, remedy: str = "") -> None:
        """Wait until it answers ``GET url`` with success.

        Raises
        ------
        LocalError
            It ended, or does not answer within ``seconds``.
        """
        in_time = until(lambda: not self.running or _answers(url), seconds)
        if not (in_time and self.running):
            happened = f"did not answer within {seconds} s" if self.running else "ended at once"
            words = f"{what} {happened}:\n{self.last_words()}"
            raise LocalError(words, f"read {self.log}{remedy}")

    def last_words(self) -> str:
        """Return the end of its log."""
        with suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
        return ""

    @property
    def _file(self) -> Path:
        return self.layout.processes / f"{self.name}.pid"

    def _noted(self) -> dict[str, Any]:
        return read_json(self._file)

    def _end(self, number: signal.Signals, patience: float) -> None:
        if self.running:
            _signal_group(self._noted()["pid"], number)
            until(lambda: not self.running, patience, poll=0.05)


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a process that leads a session, and those that it started, while one of them lives."""
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3):  # noqa: S310  # nosec B310
            return True
    except OSError:  # refused, cut off, or a status that is none of success
        return False


def _birth(pid: int) -> str | None:
    """Return when a process started, so that a pid given to another is not mistaken for it."""
    if not Path("/proc/self").exists():
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        return answer.stdout.strip() or None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]
